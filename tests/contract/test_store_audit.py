"""The audit log: entries numbered once, without gaps, whoever writes and whoever integrates meanwhile."""

import asyncio
import contextlib
import hashlib
import tracemalloc
from base64 import b64encode
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, text, update

from gateway.comparing import compare
from gateway.core.audit_entry import leaf
from gateway.core.errors import Conflict
from gateway.core.ports.audit_log import Checkpoint, Tile
from gateway.store.audit import StoredAuditLog
from gateway.store.engine import open_database
from gateway.store.standings import StoredStandings
from gateway.store.tables import audit_checkpoints, audit_entries
from tests.contract.grown_log import grow, logbook_of
from tests.contract.owed import Town
from tests.vectors.audit.sample import START


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def log(database):
    return StoredAuditLog(database)


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + leaf(entry)).digest()


def checkpoint(town, size):
    return Checkpoint(size, hashlib.sha256(b"%d" % size).digest(), f"gateway\n{size}\n", town.now)


async def write(log, town, count, obj="record:1"):
    entries = [town.entry("record.accepted", obj) for _ in range(count)]
    await log.write(entries)
    return entries


async def integrate(log, town, first, entries, tiles=()):
    await log.integrate(
        first, [e.id for e in entries], [leaf_hash(e) for e in entries], tiles, checkpoint(town, first + len(entries))
    )


async def numbered(log, first=0, last=10**6):
    return [found async for found in log.entries(first, last)]


async def test_an_entry_comes_back_as_it_was_written(log, town):
    entry = replace(town.entry("record.refused", "record:7", "E-17"), details={"rule": "E-17", "count": 2, "a": "ü"})
    await log.write([entry])
    await log.write([])
    assert await log.unsequenced(10) == (entry,)
    assert await log.about("record:7") == ((None, entry),)


async def test_entries_wait_oldest_first(log, town):
    written = await write(log, town, 5)
    assert await log.unsequenced(3) == tuple(written[:3])


async def test_integrated_entries_have_numbers_and_leaf_hashes(log, town):
    written = await write(log, town, 5)
    await integrate(log, town, 0, written[:3])
    await integrate(log, town, 3, written[3:])
    assert await log.unsequenced(10) == ()
    assert await numbered(log) == [(n, entry, leaf_hash(entry)) for n, entry in enumerate(written)]
    assert [number for number, _, _ in await numbered(log, 1, 4)] == [1, 2, 3]
    assert [number for number, _ in await log.about("record:1")] == [0, 1, 2, 3, 4]
    assert await log.head() == checkpoint(town, 5)
    assert await log.checkpoints(10) == (checkpoint(town, 5), checkpoint(town, 3))


async def test_cosignatures_join_a_checkpoint_once_and_only_the_note_that_they_were_made_for(log, town):
    await integrate(log, town, 0, await write(log, town, 2))
    before = (await log.head()).note
    assert await log.cosign(2, before, before + "one\n")
    assert not await log.cosign(2, before, before + "two\n")
    assert not await log.cosign(3, before, before + "one\n")
    assert (await log.head()).note == before + "one\n"


async def test_an_empty_log_has_no_head_and_no_tiles(log):
    assert await log.head() is None
    assert await log.checkpoints(5) == ()
    assert await log.tile(0, 0) is None
    assert await numbered(log) == []


async def test_tiles_are_replaced_as_they_grow(log, town):
    written = await write(log, town, 3)
    await integrate(log, town, 0, written[:2], [Tile(0, 0, b"ab" * 32), Tile(1, 0, b"c" * 32)])
    await integrate(log, town, 2, written[2:], [Tile(0, 0, b"abc" * 32)])
    assert await log.tile(0, 0) == b"abc" * 32
    assert await log.tile(1, 0) == b"c" * 32
    assert await log.tile(0, 1) is None


@pytest.mark.parametrize("first", [0, 1, 3])
async def test_an_integrator_that_is_behind_or_ahead_changes_nothing(log, town, first):
    written = await write(log, town, 4)
    await integrate(log, town, 0, written[:2])
    with pytest.raises(Conflict):
        await integrate(log, town, first, written[2:], [Tile(0, 0, b"x" * 32)])
    assert await log.unsequenced(10) == tuple(written[2:])
    assert await log.tile(0, 0) is None
    assert (await log.head()).size == 2


