"""Merkle trees as RFC 6962, section 2.1, defines them: roots out of leaves, out of proofs, and out of subtrees.

Written after the recursive definitions of the RFC, not after the gateway's code: the two must agree, not be alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from verifier.faults import NotProved

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of equal subtrees."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[place], level[place + 1]) for place in range(0, len(level), 2)]
    return level[0]


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of ``size`` entries in which ``leaf`` (a hash) is number ``index`` (section 2.1.1).
    Raises NotProved when the path is not of the length that index and size need."""
    if not 0 <= index < size:
        raise NotProved("the number of the entry lies beyond the log")
    if size == 1:
        if path:
            raise NotProved("the proof has too many hashes")
        return leaf
    below, sibling = _parted(path)
    left = _split(size)
    if index < left:
        return node_hash(root_by_inclusion(leaf, index, left, below), sibling)
    return node_hash(sibling, root_by_inclusion(leaf, index - left, size - left, below))


def check_prefix(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> None:
    """Returns when the tree ``old`` (size, root) is the beginning of ``new`` (section 2.1.2). Raises NotProved."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size > new_size:
        raise NotProved("the log became smaller")
    if old_size == 0:
        if path or old_root != EMPTY_ROOT:
            raise NotProved("the empty log has one root only and needs no proof")
        return
    if _prefix_roots(old_size, new_size, path, old_root) != (old_root, new_root):
        raise NotProved("the history was rewritten: the older log is not the beginning of the newer one")


def _prefix_roots(old: int, new: int, path: Sequence[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """Both roots; ``known`` is the old root while the old tree is still a whole subtree on the way down."""
    if old == new:
        if known is not None:
            if path:
                raise NotProved("the proof has too many hashes")
            return known, known
        if len(path) != 1:
            raise NotProved("the proof has the wrong number of hashes")
        return path[0], path[0]
    below, sibling = _parted(path)
    left = _split(new)
    if old <= left:
        before, after = _prefix_roots(old, left, below, known)
        return before, node_hash(after, sibling)
    before, after = _prefix_roots(old - left, new - left, below, None)
    return node_hash(sibling, before), node_hash(sibling, after)


def _parted(path: Sequence[bytes]) -> tuple[Sequence[bytes], bytes]:
    if not path:
        raise NotProved("the proof has too few hashes")
    return path[:-1], path[-1]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


Merged = Callable[[int, int, bytes], None]
"""Told of every complete subtree: height, its place among those of its height, hash."""


class GrowingTree:
    """A tree that subtrees are appended to, from the left; it keeps at most 64 hashes."""

    def __init__(self, merged: Merged = lambda _height, _place, _digest: None) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []
        self._merged = merged

    def append(self, digest: bytes, height: int = 0) -> None:
        """Append a complete subtree of ``2**height`` entries; the size must be a multiple of that."""
        if self.size % (1 << height):
            raise ValueError("a subtree does not begin there")
        self.size += 1 << height
        self._merged(height, (self.size >> height) - 1, digest)
        while self._peaks and self._peaks[-1][0] == height:
            digest = node_hash(self._peaks.pop()[1], digest)
            height += 1
            self._merged(height, (self.size >> height) - 1, digest)
        self._peaks.append((height, digest))

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        digest = self._peaks[-1][1]
        for _height, peak in reversed(self._peaks[:-1]):
            digest = node_hash(peak, digest)
        return digest
