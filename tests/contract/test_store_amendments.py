"""Amendments in both stores: they wait beside the record, go out in its place once two people agreed, end with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.amendment import Amendment, terms
from gateway.core.erasure import Erasure, Run, RunState
from gateway.core.four_eyes import Act
from gateway.core.model import Actor, DeliveryId, DeliveryState, Digest, RecordId
from gateway.core.ports.approvals import Spent
from gateway.core.roles import Role
from gateway.store.amendments import StoredAmendments
from gateway.store.approvals import StoredApprovals
from gateway.store.audit import StoredAuditLog
from gateway.store.cargo import StoredCargo
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.records import StoredRecords
from gateway.store.retention import StoredRetention
from gateway.web.approving import Person, SecondWords, Wish
from tests.contract.owed import MINUTE, TEXAS, Town

PAT, SAM = Actor("operator", "pat"), Actor("operator", "sam")
OLD = Digest("d" * 64)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database, town):
    return StoredAmendments(database, town.clock)


@pytest.fixture
def words(database, town):
    return SecondWords(StoredApprovals(database), town.scribe, town.clock, town.mint)


async def dead(database, town, **changes):
    """A dead delivery with two records, and what it carries of the first."""
    (owed,) = await town.owe(
        database, 1, TEXAS, state=DeliveryState.DEAD, records=2, digest=OLD, size=9, attempts=3, **changes
    )
    return owed, (await StoredDesk(database).carried(owed.id, 1))[0]


async def waiting(store, words, owed, record, base=None, sealed=b"mended"):
    """An amendment that waits for its second word."""
    wish = Wish(Act.AMEND, f"delivery:{owed.id}", terms(record.id, sealed, ("A", "B[1]/C")))
    request, entry = words.drawn_up(Person(PAT, Role.OPERATOR), wish, "typed wrong")
    made = Amendment(
        id=request.id,
        delivery=owed.id,
        record=record.id,
        base=base,
        fields=("A", "B[1]/C"),
        before=record.digest,
        after=Digest("e" * 64),
        sealed=sealed,
        made_at=request.asked_at,
        asked_by=request.asked_by,
    )
    await store.ask(made, request, entry)
    return made


async def agreed(store, words, owed, record, **given):
    made = await waiting(store, words, owed, record, **given)
    await words.decide(SAM, Role.DATA_STEWARD, made.id, approved=True, reason="seen")
    return made


def told(town, owed):
    return [town.entry("delivery.retried", f"delivery:{owed.id}")]


def spent(town):
    return Spent(PAT, town.now)


async def claimed(database, town):
    store = StoredDeliveries(database)
    due = [id_ for _, id_ in await store.due(town.now, town.later(), 10)]
    return await store.claim(due, "d1", town.now, town.later())


async def test_an_amendment_waits_beside_the_record_and_once_used_is_claimed_in_its_place(store, words, database, town):
    owed, record = await dead(database, town)
    made = await waiting(store, words, owed, record)
    assert await store.get(made.id) == made
    body = await store.body(owed.id, record.id)
    assert (body.record, body.amendment) == (record, None)
    assert await store.of_delivery(owed.id) == ()
    assert await store.body(owed.id, RecordId(town.mint())) is None
    assert await store.get(town.mint()) is None
    await words.decide(SAM, Role.DATA_STEWARD, made.id, approved=True, reason="seen")
    assert await store.use(made, spent(town), told(town, owed))
    (one,) = await claimed(database, town)
    other = next(id_ for id_, _ in one.records if id_ != record.id)
    assert dict(one.records) == {record.id: b"mended", other: f"sealed {other}".encode()}
    assert one.amended == {record.id: made.id}
    assert (one.delivery.digest, one.delivery.attempts, one.delivery.cause) == (None, 0, None)
    assert (one.delivery.edition, one.delivery.known_as) == (2, f"{owed.id}.2")
    assert await store.counts() == {"waiting": 0, "sent": 1}
    cargo = StoredCargo(database)
    whole = await cargo.whole(owed.id, 2)
    assert (whole.records, whole.amended, whole.delivery.edition) == (one.records, one.amended, 2)
    assert await cargo.whole(owed.id, 1) is None, "it is larger than that"
    assert await cargo.whole(DeliveryId(town.mint()), 2) is None
    (used,) = await store.of_delivery(owed.id)
    assert used == replace(made, sealed=None, approved_by="operator:sam", used_at=town.now)
    kept = await StoredRecords(database).get(record.id)
    assert (kept.sealed, kept.digest) == (record.sealed, record.digest)
    actions = [entry.action for _, entry in await StoredAuditLog(database).about(f"delivery:{owed.id}")]
    assert actions == ["delivery.retried"]


async def test_control_without_an_amendment_the_record_itself_is_claimed(database, town):
    owed, record = await dead(database, town)
    assert await StoredDesk(database).retry(owed.id, town.now, *told(town, owed))
    (one,) = await claimed(database, town)
    assert (dict(one.records)[record.id], one.amended) == (record.sealed, {})


async def test_it_is_used_once_while_the_word_is_good_the_delivery_dead_and_the_content_the_same(
    store, words, database, town
):
    owed, record = await dead(database, town)
    made = await waiting(store, words, owed, record)
    assert not await store.use(made, spent(town), told(town, owed)), "nobody agreed"
    await words.decide(SAM, Role.DATA_STEWARD, made.id, approved=True, reason="seen")
    assert not await store.use(made, Spent(PAT, town.now + timedelta(hours=24)), told(town, owed)), "too late"
    rival = await agreed(store, words, owed, record, sealed=b"other")
    assert await store.use(rival, spent(town), told(town, owed))
    assert not await store.use(rival, spent(town), told(town, owed)), "used up, and not dead"
    (one,) = await claimed(database, town)
    settlement = replace(town.delivered(one, "d1"), state=DeliveryState.DEAD)
    await StoredDeliveries(database).settle([settlement], [])
    assert not await store.use(made, spent(town), told(town, owed)), "other content by now"
    after = await agreed(store, words, owed, record, base=rival.id, sealed=b"third")
    assert await store.use(after, spent(town), told(town, owed))
    body = await store.body(owed.id, record.id)
    assert (body.amendment.id, body.amendment.sealed) == (after.id, b"third")
    actions = [entry.action for _, entry in await StoredAuditLog(database).about(f"delivery:{owed.id}")]
    assert actions == ["delivery.retried"] * 2, "what did not happen has no entry"


async def test_what_no_word_came_for_is_forgotten_and_what_was_used_goes_with_its_record(store, words, database, town):
    owed, record = await dead(database, town)
    used = await agreed(store, words, owed, record)
    assert await store.use(used, spent(town), told(town, owed))
    late = await waiting(store, words, owed, record, base=used.id)
    town.wait(timedelta(hours=24) - MINUTE)
    fresh = await waiting(store, words, owed, record, base=used.id, sealed=b"fresh")
    assert await store.forget() == 0
    town.wait()
    assert await store.forget() == 1
    assert [await store.get(one.id) is None for one in (used, late, fresh)] == [False, True, False]
    run = Run("run", "p", "0" * 64, "operator:pat", town.now, RunState.RUNNING, None, 0)
    gone = Erasure(record.id, "rule", "p", "run", town.now, record.received_at)
    retention = StoredRetention(database)
    await retention.begin(run, town.scribe.entry(PAT, "retention.begun", "retention:run"))
    assert await retention.erase(run, [gone], [owed.id], []) == (record.id,)
    left = await store.get(used.id)
    assert (left.sealed, left.before, left.after, left.fields) == (None, None, None, used.fields)
    assert await store.get(fresh.id) is None
    assert (await store.body(owed.id, record.id)).record.sealed is None
