"""The published log: files in the layout of C2SP tlog-tiles that a program which is not ours reads to the same root."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from pymerkle import InmemoryTree

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.published import bundle, place_of
from gateway.core.errors import Tampered
from gateway.heads import Heads
from gateway.published import Publisher
from gateway.web.limits import Limits
from gateway.web.parts import LogFiles
from tests.contract.api_stack import running
from tests.contract.grown_log import grow, logbook_of

FIRST, SIZE = 200, 700
"""Sizes of the two checkpoints: two full tiles, one partial, and one that was partial at another width before."""


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    limits = Limits(public_per_second=1.0, public_burst=40)
    async with running(sqlite_url, tmp_path, limits) as stack:
        yield stack


@pytest.fixture
async def key(stack):
    logbook = logbook_of(stack.database)
    waiting = len(await stack.parts.audit.unsequenced(1_000))
    return await grow(logbook, FIRST - waiting, SIZE - FIRST)


async def fetched(stack, path, **headers):
    answer = await stack.call(None, "GET", f"/v1/log/{path}", **headers)
    assert answer.status == 200, path
    return answer


def leaves_of(body):
    leaves = []
    while body:
        length = int.from_bytes(body[:2], "big")
        assert len(body) >= 2 + length
        leaves.append(body[2 : 2 + length])
        body = body[2 + length :]
    return leaves


def tree_of(leaves):
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries(leaves)
    return tree


async def everything(stack, size):
    paths = [f"tile/entries/{n:03d}" for n in range(size // 256)] + [f"tile/entries/{size // 256:03d}.p/{size % 256}"]
    return [leaf for path in paths for leaf in leaves_of((await fetched(stack, path)).body)]


async def test_a_reader_that_is_not_ours_finds_the_signed_root_in_the_published_entries_and_tiles(stack, key):
    checkpoint = await fetched(stack, "checkpoint")
    head = open_checkpoint(checkpoint.body.decode(), [key])
    leaves = await everything(stack, head.size)
    tree = tree_of(leaves)
    assert head.size == SIZE
    assert tree.get_root() == head.root
    zero = b"".join([(await fetched(stack, f"tile/0/{name}")).body for name in ("000", "001", "002.p/188")])
    assert zero == b"".join(tree.get_leaf(number) for number in range(1, SIZE + 1))
    one = (await fetched(stack, "tile/1/000.p/2")).body
    assert one == tree_of(leaves[:256]).get_root() + tree_of(leaves[256:512]).get_root()


@pytest.mark.usefixtures("key")
async def test_files_say_what_they_are_and_how_long_they_may_be_kept(stack):
    checkpoint = await fetched(stack, "checkpoint")
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "public, max-age=2"
    for path in ("tile/0/000", "tile/entries/000", "tile/0/002.p/188"):
        answer = await fetched(stack, path)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    other = await stack.call(None, "GET", "/version")
    assert other.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("key")
async def test_a_partial_tile_of_an_earlier_checkpoint_stays_and_full_ones_do_not_come_early(stack):
    full = (await fetched(stack, "tile/0/000")).body
    assert (await fetched(stack, f"tile/0/000.p/{FIRST}")).body == full[: FIRST * 32]
    assert len(leaves_of((await fetched(stack, f"tile/entries/000.p/{FIRST}")).body)) == FIRST
    last = "x018/x014/x398/x509/x481/983"
    early = ("tile/0/002", "tile/0/002.p/189", "tile/entries/002", "tile/entries/002.p/189", "tile/1/000")
    for path in (*early, f"tile/entries/{last}", f"tile/63/{last}"):
        assert (await stack.call(None, "GET", f"/v1/log/{path}")).status == 404


@pytest.mark.usefixtures("key")
async def test_bundles_are_compressed_for_who_wants_it(stack):
    plain = await fetched(stack, "tile/entries/000", Accept_Encoding="identity")
    async with stack.session.get(
        stack.address + "/v1/log/tile/entries/000", headers={"Accept-Encoding": "gzip"}, auto_decompress=False
    ) as response:
        packed = await response.read()
    assert gzip.decompress(packed) == plain.body
    assert len(packed) < len(plain.body)
    assert response.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


async def test_a_log_without_a_checkpoint_has_no_files(stack):
    for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
        assert (await stack.call(None, "GET", f"/v1/log/{path}")).status == 404


async def test_a_log_that_is_not_published_looks_like_none(sqlite_url, tmp_path):
    def shut(parts):
        hidden = Publisher(parts.audit, Heads(parts.audit), public=False)
        return replace(parts, log=LogFiles(hidden.checkpoint, hidden.file))

    async with running(sqlite_url, tmp_path, change=shut) as stack:
        await grow(logbook_of(stack.database), 3)
        for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
            assert (await stack.call(None, "GET", f"/v1/log/{path}")).status == 404


@pytest.mark.usefixtures("key")
async def test_readers_without_a_key_are_slowed_by_address_and_nothing_is_written_down(stack):
    answers = [await stack.call(None, "GET", "/v1/log/checkpoint") for _ in range(41)]
    assert [answer.status for answer in answers] == [200] * 40 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await stack.call(None, "GET", "/livez")).status == 200
    assert (await stack.call("ohio", "GET", "/v1/submissions")).status == 200
    assert await stack.entries("access.refused") == []
    stack.watch.forward(2)
    assert (await stack.call(None, "GET", "/v1/log/checkpoint")).status == 200


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("tile/0/000", (0, 0, 256, False)),
        ("tile/63/x001/x234/067.p/9", (63, 1_234_067, 9, False)),
        ("tile/entries/x001/000.p/255", (0, 1_000, 255, True)),
    ],
)
def test_a_path_names_a_tile(path, place):
    found = place_of(path)
    assert (found.tile.level, found.tile.index, found.width, found.entries) == place
    assert found.path() == path


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/x000/001", "tile/00/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000/001", "tile/0/x001", "tile/-1/000", "tile/entries/000/", "tile/0/000.p/9\n",
        "tile/0/\u0660\u0660\u0660", "tile/0/" + "x999/" * 6 + "999", "tile/0/" + "x999/" * 5 + "999", "checkpoint", "",
    ],
)  # fmt: skip
def test_every_other_spelling_names_nothing(path):
    assert place_of(path) is None


def test_a_leaf_that_a_bundle_cannot_measure_is_never_published():
    assert bundle([b"a" * 65_535])[:2] == b"\xff\xff"
    with pytest.raises(Tampered):
        bundle([b"a" * 65_536])