async def test_an_entry_is_never_numbered_twice(log, town):
    written = await write(log, town, 3)
    await integrate(log, town, 0, written[:2])
    with pytest.raises(Conflict):
        await integrate(log, town, 2, written[1:])
    assert await numbered(log) == [(n, entry, leaf_hash(entry)) for n, entry in enumerate(written[:2])]


async def test_an_unknown_entry_or_a_checkpoint_of_another_size_is_refused(log, town):
    written = await write(log, town, 2)
    with pytest.raises(Conflict):
        await integrate(log, town, 0, [*written, town.entry("record.accepted", "record:never-written")])
    hashes = [leaf_hash(entry) for entry in written]
    with pytest.raises(Conflict):
        await log.integrate(0, [e.id for e in written], hashes, [], checkpoint(town, 3))
    assert await log.unsequenced(10) == tuple(written)


async def test_the_first_checkpoint_of_a_size_stays(log, town):
    await integrate(log, town, 0, [])
    first = await log.head()
    town.wait()
    await integrate(log, town, 0, [])
    assert await log.head() == first


async def test_many_entries_are_numbered_at_once_and_read_in_pieces(log, town):
    written = await write(log, town, 2_500)
    await integrate(log, town, 0, written)
    assert [entry for _, entry, _ in await numbered(log)] == written


async def test_numbers_have_no_gap_while_writers_and_integrators_interleave(log, town):
    writing = 4

    async def keep_writing(name):
        nonlocal writing
        for _ in range(10):
            await write(log, town, 7, f"record:{name}")
            await asyncio.sleep(0)
        writing -= 1

    async def keep_integrating():
        while True:
            last_round = writing == 0
            head = await log.head()
            waiting = await log.unsequenced(25)
            if waiting:
                with contextlib.suppress(Conflict):  # the other one was faster
                    await integrate(log, town, head.size if head else 0, waiting)
            elif last_round:
                return
            await asyncio.sleep(0.002)

    await asyncio.wait_for(
        asyncio.gather(*(keep_writing(n) for n in range(4)), keep_integrating(), keep_integrating()), 60
    )
    found = await numbered(log)
    assert [number for number, _, _ in found] == list(range(4 * 10 * 7))
    assert len({entry.id for _, entry, _ in found}) == 4 * 10 * 7
    assert (await log.head()).size == 4 * 10 * 7


async def test_checkpoints_come_in_pieces_from_a_size_on(log, town):
    for size in (3, 5, 6):
        head = await log.head()
        await write(log, town, size - (head.size if head else 0))
        await integrate(log, town, head.size if head else 0, await log.unsequenced(10))
    assert [one.size for one in await log.checkpoints_after(-1, 2)] == [3, 5]
    assert [one.size for one in await log.checkpoints_after(3, 9)] == [5, 6]
    assert await log.checkpoints_after(6, 9) == ()


async def test_a_log_of_many_cosigned_checkpoints_is_verified_to_its_oldest_one_in_little_memory(database, monkeypatch):
    """One a second makes a million in twelve days, with several kilobytes of cosignatures each."""
    monkeypatch.setattr("gateway.logbook.CHECKPOINTS_AT_ONCE", 10)
    logbook = logbook_of(database)
    await grow(logbook, *[1] * 300)
    cosigned = f"— witness.test {b64encode(bytes(40_000)).decode()}\n"
    padded = update(audit_checkpoints).values(note=audit_checkpoints.c.note + cosigned)
    async with database.write() as connection:
        await connection.execute(padded)
    tracemalloc.start()
    faults, peak = await verified(logbook), tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert faults == []
    assert peak < 5 * 2**20, "all their notes are 16 MB"
    async with database.write() as connection:
        await connection.execute(update(audit_checkpoints).where(audit_checkpoints.c.size == 1).values(note="forged"))
    assert await verified(logbook) == [("note", 0, 0)]


async def verified(logbook):
    report = await logbook.verify()
    return [(fault.kind, fault.first, fault.last) for fault in report.faults]


