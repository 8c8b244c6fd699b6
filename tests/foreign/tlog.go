// Checks proofs, tiles and checkpoints with golang.org/x/mod/sumdb, which neither the gateway nor its verifier uses.
// One JSON question a line on stdin, one answer a line on stdout: "ok", or why not.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Kind             string
	Index, Size, Old int64
	Leaf             string
	Root, OldRoot    string
	Path             []string
	Key, Note        string
	Folder           string
}

func hash(text string) (found tlog.Hash, err error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(data) != tlog.HashSize {
		err = errors.New("not a hash")
	}
	copy(found[:], data)
	return found, err
}

func hashes(texts []string) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(texts))
	for place, text := range texts {
		one, err := hash(text)
		if err != nil {
			return nil, err
		}
		found[place] = one
	}
	return found, nil
}

func inclusion(asked question) error {
	leaf, err := base64.StdEncoding.DecodeString(asked.Leaf)
	if err != nil {
		return err
	}
	root, err := hash(asked.Root)
	if err != nil {
		return err
	}
	path, err := hashes(asked.Path)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, asked.Size, root, asked.Index, tlog.RecordHash(leaf))
}

func consistency(asked question) error {
	before, err := hash(asked.OldRoot)
	if err != nil {
		return err
	}
	after, err := hash(asked.Root)
	if err != nil {
		return err
	}
	path, err := hashes(asked.Path)
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, asked.Size, after, asked.Old, before)
}

func signed(asked question) error {
	key, err := note.NewVerifier(asked.Key)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(asked.Note), note.VerifierList(key))
	return err
}

// published gives a file of a copy of a log as it is published. Go puts the height into the path of a tile.
func published(folder string, tile tlog.Tile, level string) ([]byte, error) {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/%d/", tile.H, tile.L))
	return os.ReadFile(filepath.Join(folder, "tile", level, path))
}

// entries are the leaves of a bundle, each behind its length in two bytes.
func entries(bundle []byte) (found [][]byte, err error) {
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, errors.New("a bundle is cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		found, bundle = append(found, bundle[2:end]), bundle[end:]
	}
	return found, nil
}

// widest are the tiles of a log of this size, each at its present width.
func widest(size int64) (found []tlog.Tile) {
	for level := 0; size>>(8*level) > 0; level++ {
		count := size >> (8 * level)
		for number := int64(0); number*256 < count; number++ {
			width := count - number*256
			if width > 256 {
				width = 256
			}
			found = append(found, tlog.Tile{H: 8, L: level, N: number, W: int(width)})
		}
	}
	return found
}

// tiles derives the log anew from its entries and compares every tile and the root.
func tiles(asked question) error {
	root, err := hash(asked.Root)
	if err != nil {
		return err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(wanted []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(wanted))
		for place, one := range wanted {
			found[place] = stored[one]
		}
		return found, nil
	})
	number := int64(0)
	every := widest(asked.Size)
	for _, tile := range every {
		if tile.L != 0 {
			continue
		}
		bundle, err := published(asked.Folder, tile, "entries")
		if err != nil {
			return err
		}
		leaves, err := entries(bundle)
		if err != nil {
			return err
		}
		for _, leaf := range leaves {
			more, err := tlog.StoredHashes(number, leaf, reader)
			if err != nil {
				return err
			}
			stored, number = append(stored, more...), number+1
		}
	}
	if number != asked.Size {
		return errors.New("another number of entries")
	}
	for _, tile := range every {
		derived, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return err
		}
		found, err := published(asked.Folder, tile, fmt.Sprint(tile.L))
		if err != nil {
			return err
		}
		if !bytes.Equal(derived, found) {
			return errors.New("a tile is another one")
		}
	}
	derived, err := tlog.TreeHash(asked.Size, reader)
	if err == nil && derived != root {
		err = errors.New("another root")
	}
	return err
}

var checks = map[string]func(question) error{
	"inclusion": inclusion, "consistency": consistency, "note": signed, "tiles": tiles,
}

func answer(line []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic")
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return err
	}
	check, known := checks[asked.Kind]
	if !known {
		return errors.New("unknown question")
	}
	return check(asked)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		if err := answer(lines.Bytes()); err != nil {
			fmt.Fprintln(out, strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Fprintln(out, "ok")
		}
	}
}
