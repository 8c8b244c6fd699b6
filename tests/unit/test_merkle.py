"""The tree against RFC 9162's definitions written out naively, and against known answers."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.frontier import Frontier
from gateway.audit.paths import consistency_proof, inclusion_proof
from gateway.audit.tree import EMPTY_ROOT, bag, consistency_holds, inclusion_holds, leaf_hash

KNOWN = json.loads((Path(__file__).parents[1] / "vectors/audit/rfc6962.json").read_text())


def naive_split(count):
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def naive_root(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    middle = naive_split(len(leaves))
    return sha256(b"\1" + naive_root(leaves[:middle]) + naive_root(leaves[middle:])).digest()


def naive_path(index, leaves):
    if len(leaves) == 1:
        return []
    middle = naive_split(len(leaves))
    if index < middle:
        return [*naive_path(index, leaves[:middle]), naive_root(leaves[middle:])]
    return [*naive_path(index - middle, leaves[middle:]), naive_root(leaves[:middle])]


def naive_consistency(old, leaves, *, whole=True):
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    middle = naive_split(len(leaves))
    if old <= middle:
        return [*naive_consistency(old, leaves[:middle], whole=whole), naive_root(leaves[middle:])]
    return [*naive_consistency(old - middle, leaves[middle:], whole=False), naive_root(leaves[:middle])]


def grown(leaves, batch=1000):
    """The frontier and the tiles of a log that took ``leaves`` batch by batch."""
    frontier, store = Frontier(), {}
    for start in range(0, len(leaves), batch):
        frontier, tiles = frontier.extend([leaf_hash(leaf) for leaf in leaves[start : start + batch]])
        store |= {(tile.level, tile.index): tile.hashes for tile in tiles}
    return frontier, lambda level, index: store[level, index]


def numbered(count):
    return [str(number).encode() for number in range(count)]


LARGE = numbered(70_000)
LARGE_FRONTIER, LARGE_SOURCE = grown(LARGE, 3_001)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_known_answers(size):
    leaves = [bytes.fromhex(text) for text in KNOWN["leaves"][:size]]
    assert naive_root(leaves).hex() == KNOWN["roots"][size]
    assert grown(leaves)[0].root().hex() == KNOWN["roots"][size]


@pytest.mark.parametrize("case", KNOWN["inclusion"])
def test_inclusion_proofs_are_the_known_answers(case):
    leaves = [bytes.fromhex(text) for text in KNOWN["leaves"]]
    proof = inclusion_proof(case["index"], case["size"], grown(leaves)[1])
    assert [value.hex() for value in proof] == case["proof"]


@pytest.mark.parametrize("case", KNOWN["consistency"])
def test_consistency_proofs_are_the_known_answers(case):
    leaves = [bytes.fromhex(text) for text in KNOWN["leaves"]]
    proof = consistency_proof(case["old"], case["new"], grown(leaves)[1])
    assert [value.hex() for value in proof] == case["proof"]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert EMPTY_ROOT == bag([]) == Frontier().root() == sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), max_size=600), st.integers(1, 600))
def test_a_frontier_has_the_naive_root_whatever_the_batches(leaves, batch):
    assert grown(leaves, batch)[0].root() == naive_root(leaves)


@given(st.integers(1, 700), st.data())
def test_inclusion_proofs_equal_the_naive_ones_and_hold(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    frontier, source = grown(leaves, data.draw(st.integers(1, size)))
    proof = inclusion_proof(index, size, source)
    assert list(proof) == naive_path(index, leaves)
    assert inclusion_holds(leaf_hash(leaves[index]), index, size, frontier.root(), proof)


@given(st.integers(0, 700), st.data())
def test_consistency_proofs_equal_the_naive_ones_and_hold(new, data):
    old = data.draw(st.integers(0, new))
    leaves = numbered(new)
    frontier, source = grown(leaves)
    proof = consistency_proof(old, new, source)
    assert list(proof) == (naive_consistency(old, leaves) if old else [])
    assert consistency_holds(old, naive_root(leaves[:old]), new, frontier.root(), proof)


@given(st.integers(0, len(LARGE) - 1))
def test_proofs_hold_in_a_tree_of_three_tile_levels(index):
    proof = inclusion_proof(index, len(LARGE), LARGE_SOURCE)
    assert inclusion_holds(leaf_hash(LARGE[index]), index, len(LARGE), LARGE_FRONTIER.root(), proof)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, len(LARGE)))
def test_a_grown_log_proves_every_earlier_size(old):
    frontier, _ = grown(LARGE[:old], 9_973)
    proof = consistency_proof(old, len(LARGE), LARGE_SOURCE)
    assert consistency_holds(old, frontier.root(), len(LARGE), LARGE_FRONTIER.root(), proof)


@given(st.integers(1, 300), st.data())
def test_a_changed_inclusion_proof_does_not_hold(size, data):
    leaves = numbered(size)
    frontier, source = grown(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, source)
    digest, root = leaf_hash(leaves[index]), frontier.root()
    other = data.draw(st.integers(0, size - 1))
    wrong = [
        (leaf_hash(b"other"), index, size, root, proof),
        (digest, index, size, leaf_hash(b"other"), proof),
        (digest, index, size, root, (*proof, root)),
        (digest, -1, size, root, proof),
        (digest, size, size, root, proof),
    ]
    wrong += [(digest, index, size, root, proof[:-1])] if proof else []
    wrong += [(digest, other, size, root, proof)] if other != index else []
    assert not any(inclusion_holds(*case) for case in wrong)


@given(st.integers(2, 300), st.data())
def test_a_changed_consistency_proof_does_not_hold(new, data):
    leaves = numbered(new)
    old = data.draw(st.integers(1, new - 1))
    frontier, source = grown(leaves)
    old_root, new_root = naive_root(leaves[:old]), frontier.root()
    proof = consistency_proof(old, new, source)
    stranger = leaf_hash(b"stranger")
    place = data.draw(st.integers(0, len(proof) - 1))
    wrong = [
        (old, stranger, new, new_root, proof),
        (old, old_root, new, stranger, proof),
        (old, old_root, new, new_root, proof[:-1]),
        (old, old_root, new, new_root, (*proof, stranger)),
        (old, old_root, new, new_root, (*proof[:place], stranger, *proof[place + 1 :])),
        (new, new_root, old, old_root, proof),
    ]
    assert not any(consistency_holds(*case) for case in wrong)


def test_the_empty_tree_is_consistent_with_every_tree_and_a_wrong_empty_root_is_not():
    root = naive_root(numbered(5))
    assert consistency_holds(0, EMPTY_ROOT, 5, root, [])
    assert not consistency_holds(0, root, 5, root, [])
    assert not consistency_holds(0, EMPTY_ROOT, 5, root, [root])
    assert not consistency_holds(5, root, 5, root, [root])


def test_what_does_not_exist_has_no_proof():
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="no such entry"):
            inclusion_proof(index, size, LARGE_SOURCE)
    with pytest.raises(ValueError, match="larger than"):
        consistency_proof(6, 5, LARGE_SOURCE)
