"""Tiles: where hashes lie, what changes when the log grows, and what is enough to go on."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.frontier import Frontier, restore
from gateway.audit.paths import consistency_proof, consistency_spans, inclusion_proof, inclusion_spans
from gateway.audit.tiles import TILE_BYTES, TileId, edge, needed
from gateway.audit.tree import HASH_BYTES, leaf_hash
from gateway.core.errors import Tampered

LEAVES = [leaf_hash(str(number).encode()) for number in range(70_000)]


def stored(sizes):
    """The tiles of a log that grew to each of ``sizes`` in turn, as a store keeps them, and its frontier."""
    frontier, store = Frontier(), {}
    for size in sizes:
        frontier, tiles = frontier.extend(LEAVES[frontier.size : size])
        store |= {(tile.level, tile.index): tile.hashes for tile in tiles}
    return frontier, store


def source_of(store):
    return lambda level, index: store[level, index]


def test_a_tree_of_70_000_entries_has_the_tiles_that_the_specification_counts():
    frontier, store = stored([70_000])
    widths = {place: len(content) // HASH_BYTES for place, content in store.items()}
    assert sum(width == 256 for (level, _), width in widths.items() if level == 0) == 273
    assert (widths[0, 273], widths[1, 0], widths[1, 1], widths[2, 0]) == (112, 256, 17, 1)
    assert [(tile, width) for tile, width in edge(70_000)] == [
        (TileId(0, 273), 112),
        (TileId(1, 1), 17),
        (TileId(2, 0), 1),
    ]
    assert frontier.size == 70_000


def test_a_full_tile_is_folded_into_the_level_above():
    frontier, store = stored([256])
    assert len(store[0, 0]) == TILE_BYTES
    assert store[1, 0] == frontier.root()


def test_only_changed_tiles_come_out():
    frontier, _ = stored([300])
    _, tiles = frontier.extend(LEAVES[:10])
    assert [(tile.level, tile.index, len(tile.hashes) // HASH_BYTES) for tile in tiles] == [(0, 1, 54)]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.sampled_from([0, 250, 65_530]))
def test_tiles_do_not_depend_on_the_batches(steps, start):
    sizes = list(accumulate([start, *steps]))
    assert stored(sizes) == stored([sizes[-1]])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 70_000))
def test_a_frontier_comes_back_from_the_tiles_of_its_edge(size):
    frontier, store = LARGE if size == LARGE[0].size else stored([size])
    kept = {(tile.level, tile.index): store[tile.level, tile.index] for tile, _width in edge(size)}
    assert restore(size, source_of(kept)) == frontier


LARGE = stored([70_000])


@given(st.integers(1, 70_000), st.data())
def test_the_planner_names_every_tile_that_a_proof_reads(size, data):
    _, store = LARGE
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    for spans, prove in (
        (inclusion_spans(index, size), lambda source: inclusion_proof(index, size, source)),
        (consistency_spans(old, size), lambda source: consistency_proof(old, size, source)),
    ):
        planned = needed(spans)
        read = set()
        prove(lambda level, place: read.add(TileId(level, place)) or store[level, place])  # noqa: B023  # used at once
        assert read == planned
        assert len(planned) <= 6


def test_a_proof_for_an_old_size_is_the_same_after_the_tiles_grew():
    _, then = stored([700])
    _, now = stored([700, 9_000])
    assert inclusion_proof(699, 700, source_of(then)) == inclusion_proof(699, 700, source_of(now))
    assert restore(700, source_of(now)) == restore(700, source_of(then))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda store: store.pop((0, 1)), id="missing"),
        pytest.param(lambda store: store.update({(0, 1): store[0, 1][:-1]}), id="short"),
    ],
)
def test_a_missing_or_short_tile_is_tampering_with_its_path(broken):
    _, store = stored([300])
    broken(store)
    with pytest.raises(Tampered, match=r"tile/0/001"):
        inclusion_proof(290, 300, source_of(store))
    with pytest.raises(Tampered, match=r"tile/0/001\.p/44"):
        restore(300, source_of(store))


def test_paths_of_tiles_are_those_of_the_specification():
    assert TileId(0, 1_234_067).path() == "tile/0/x001/x234/067"
    assert TileId(2, 5).path() == "tile/2/005"
    assert TileId(0, 273).path(112) == "tile/0/273.p/112"
    assert TileId(0, 1_000).path() == "tile/0/x001/000"
