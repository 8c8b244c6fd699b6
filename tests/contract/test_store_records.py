"""Records: search, deliveries, trace and new routes for parked ones, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from gateway.core.acceptance import Chunk
from gateway.core.errors import Refused
from gateway.core.model import Attempt, Counts, Kind, Outcome, Page, RecordId, RecordState
from gateway.core.ports.records import RecordQuery
from gateway.store.intake import StoredIntake
from gateway.store.records import StoredRecords
from gateway.store.rows import attempt_row, write_entries
from gateway.store.submissions import StoredSubmissions
from gateway.store.tables import attempts, audit_entries, deliveries, items
from tests.contract.store_samples import (
    ACTOR,
    IOWA,
    NOW,
    OHIO,
    TANF,
    acceptance,
    judged_record,
    one_record,
    routes,
    scribe,
    submission,
)

CASE = b"\x01" * 16


@pytest.fixture
def desk(database):
    return StoredRecords(database)


async def accepted(database, *offers):
    """The records of the offers, in order, as they are stored."""
    intake = StoredIntake(database)
    for offer in offers:
        await intake.accept(offer)
    return [judged.record for offer in offers for judged in offer.judged]


def ids(listing):
    return [record.id for record in listing.rows]


def rerouted(record, state=RecordState.ROUTED, to=(IOWA, TANF)):
    """The judgement that routes a parked record."""
    record = replace(record, state=state, recipient=to[0] if state is RecordState.ROUTED else None, reason=None)
    items_, owed = routes(record, to if state is RecordState.ROUTED else ())
    template = judged_record(record.submission, record.ordinal)
    entry = scribe.entry(ACTOR, "record.rerouted", f"record:{record.id}")
    return replace(template, record=record, items=items_, deliveries=owed, entry=entry)


def chunk(*judged):
    return Chunk(judged[0].record.submission, 0, judged)


async def test_an_unknown_record_is_none_and_has_no_trace(desk):
    unknown = RecordId("01890000-0000-7000-8000-000000000000")
    assert await desk.get(unknown) is None
    assert await desk.trace(unknown) == ()
    assert await desk.deliveries(unknown) == ()


async def test_every_given_member_of_a_query_narrows(database, desk):
    early, case, parked, theirs = await accepted(
        database,
        one_record("early", received_at=NOW - timedelta(hours=1)),
        one_record("case", case=CASE),
        one_record("parked", state=RecordState.UNROUTABLE),
        one_record("theirs", sender=IOWA, to=(OHIO,)),
    )
    expected = {
        RecordQuery(): [theirs, parked, case, early],
        RecordQuery(id=case.id): [case],
        RecordQuery(sender=OHIO): [parked, case, early],
        RecordQuery(party=OHIO): [theirs, parked, case, early],
        RecordQuery(party=IOWA): [theirs, case, early],
        RecordQuery(party=TANF): [],
        RecordQuery(kind=Kind("locate"), state=RecordState.UNROUTABLE): [parked],
        RecordQuery(kind=Kind("new-hire")): [],
        RecordQuery(cases=(CASE,)): [case],
        RecordQuery(cases=(CASE,), sender=IOWA): [],
        RecordQuery(party=IOWA, sender=OHIO): [case, early],
        RecordQuery(since=NOW): [theirs, parked, case],
        RecordQuery(until=NOW): [early],
    }
    for query, found in expected.items():
        assert ids(await desk.search(query, Page())) == [record.id for record in found], query


@pytest.mark.parametrize("query", [RecordQuery(), RecordQuery(party=OHIO), RecordQuery(sender=OHIO)])
async def test_a_search_is_paged_newest_first_without_bodies(database, desk, query):
    stored = await accepted(database, *(one_record(f"k-{n}") for n in range(5)))
    found, cursor = [], None
    for _page in range(3):
        page = await desk.search(query, Page(2, cursor))
        found += page.rows
        cursor = page.next
    assert cursor is None
    assert [record.id for record in found] == [record.id for record in reversed(stored)]
    assert all(record.sealed is None for record in found)


async def test_a_foreign_cursor_is_refused(desk):
    with pytest.raises(Refused):
        await desk.search(RecordQuery(), Page(5, "AAAA"))


async def test_a_record_knows_its_deliveries(database, desk):
    (record,) = await accepted(database, one_record("k", to=(IOWA, TANF)))
    owed = await desk.deliveries(record.id)
    assert [(one.partner, one.number) for one in owed] == [(IOWA, 1), (TANF, 1)]


async def test_a_trace_tells_of_the_record_its_submission_its_deliveries_and_attempts_in_order(database, desk):
    offer = one_record("k", to=(IOWA,))
    record, _other = await accepted(database, offer, one_record("other"))
    owed = offer.judged[0].deliveries[0].id
    begun = NOW + timedelta(seconds=5)
    done = scribe.entry(ACTOR, "delivery.delivered", f"delivery:{owed}", details={"attempts": 2})
    tries = [
        Attempt(owed, 1, begun, begun + timedelta(seconds=1), Outcome.TRANSIENT, "http-503", "Jane Doe is busy"),
        Attempt(owed, 2, begun + timedelta(seconds=9), begun + timedelta(seconds=10), Outcome.DELIVERED),
    ]
    async with database.write() as connection:
        await connection.execute(insert(attempts), [attempt_row(one) for one in tries])
        await write_entries(connection, [replace(done, at=begun + timedelta(seconds=10))])
    steps = await desk.trace(record.id)
    assert sorted(step.action for step in steps[:2]) == ["record.accepted", "submission.judged"]
    assert [(step.action, step.outcome, step.attempt) for step in steps[2:]] == [
        ("attempt", "transient", 1),
        ("attempt", "delivered", 2),
        ("delivery.delivered", "ok", None),
    ]
    assert steps[2].details["code"] == "http-503"
    assert steps[4].details == {"attempts": 2}
    assert "Jane" not in repr(steps)
    assert [earlier.at <= later.at for earlier, later in itertools.pairwise(steps)] == [True] * 4


async def test_parked_records_come_in_the_order_of_their_ids_with_their_bodies(database, desk):
    first, _routed, second, third = await accepted(
        database,
        one_record("a", state=RecordState.UNROUTABLE),
        one_record("b"),
        one_record("c", state=RecordState.UNROUTABLE, received_at=NOW - timedelta(days=1)),
        one_record("d", state=RecordState.UNROUTABLE),
    )
    assert await desk.parked(10) == (first, second, third)
    assert await desk.parked(2) == (first, second)
    assert await desk.parked(2, after=second.id) == (third,)
    assert await desk.parked(2, after=third.id) == ()


async def test_a_rerouted_record_is_owed_to_its_partners_and_counted(database, desk):
    posted = submission("k")
    offer = acceptance(posted, *(judged_record(posted.id, n, state=RecordState.UNROUTABLE) for n in (1, 2, 3)))
    first, second, _third = await accepted(database, offer)
    moved = await desk.reroute(chunk(rerouted(first), rerouted(second, RecordState.WITHHELD)))
    assert moved == 1
    assert (await desk.get(first.id)).recipient == IOWA
    assert (await desk.get(first.id)).reason is None
    assert [one.partner for one in await desk.deliveries(first.id)] == [IOWA, TANF]
    counts = (await StoredSubmissions(database).get(posted.id)).counts
    assert counts == Counts(records=3, accepted=3, unroutable=1, withheld=1)
    assert [step.action for step in await desk.trace(first.id)][-1] in {"record.rerouted", "record.parked"}


async def test_what_is_not_parked_any_more_is_left_alone(database, desk):
    routed, parked = await accepted(database, one_record("a"), one_record("b", state=RecordState.UNROUTABLE))
    assert await desk.reroute(chunk(rerouted(routed), rerouted(parked, RecordState.UNROUTABLE))) == 0
    assert [one.partner for one in await desk.deliveries(routed.id)] == [IOWA]
    async with database.read() as connection:
        told = [row.action for row in await connection.execute(select(audit_entries))]
    assert "record.rerouted" not in told


async def test_two_schedulers_that_reroute_the_same_records_do_it_once(database, desk):
    parked = await accepted(database, *(one_record(f"k-{n}", state=RecordState.UNROUTABLE) for n in range(6)))
    moved = await asyncio.gather(*(desk.reroute(chunk(*map(rerouted, parked))) for _ in range(3)))
    assert sorted(moved) == [0, 0, 6]
    async with database.read() as connection:
        assert len((await connection.execute(select(deliveries))).all()) == 12
        assert len((await connection.execute(select(items))).all()) == 12