@pytest.mark.parametrize("details", [None, "{}", '{"attempt":4}', "no JSON", "[]", "7"])
async def test_details_that_somebody_spoiled_are_located_and_do_not_end_the_verification(database, details):
    """The salt goes and something else than the commitment is left: the entry does not give its leaf hash."""
    logbook = logbook_of(database)
    await grow(logbook, 3, 4)
    assert await verified(logbook) == []
    spoiled = update(audit_entries).where(audit_entries.c.seq == 5)
    async with database.write() as connection:
        await connection.execute(spoiled.values(salt=b"", **({} if details is None else {"details": details})))
    assert (await verified(logbook))[0] == ("leaf", 5, 5)


@pytest.mark.parametrize("moment", [2**63 - 1, -(2**63), 10**18])
async def test_a_time_that_no_clock_tells_is_located_and_does_not_end_the_verification(database, moment):
    logbook = logbook_of(database)
    await grow(logbook, 3, 4)
    async with database.write() as connection:
        await connection.execute(text("UPDATE audit_entries SET at = :at WHERE seq = 5"), {"at": moment})
    assert (await verified(logbook))[0] == ("leaf", 5, 5)
    assert (await compare(StoredStandings(database), logbook.audit)).rows == 0


FIFTH, NEWEST, TILE = "audit_entries WHERE seq = 5", "audit_checkpoints WHERE size = 7", "audit_tiles WHERE level = 0"


@pytest.mark.parametrize(
    ("row", "column", "value", "told"),
    [
        *((FIFTH, name, b"\xff", ("leaf", 5, 5)) for name in ("id", "actor", "action", "object", "outcome", "details")),
        (FIFTH, "at", "at noon", ("leaf", 5, 5)),
        (FIFTH, "salt", "a text", ("leaf", 5, 5)),
        (FIFTH, "salt", 7, ("leaf", 5, 5)),
        (FIFTH, "leaf_hash", "a text", ("leaf", 5, 5)),
        (FIFTH, "seq", "a text", ("gap", 5, 5)),
        (FIFTH, "seq", b"\xff", ("gap", 5, 5)),
        (NEWEST, "size", "a text", ("note", 0, 2)),
        (NEWEST, "size", b"\xff", ("note", 0, 2)),
        (NEWEST, "root", "a text", ("note", 6, 6)),
        (NEWEST, "note", b"\xff", ("note", 6, 6)),
        (TILE, "hashes", 7, ("tile", 0, 6)),
        (TILE, "hashes", "a text", ("tile", 0, 6)),
    ],
)
async def test_a_value_of_another_type_is_located_and_does_not_end_the_verification(
    sqlite_url, row, column, value, told
):
    """SQLite takes a value of any type in any column; PostgreSQL does not."""
    database = open_database(sqlite_url)
    logbook = logbook_of(database)
    await grow(logbook, 3, 4)
    table, where = row.split(" ", 1)
    async with database.write() as connection:
        changed = f"UPDATE {table} SET {column} = :value {where}"  # noqa: S608 - the names stand in this test
        await connection.execute(text(changed), {"value": value})
    assert told in await verified(logbook)
    await compare(StoredStandings(database), logbook.audit)
    await database.dispose()


@pytest.mark.parametrize("number", [2**62, 2**63 - 1])
async def test_an_entry_numbered_far_beyond_the_others_is_missed_at_its_place_and_ends_nothing(database, number):
    """The comparison went through all numbers up to it, which takes longer than anybody lives."""
    logbook = logbook_of(database)
    await grow(logbook, 3, 4)
    async with database.write() as connection:
        await connection.execute(text("UPDATE audit_entries SET seq = :number WHERE seq = 5"), {"number": number})
    assert ("gap", 5, 5) in await verified(logbook)
    found = await asyncio.wait_for(compare(StoredStandings(database), logbook.audit), 60)
    assert found.rows == 0


@pytest.mark.parametrize("details", ["{}", "no JSON", "[]", '{"first":0,"upto":"all"}'])
async def test_an_entry_on_pruning_that_does_not_say_how_far_allows_nothing(database, details):
    logbook = logbook_of(database)
    await grow(logbook, 300)
    async with database.write() as connection:
        await connection.execute(delete(audit_entries).where(audit_entries.c.seq < 256))
        entry = {"id": "ffff", "actor": "a:b", "action": "audit.pruned", "object": "log", "outcome": "ok"}
        await connection.execute(insert(audit_entries).values(**entry, at=START, details=details, salt=b"x"))
    assert ("gap", 0, 255) in await verified(logbook)
