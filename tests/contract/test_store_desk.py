"""The operator's desk: lists, groups, queues, retry, withdraw, and the partner's own word."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.errors import Refused
from gateway.core.model import DeliveryState, Digest, Fault, FormatName, Page
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.store.audit import StoredAuditLog
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.mailbox import StoredMailbox
from tests.contract.owed import INDIANA, LOCATE, MINUTE, NEW_HIRE, OHIO, TEXAS, Town, ids

DAY = timedelta(days=1)
EVERYTHING = DeliveryQuery()


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def desk(database):
    return StoredDesk(database)


async def entries_about(database, delivery):
    return [entry.action for _, entry in await StoredAuditLog(database).about(f"delivery:{delivery.id}")]


async def test_a_delivery_comes_back_as_it_was_stored(desk, town, database):
    stored = town.delivery(
        state=DeliveryState.DEAD,
        lane=b"l" * 16,
        attempts=3,
        digest=Digest("a" * 64),
        size=2**40,
        cause="http-400",
        fault=Fault.RECORD,
        answer="400 Bad Request",
        settled_at=town.later(),
    )
    (owed,) = await town.owe(database, **{f: getattr(stored, f) for f in stored.__dataclass_fields__})
    assert await desk.get(stored.id) == owed == stored
    assert await desk.get(town.mint()) is None


async def test_pages_show_every_delivery_once_newest_first_while_new_ones_come(desk, town, database):
    owed = await town.owe(database, 7)
    seen, cursor = [], None
    while True:
        page = await desk.list(EVERYTHING, Page(3, cursor))
        seen += ids(page.rows)
        await town.owe(database)
        if (cursor := page.next) is None:
            break
    assert seen == list(reversed(ids(owed)))


async def test_every_member_of_a_query_narrows(desk, town, database):
    (plain,) = await town.owe(database)
    (dead,) = await town.owe(database, state=DeliveryState.DEAD, cause="http-400")
    (texan,) = await town.owe(database, partner=TEXAS, sender=OHIO)
    town.wait(DAY)
    (late,) = await town.owe(database)

    async def found(**members):
        return ids((await desk.list(DeliveryQuery(**members), Page())).rows)

    assert await found(partner=OHIO) == ids([late, dead, plain])
    assert await found(sender=OHIO) == [texan.id]
    assert await found(state=DeliveryState.DEAD) == [dead.id]
    assert await found(cause="http-400") == [dead.id]
    assert await found(since=late.created_at) == [late.id]
    assert await found(until=late.created_at) == ids([texan, dead, plain])
    assert await found(partner=TEXAS, sender=INDIANA) == []


@pytest.mark.parametrize("page", [Page(50, "not-a-cursor"), Page(0), Page(501)])
async def test_a_bad_cursor_or_page_is_refused(desk, page):
    with pytest.raises(Refused):
        await desk.list(EVERYTHING, page)


async def test_dead_letters_are_grouped_by_who_must_act_and_why_biggest_first(desk, town, database):
    dead = {"state": DeliveryState.DEAD}
    first = await town.owe(database, 2, **dead, cause="http-400", fault=Fault.RECORD, settled_at=town.now)
    town.wait()
    await town.owe(database, 1, **dead, cause="http-400", fault=Fault.RECORD, settled_at=town.now)
    await town.owe(database, 1, **dead, cause="http-400", fault=Fault.PARTNER, settled_at=town.now)
    await town.owe(database, 2, **dead, kind=NEW_HIRE)
    await town.owe(database, 4)
    groups = await desk.groups()
    assert [(g.cause, g.fault, g.partner, g.kind, g.count) for g in groups] == [
        ("http-400", Fault.RECORD, OHIO, LOCATE, 3),
        ("unknown", None, OHIO, NEW_HIRE, 2),
        ("http-400", Fault.PARTNER, OHIO, LOCATE, 1),
    ]
    assert (groups[0].first, groups[0].last, groups[0].sample) == (town.later(-MINUTE), town.now, first[0].id)
    unknown = await desk.list(DeliveryQuery(cause="unknown", state=DeliveryState.DEAD), Page())
    assert len(unknown.rows) == 2


async def test_queues_count_what_is_owed_to_each_partner(desk, town, database):
    oldest = town.now
    await town.wait_for_batch(database, 3, partner=TEXAS)
    town.wait()
    for count, state in enumerate(DeliveryState, 1):
        await town.owe(database, count, state=state)
    texas, ohio = sorted(await desk.queues(), key=lambda queue: queue.partner, reverse=True)
    assert (ohio.pending, ohio.claimed, ohio.waiting, ohio.dead, ohio.held) == (1, 2, 3, 5, 6)
    assert (ohio.gathering, ohio.oldest) == (0, town.now)
    assert (texas.partner, texas.pending, texas.gathering, texas.oldest) == (TEXAS, 0, 3, oldest)


async def test_a_retry_makes_a_dead_letter_due_now_with_attempts_from_zero(desk, town, database):
    digest = Digest("a" * 64)
    (dead,) = await town.owe(
        database, state=DeliveryState.DEAD, attempts=9, cause="http-503", fault=Fault.PARTNER, digest=digest
    )
    town.wait(DAY)
    assert await desk.retry(dead.id, town.now, town.entry("delivery.retried", f"delivery:{dead.id}"))
    found = await desk.get(dead.id)
    assert found == replace(
        dead, state=DeliveryState.PENDING, attempts=0, cause=None, fault=None, due_at=town.now, digest=digest
    )
    store = StoredDeliveries(database)
    assert await store.due(town.now, town.later(), 10) == ((OHIO, dead.id),)
    assert await entries_about(database, dead) == ["delivery.retried"]


async def test_a_retried_delivery_that_was_held_may_go_with_its_new_bytes(desk, town, database):
    (held,) = await town.owe(database, state=DeliveryState.HELD, digest=Digest("a" * 64), size=7)
    assert await desk.retry(held.id, town.now, town.entry("delivery.retried", f"delivery:{held.id}"))
    found = await desk.get(held.id)
    assert (found.digest, found.size) == (None, None)


async def test_only_what_was_never_written_changes_its_format_when_it_is_retried(desk, town, database):
    (unwritten,) = await town.owe(database, state=DeliveryState.DEAD, cause="FIX-WIDTH")
    (written,) = await town.owe(database, state=DeliveryState.DEAD, cause="http-400", digest=Digest("a" * 64))
    asked = []

    def format_of(partner, kind):
        asked.append((partner, kind))
        return FormatName("json")

    for one in (unwritten, written):
        entry = town.entry("delivery.retried", f"delivery:{one.id}")
        assert await desk.retry(one.id, town.now, entry, format_of)
    assert set(asked) == {(OHIO, unwritten.kind)}
    assert (await desk.get(unwritten.id)).format == "json"
    assert (await desk.get(written.id)).format == written.format != "json"


@pytest.mark.parametrize(
    ("state", "retried", "withdrawn"),
    [
        (DeliveryState.PENDING, False, True),
        (DeliveryState.CLAIMED, False, False),
        (DeliveryState.WAITING, False, True),
        (DeliveryState.DELIVERED, False, False),
        (DeliveryState.DEAD, True, True),
        (DeliveryState.HELD, True, True),
        (DeliveryState.WITHDRAWN, False, False),
    ],
)
async def test_each_state_allows_what_its_table_says_and_a_refusal_writes_no_entry(
    desk, town, database, state, retried, withdrawn
):
    one, other = await town.owe(database, 2, state=state)
    assert await desk.retry(one.id, town.now, town.entry("delivery.retried", f"delivery:{one.id}")) is retried
    assert (
        await desk.withdraw(other.id, town.now, town.entry("delivery.withdrawn", f"delivery:{other.id}")) is withdrawn
    )
    assert len(await entries_about(database, one)) == int(retried)
    assert len(await entries_about(database, other)) == int(withdrawn)
    assert (await desk.get(other.id)).state is (DeliveryState.WITHDRAWN if withdrawn else state)


async def test_of_operators_who_retry_at_the_same_time_one_succeeds(desk, town, database):
    (dead,) = await town.owe(database, state=DeliveryState.DEAD)
    entries = [town.entry("delivery.retried", f"delivery:{dead.id}") for _ in range(4)]
    results = await asyncio.gather(*(desk.retry(dead.id, town.now, entry) for entry in entries))
    assert sorted(results) == [False, False, False, True]
    assert await entries_about(database, dead) == ["delivery.retried"]


async def test_a_withdrawn_delivery_leaves_the_mailbox(desk, town, database):
    mailbox = StoredMailbox(database)
    (waiting,) = await town.owe(database, state=DeliveryState.WAITING)
    await mailbox.place(waiting.id, OHIO, "n.xml", "text/xml", Digest("a" * 64), 6, b"sealed", town.now)
    assert await mailbox.fetch(OHIO, waiting.id) is not None
    assert await desk.withdraw(waiting.id, town.now, town.entry("delivery.withdrawn", f"delivery:{waiting.id}"))
    assert await mailbox.fetch(OHIO, waiting.id) is None


async def answer(desk, town, delivery, partner=OHIO, *, accepted=True):
    action = "delivery.acknowledged" if accepted else "delivery.rejected"
    entry = town.entry(action, f"delivery:{delivery.id}")
    return await desk.acknowledge(
        delivery.id, partner, accepted=accepted, reason="unreadable", now=town.later(), entry=entry
    )


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.DELIVERED])
async def test_the_partner_may_accept_or_reject_what_it_got(desk, town, database, state):
    good, bad = await town.owe(database, 2, state=state)
    assert await answer(desk, town, good)
    assert await answer(desk, town, bad, accepted=False)
    accepted, rejected = await desk.get(good.id), await desk.get(bad.id)
    assert (accepted.state, accepted.settled_at, accepted.cause) == (DeliveryState.DELIVERED, town.later(), None)
    assert (rejected.state, rejected.cause, rejected.fault) == (DeliveryState.DEAD, "unreadable", Fault.RECORD)
    assert await entries_about(database, bad) == ["delivery.rejected"]


async def test_an_acknowledgement_of_what_was_delivered_keeps_the_time_of_the_delivery(desk, town, database):
    (delivered,) = await town.owe(database, state=DeliveryState.DELIVERED, settled_at=town.now)
    assert await answer(desk, town, delivered)
    assert (await desk.get(delivered.id)).settled_at == town.now


async def test_nobody_answers_for_another_partner_or_for_what_is_still_on_its_way(desk, town, database):
    (waiting,) = await town.owe(database, state=DeliveryState.WAITING)
    (pending,) = await town.owe(database)
    assert not await answer(desk, town, waiting, partner=TEXAS)
    assert not await answer(desk, town, pending)
    assert await desk.get(waiting.id) == waiting
    assert await entries_about(database, waiting) == []


async def test_an_acknowledgement_frees_the_lane_of_what_waited_for_it(desk, town, database):
    (waiting,) = await town.owe(database, lane=b"l" * 16, state=DeliveryState.WAITING)
    behind = await town.owe(database, lane=b"l" * 16)
    store = StoredDeliveries(database)
    assert await store.claim(ids(behind), "a", town.now, town.later()) == ()
    await store.due(town.now, town.later(DAY), 10)
    assert await answer(desk, town, waiting)
    assert await store.due(town.now, town.later(), 10) == ((OHIO, behind[0].id),)
    assert len(await store.claim(ids(behind), "a", town.now, town.later())) == 1
