"""Whole exported logs, or a run of entries: the root is derived from nothing and compared with what was signed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verifier.archive import Read, reading
from verifier.checkpoint import Head, Trust
from verifier.faults import NotProved, Unreadable
from verifier.tree import HASH_BYTES, GrowingTree, folded, leaf_hash

TYPE = "gateway-audit-export/1"
WIDTH, HEIGHT = 256, 8
"""Hashes in a full tile, and the levels of the tree in it."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log, or a part of one, that holds."""

    head: Head
    first: int
    last: int
    """The entries that were there, ``last`` not included; the rest is known by hashes only."""
    tiles: int
    """Tiles that were compared with the entries."""
    anchors: int


def check_log(place: Path, trust: Trust, anchors: Sequence[str] = ()) -> Log:
    """``place`` is a file of ``gateway audit export`` or a directory with a copy of a published log. ``anchors`` are
    checkpoints that were kept outside: they show a log that was rewritten and signed again. Raises Unreadable and
    NotProved."""
    read = reading(place)
    note = read("checkpoint")
    if note is None:
        raise Unreadable("there is no checkpoint")
    head = trust.open(_text(note))
    first, last = _extent(read("export.json"), head)
    kept = sorted((_anchor(anchor, head, first, trust) for anchor in anchors), key=lambda one: one.size)
    walk = _Walk(read, head.size, list(kept))
    walk.through(first, last)
    if walk.tree.root() != head.root:
        raise NotProved("the entries do not give the root that was signed")
    return Log(head, first, last, walk.compare(), len(kept))


def _text(note: bytes) -> str:
    try:
        return note.decode()
    except UnicodeDecodeError:
        raise Unreadable("the checkpoint is not text") from None


def _extent(about: bytes | None, head: Head) -> tuple[int, int]:
    """Which entries are there: all of them unless ``export.json`` says less."""
    if about is None:
        return 0, head.size
    try:
        document = json.loads(about)
        first, last = document["from"], document["to"]
        fits = document["type"] == TYPE and type(first) is int and type(last) is int
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable("export.json is malformed") from None
    whole = fits and 0 <= first < last <= head.size and first % WIDTH == 0 and (last % WIDTH == 0 or last == head.size)
    if not whole:
        raise Unreadable("export.json names entries that such a log cannot hold")
    return first, last


def _anchor(note: str, head: Head, first: int, trust: Trust) -> Head:
    anchor = Trust(trust.logs).open(note)
    if anchor.origin != head.origin:
        raise NotProved("a checkpoint that was kept outside is of another log")
    if anchor.size > head.size:
        raise NotProved("the log ends before a checkpoint that was kept outside: it was rolled back")
    if first and anchor.size != head.size:
        raise Unreadable("a checkpoint that was kept outside can be compared only with a log from its first entry on")
    return anchor


@dataclass(slots=True)
class _Walk:
    """From the left edge of the tree to the right one."""

    read: Read
    size: int
    anchors: list[Head]
    tree: GrowingTree = field(init=False)
    known: dict[int, dict[int, bytes]] = field(default_factory=lambda: defaultdict(dict))
    """Tile level above 0 -> place -> hash, as the entries give it."""
    compared: int = 0

    def __post_init__(self) -> None:
        self.tree = GrowingTree(self._merged)
        self._meet_anchors()

    def _merged(self, height: int, place: int, digest: bytes) -> None:
        if height and height % HEIGHT == 0:
            self.known[height // HEIGHT][place] = digest

    def through(self, first: int, last: int) -> None:
        self._skip(first)
        for index in range(first // WIDTH, -(-last // WIDTH)):
            self._bundle(index)
        self._skip(self.size)

    def _skip(self, stop: int) -> None:
        """Over entries that are not there, by the hashes of the largest subtrees that fit."""
        while self.tree.size < stop:
            start, left = self.tree.size, (stop - self.tree.size).bit_length() - 1
            height = min(left, (start & -start).bit_length() - 1) if start else left
            level, inside = divmod(height, HEIGHT)
            index, place = divmod(start >> (level * HEIGHT), WIDTH)
            hashes = self._tile(level, index)
            if hashes is None:
                raise Unreadable(f"{self._path(str(level), level, index)} is missing")
            self.tree.append(folded(hashes[place : place + (1 << inside)]), height)
            self._meet_anchors()

    def _bundle(self, index: int) -> None:
        path = self._path("entries", 0, index)
        content = self.read(path)
        if content is None:
            raise Unreadable(f"{path} is missing")
        leaves = list(_leaves(content, path))
        if len(leaves) != self._width(0, index):
            raise NotProved(f"{path} holds {len(leaves)} entries")
        hashes = [leaf_hash(leaf) for leaf in leaves]
        stored = self._tile(0, index)
        if stored is not None:
            self._same(stored, hashes, self._path("0", 0, index))
        for digest in hashes:
            self.tree.append(digest)
            self._meet_anchors()

    def _meet_anchors(self) -> None:
        while self.anchors and self.anchors[0].size == self.tree.size:
            if self.anchors.pop(0).root != self.tree.root():
                raise NotProved("the log was rewritten: it does not hold a checkpoint that was kept outside")

    def compare(self) -> int:
        """Tiles above level 0 with what the entries gave; how many tiles were compared in all."""
        for level, hashes in self.known.items():
            for index in sorted({place // WIDTH for place in hashes}):
                stored = self._tile(level, index)
                if stored is not None:
                    mine = [hashes.get(index * WIDTH + place, digest) for place, digest in enumerate(stored)]
                    self._same(stored, mine, self._path(str(level), level, index))
        return self.compared

    def _same(self, stored: Sequence[bytes], mine: Sequence[bytes], path: str) -> None:
        self.compared += 1
        if list(stored) != list(mine):
            raise NotProved(f"{path} does not hold the hashes of the entries")

    def _width(self, level: int, index: int) -> int:
        return min(WIDTH, (self.size >> (level * HEIGHT)) - index * WIDTH)

    def _path(self, kind: str, level: int, index: int) -> str:
        digits = f"{index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
        width = self._width(level, index)
        partial = "" if width == WIDTH else f".p/{width}"
        return f"tile/{kind}/{'/'.join([*('x' + group for group in groups[:-1]), groups[-1]])}{partial}"

    def _tile(self, level: int, index: int) -> list[bytes] | None:
        path, width = self._path(str(level), level, index), self._width(level, index)
        content = self.read(path)
        if content is None:
            return None
        if len(content) != width * HASH_BYTES:
            raise NotProved(f"{path} has the wrong length")
        return [content[place : place + HASH_BYTES] for place in range(0, len(content), HASH_BYTES)]


def _leaves(content: bytes, path: str) -> Iterator[bytes]:
    """The entries of a bundle, each behind its length in 16 bits."""
    place = 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 2], "big")
        leaf = content[place + 2 : place + 2 + length]
        if len(content) < place + 2 or len(leaf) != length:
            raise Unreadable(f"{path} is cut off")
        yield leaf
        place += 2 + length
