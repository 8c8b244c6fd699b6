"""The whole log against its checkpoints and tiles, from the entries alone, entry by entry and in flat memory.

It shares no code with the side that writes: a stack of complete subtrees here, folded tiles there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.faults import FaultKind, LogFault, LogReport
from gateway.audit.note import VerifyKey
from gateway.audit.tiles import HEIGHT, TILE_BYTES, WIDTH
from gateway.audit.tree import EMPTY_ROOT, HASH_BYTES, bag, leaf_hash, node_hash
from gateway.core.errors import Tampered
from gateway.core.ports.audit_log import Checkpoint, Tile

MOST_FAULTS = 1_000
"""More are not collected: the log is broken and its first faults say where."""


@dataclass(frozen=True, slots=True)
class _Promise:
    """A root that the entries must give at one size."""

    size: int
    root: bytes
    outside: bool


class LogVerifier:
    """Feed every entry in order, compare the tiles that come out, finish, read the report.

        verifier = LogVerifier(checkpoints, keys)             # or more of them on the way: expect(checkpoints)
        for each row:   verifier.feed(number, leaf, stored_hash)
                        for tile in verifier.take_tiles(): verifier.compare(tile, the stored bytes or None)
        verifier.finish()                                     # then once more take_tiles and compare
        report = verifier.report()

    Roots at all checkpoint sizes come from one sequence of entries, so checkpoints that all hold are consistent with
    each other. ``anchors`` are checkpoints (notes) that somebody kept outside: they catch a log that was rolled back or
    rewritten and signed again.
    """

    def __init__(
        self, checkpoints: Iterable[Checkpoint], keys: Sequence[VerifyKey], anchors: Iterable[str] = ()
    ) -> None:
        self._keys = keys
        self._faults: list[LogFault] = []
        self._covered = self._count = 0
        self._promises = [self._anchor(note) for note in anchors]
        self._next = 0
        self._pruned = self._allowed = 0
        self._proved = 0
        self._peaks: list[tuple[int, bytes]] = []
        self._edges: list[bytearray] = []
        self._tiles: list[Tile] = []
        self._compared = 0
        self._whole = True
        self._roots_hold = True
        self.expect(checkpoints)

    def expect(self, checkpoints: Iterable[Checkpoint]) -> None:
        """More checkpoints, so that nobody has to hold all of a long log at once. Each comes before the entry after its
        last one."""
        for checkpoint in checkpoints:
            self._covered = max(self._covered, checkpoint.size)
            self._count += 1
            self._promises.append(self._promised(checkpoint))
        coming = [promise for promise in self._promises if promise.size >= self._next]
        self._promises = sorted(coming, key=lambda promise: promise.size, reverse=True)
        self._keep_promises()

    def feed(self, number: int, leaf: bytes, stored: bytes) -> None:
        """The next row: its number, its leaf bytes (``core.audit_entry.leaf``) and the leaf hash stored with it."""
        if number < self._next:
            self._fault(FaultKind.ORDER, number, number)
            return
        if number > self._next:
            self._fault(FaultKind.GAP, self._next, number - 1)
            self._whole = False
        digest = leaf_hash(leaf)
        if digest != stored:
            self._fault(FaultKind.LEAF, number, number)
        self._next = number + 1
        if self._whole:
            self._append(digest)
            self._keep_promises()

    def feed_pruned(self, hashes: bytes) -> None:
        """The next leaf hashes, of entries that were pruned, as the tiles of level 0 keep them; before any entry. What
        they are worth is what the checkpoints say of them."""
        for place in range(0, len(hashes), HASH_BYTES):
            self._next += 1
            self._pruned = self._next
            self._append(hashes[place : place + HASH_BYTES])
            self._keep_promises()

    def take_tiles(self) -> tuple[Tile, ...]:
        """Tiles that the entries gave since the last call: full ones on the way, partial ones after ``finish``."""
        tiles, self._tiles = tuple(self._tiles), []
        return tiles

    def compare(self, tile: Tile, stored: bytes | None) -> None:
        """Compare a tile from ``take_tiles`` with the stored one (None: there is none). A partial tile may have grown
        in the store since its entries were read: then its beginning counts."""
        self._compared += 1
        held = stored or b""
        if len(tile.hashes) < TILE_BYTES:
            held = held[: len(tile.hashes)]
        span: int = WIDTH**tile.level
        start = tile.index * WIDTH * span
        for first, last in _differences(tile.hashes, held):
            self._locate(tile.level, start + first * span, start + (last + 1) * span - 1)

    def allow(self, upto: int) -> None:
        """Some entry of the log says that those before ``upto`` were pruned."""
        self._allowed = max(self._allowed, upto)

    def stray(self, checkpoints: int) -> None:
        """So many stored checkpoints have a size that no log has: whatever they say, it is not their note's."""
        if checkpoints:
            self._count += checkpoints
            self._fault(FaultKind.NOTE, 0, max(self._next - 1, 0))

    def finish(self) -> None:
        """No more rows. Tells a cut-off end and entries that no checkpoint covers, and gives the partial tiles."""
        for promise in self._promises:
            if promise.size > self._next:
                kind = FaultKind.ROLLBACK if promise.outside else FaultKind.TRUNCATED
                self._fault(kind, self._next, promise.size - 1)
        if self._pruned > self._allowed:
            self._fault(FaultKind.GAP, self._allowed, self._pruned - 1)
        if self._next > self._covered:
            self._fault(FaultKind.UNCOVERED, self._covered, self._next - 1)
        self._promises = []
        if self._whole:
            for level, hashes in enumerate(self._edges):
                if hashes:
                    self._tiles.append(Tile(level, self._next // WIDTH ** (level + 1), bytes(hashes)))

    def report(self) -> LogReport:
        """The faults, closest located first."""
        faults = tuple(sorted(set(self._faults), key=lambda fault: (fault.width, fault.first, fault.kind)))
        root = self._root() if self._whole else None
        return LogReport(self._next, root, self._count, self._compared, faults)

    def _promised(self, checkpoint: Checkpoint) -> _Promise:
        place = max(checkpoint.size - 1, 0)
        try:
            head = open_checkpoint(checkpoint.note, self._keys)
        except Tampered:
            self._fault(FaultKind.NOTE, place, place)
        else:
            if (head.size, head.root) != (checkpoint.size, checkpoint.root):
                self._fault(FaultKind.NOTE, place, place)
        return _Promise(checkpoint.size, checkpoint.root, outside=False)

    def _anchor(self, note: str) -> _Promise:
        """Raises Tampered when a note that was kept outside is not signed by the log: then it says nothing."""
        head = open_checkpoint(note, self._keys)
        return _Promise(head.size, head.root, outside=True)

    def _append(self, digest: bytes) -> None:
        """Push a leaf hash and merge equal subtrees; every eighth level is a hash of a tile."""
        height = 0
        self._into_tile(0, digest)
        while self._peaks and self._peaks[-1][0] == height:
            digest = node_hash(self._peaks.pop()[1], digest)
            height += 1
            if height % HEIGHT == 0:
                self._into_tile(height // HEIGHT, digest)
        self._peaks.append((height, digest))

    def _into_tile(self, level: int, digest: bytes) -> None:
        if level == len(self._edges):
            self._edges.append(bytearray())
        hashes = self._edges[level]
        hashes += digest
        if len(hashes) == TILE_BYTES:
            self._tiles.append(Tile(level, (self._next - 1) // WIDTH ** (level + 1), bytes(hashes)))
            hashes.clear()

    def _keep_promises(self) -> None:
        """Compare the root with every checkpoint at the present size."""
        while self._promises and self._promises[-1].size == self._next and self._whole:
            promise = self._promises.pop()
            last = max(self._next - 1, 0)
            if promise.root == self._root():
                self._proved = self._next
            elif promise.outside:
                self._fault(FaultKind.REWRITTEN, 0, last)
            elif self._roots_hold:  # one wrong entry spoils every later root: only the first says where
                self._fault(FaultKind.ROOT, min(self._proved, last), last)
                self._roots_hold = False

    def _root(self) -> bytes:
        return bag([digest for _height, digest in self._peaks]) if self._peaks else EMPTY_ROOT

    def _locate(self, level: int, first: int, last: int) -> None:
        """A tile differs over these entries. Not said again when a lower fault inside them explains it."""
        inside = [
            fault
            for fault in self._faults
            if fault.kind in (FaultKind.TILE, FaultKind.LEAF) and first <= fault.first and fault.last <= last
        ]
        if not inside or (level == 0 and first != last):
            self._fault(FaultKind.TILE, first, last)

    def _fault(self, kind: FaultKind, first: int, last: int) -> None:
        if len(self._faults) < MOST_FAULTS:
            self._faults.append(LogFault(kind, first, last))


def _differences(computed: bytes, stored: bytes) -> Iterator[tuple[int, int]]:
    """Runs of places (first, last) whose hashes differ; what is missing or too much differs, too."""
    if computed == stored:
        return
    places = range(0, max(len(computed), len(stored)), HASH_BYTES)
    first: int | None = None
    for place in places:
        differs = computed[place : place + HASH_BYTES] != stored[place : place + HASH_BYTES]
        if differs and first is None:
            first = place // HASH_BYTES
        elif not differs and first is not None:
            yield first, place // HASH_BYTES - 1
            first = None
    if first is not None:
        yield first, places[-1] // HASH_BYTES
