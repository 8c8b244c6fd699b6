"""Big bodies: pieces, leases, chunks, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway.core.acceptance import Chunk
from gateway.core.model import Counts, Page, RecordState, SubmissionState
from gateway.store.intake import StoredIntake
from gateway.store.spool import StoredSpool
from gateway.store.submissions import StoredSubmissions
from gateway.store.tables import audit_entries, deliveries, records
from gateway.store.tables import spool as spool_table
from tests.contract.store_samples import (
    ACTOR,
    IOWA,
    NOW,
    OHIO,
    acceptance,
    finding,
    judged_record,
    one_record,
    scribe,
    submission,
)

UNTIL = NOW + timedelta(minutes=1)
LATER = UNTIL + timedelta(minutes=1)


@pytest.fixture
def spool(database):
    return StoredSpool(database, lambda: NOW)


async def spooled(database, key="big", at=NOW, sender=OHIO):
    """A received submission that waits to be judged."""
    posted = submission(key, spooled=True, at=at, sender=sender)
    await StoredIntake(database).accept(acceptance(posted))
    return posted


def chunk(posted, after, size=2, **given):
    judged = (judged_record(posted.id, ordinal, **given) for ordinal in range(after + 1, after + size + 1))
    return Chunk(posted.id, after, tuple(judged))


async def count(database, table):
    async with database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(table))


async def stored(database, posted):
    return await StoredSubmissions(database).get(posted.id)


async def test_pieces_come_back_in_order_one_by_one(spool):
    posted = submission("k", spooled=True)
    other = submission("other", spooled=True)
    for piece in (2, 0, 10, 1):
        await spool.append(posted.id, piece, f"piece {piece}".encode())
    await spool.append(other.id, 0, b"not mine")
    assert [sealed async for sealed in spool.pieces(posted.id)] == [b"piece 0", b"piece 1", b"piece 2", b"piece 10"]


async def test_a_piece_that_is_appended_again_stays_as_it_was(spool):
    posted = submission("k", spooled=True)
    await spool.append(posted.id, 0, b"first")
    await spool.append(posted.id, 0, b"second")
    assert [sealed async for sealed in spool.pieces(posted.id)] == [b"first"]


async def test_reading_pieces_holds_no_transaction_open(spool):
    posted = submission("k", spooled=True)
    for piece in range(3):
        await spool.append(posted.id, piece, b"x")
    seen = 0
    async for _sealed in spool.pieces(posted.id):
        seen += 1
        await spool.discard(posted.id)
    assert seen == 1


async def test_the_oldest_received_submission_is_claimed_first_and_only_once(database, spool):
    late = await spooled(database, "late", at=NOW + timedelta(seconds=1))
    early = await spooled(database, "early", at=NOW)
    await StoredIntake(database).accept(one_record("judged already"))
    claimed = [await spool.claim(f"owner-{n}", NOW, UNTIL) for n in range(3)]
    assert [one.id if one else None for one in claimed] == [early.id, late.id, None]


async def test_a_sender_with_many_files_takes_turns_with_the_others(database, spool):
    many = [await spooled(database, f"{number}", at=NOW + timedelta(seconds=number)) for number in range(4)]
    one = await spooled(database, at=NOW + timedelta(minutes=1), sender=IOWA)
    last, order = None, []
    for number in range(5):
        taken = await spool.claim(f"owner-{number}", NOW, UNTIL, last)
        order.append(taken.id)
        last = taken.sender
    assert order == [many[0].id, one.id, *(file.id for file in many[1:])]


async def test_owners_that_race_never_claim_the_same_submission(database, spool):
    posted = {(await spooled(database, f"k-{n}")).id for n in range(5)}
    claimed = await asyncio.gather(*(spool.claim(f"owner-{n}", NOW, UNTIL) for n in range(8)))
    found = [one.id for one in claimed if one]
    # A racing owner may find the row that it wanted locked and go home empty; nobody gets another's.
    assert len(found) == len(set(found))
    rest = [one.id for n in range(5) if (one := await spool.claim(f"rest-{n}", NOW, UNTIL))]
    assert {*found, *rest} == posted
    assert len(found) + len(rest) == 5


async def test_an_ended_lease_lets_another_owner_go_on_where_the_first_stopped(database, spool):
    posted = await spooled(database)
    await spool.claim("first", NOW, UNTIL)
    assert await spool.judged("first", chunk(posted, 0), UNTIL)
    assert await spool.claim("second", UNTIL - timedelta(seconds=1), LATER) is None
    taken = await spool.claim("second", UNTIL, LATER)
    assert (taken.id, taken.progress) == (posted.id, 2)
    assert not await spool.judged("first", chunk(posted, 2), LATER)
    assert await spool.judged("second", chunk(posted, 2), LATER)
    assert await count(database, records) == 4


async def test_a_chunk_renews_the_lease(database, spool):
    posted = await spooled(database)
    await spool.claim("owner", NOW, UNTIL)
    await spool.judged("owner", chunk(posted, 0), LATER)
    assert await spool.claim("other", UNTIL, LATER) is None


async def test_a_chunk_that_was_committed_before_is_not_written_again(database, spool):
    posted = await spooled(database)
    await spool.claim("owner", NOW, UNTIL)
    assert await spool.judged("owner", chunk(posted, 0), UNTIL)
    assert not await spool.judged("owner", chunk(posted, 0), UNTIL)
    assert not await spool.judged("owner", chunk(posted, 4), UNTIL)
    assert (await count(database, records), await count(database, deliveries)) == (2, 2)
    assert (await stored(database, posted)).progress == 2


async def test_without_a_lease_nothing_is_written(database, spool):
    posted = await spooled(database)
    assert not await spool.judged("nobody", chunk(posted, 0), UNTIL)
    assert not await spool.finished("nobody", posted.id, NOW, (), ())
    assert await count(database, records) == 0


async def test_the_counts_of_the_chunks_add_up(database, spool):
    posted = await spooled(database)
    await spool.claim("owner", NOW, UNTIL)
    await spool.judged("owner", chunk(posted, 0, 3, findings=(finding("R"),)), UNTIL)
    await spool.judged("owner", chunk(posted, 3, 2, state=RecordState.UNROUTABLE), UNTIL)
    await spool.judged("owner", chunk(posted, 5, 1, state=RecordState.REFUSED), UNTIL)
    counts = Counts(records=6, accepted=5, warned=3, refused=1, unroutable=2)
    assert (await stored(database, posted)).counts == counts


async def test_serials_used_before_refuse_their_records_in_a_chunk_too(database, spool):
    await StoredIntake(database).accept(one_record("earlier", serial="S"))
    posted = await spooled(database)
    await spool.claim("owner", NOW, UNTIL)
    repeated = Chunk(posted.id, 0, (judged_record(posted.id, 1, serial="S"), judged_record(posted.id, 2, serial="T")))
    assert await spool.judged("owner", repeated, UNTIL)
    assert (await stored(database, posted)).counts == Counts(records=2, accepted=1, refused=1)
    listed = await StoredSubmissions(database).records(posted.id, RecordState.REFUSED, Page())
    assert [(one.ordinal, one.reason) for one in listed.rows] == [(1, "CSE-SERIAL-DUPLICATE")]


async def test_findings_of_the_chunks_and_of_the_file_are_numbered_through(database, spool):
    posted = await spooled(database)
    await spool.claim("owner", NOW, UNTIL)
    await spool.judged("owner", chunk(posted, 0, 2, findings=(finding("A"), finding("B"))), UNTIL)
    await spool.judged("owner", chunk(posted, 2, 1, findings=(finding("C"),)), UNTIL)
    await spool.finished("owner", posted.id, NOW, (finding("FILE", None),), ())
    listed = await StoredSubmissions(database).findings(posted.id, None, Page())
    assert [one.rule for one in listed.rows] == ["A", "B", "A", "B", "C", "FILE"]


async def test_a_finished_submission_is_judged_and_its_pieces_are_gone(database, spool):
    posted = await spooled(database)
    await spool.append(posted.id, 0, b"sealed")
    await spool.claim("owner", NOW, UNTIL)
    entry = scribe.entry(ACTOR, "submission.judged", f"submission:{posted.id}")
    assert await spool.finished("owner", posted.id, LATER, (), (entry,))
    found = await stored(database, posted)
    assert (found.state, found.judged_at, found.received_at) == (SubmissionState.JUDGED, LATER, posted.received_at)
    assert await count(database, spool_table) == 0
    assert await count(database, audit_entries) == 2
    assert not await spool.finished("owner", posted.id, LATER, (), (entry,))
    assert await spool.claim("owner", LATER, LATER) is None


async def test_the_sweep_takes_only_old_uploads_that_never_became_a_submission(database, spool):
    posted = await spooled(database)
    abandoned = submission("abandoned", spooled=True)
    young = submission("young", spooled=True)
    for one in (posted, abandoned):
        await spool.append(one.id, 0, b"x")
        await spool.append(one.id, 1, b"x")
    await StoredSpool(database, lambda: LATER).append(young.id, 0, b"x")
    assert await spool.sweep(NOW) == 0
    assert await spool.sweep(LATER) == 1
    assert [len([1 async for _ in spool.pieces(one.id)]) for one in (posted, abandoned, young)] == [2, 0, 1]
