"""The commit path on both databases: group commit, replays, serial numbers, crashes."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from gateway.core.errors import GatewayError, Unavailable
from gateway.core.model import PartnerKey, RecordState
from gateway.core.ports.submissions import Replayed
from gateway.store.engine import Limits, open_database
from gateway.store.intake import GroupBounds, StoredIntake
from gateway.store.records import StoredRecords
from gateway.store.tables import audit_entries, deliveries, findings, items, metadata, records, serials, submissions
from tests.contract.store_samples import (
    IOWA,
    NOW,
    OHIO,
    TANF,
    acceptance,
    finding,
    judged_record,
    mint,
    one_record,
    receipt,
    submission,
)


@pytest.fixture
async def intake(database):
    opened = StoredIntake(database)
    yield opened
    await opened.close()


async def rows(database, table):
    async with database.read() as connection:
        return (await connection.execute(select(table))).all()


async def sizes(database):
    """How many rows each table has, without the empty ones."""
    async with database.read() as connection:
        counted = {t.name: await connection.scalar(select(func.count()).select_from(t)) for t in metadata.sorted_tables}
    return {name: number for name, number in counted.items() if number}


@contextlib.contextmanager
def commits(database):
    """Counts the commits of the writer, and the statements that are a transaction of their own."""
    seen = []
    engine = database._writer.sync_engine

    def note(_connection):
        seen.append(1)

    def note_statement(_connection, _cursor, statement, *_):
        if statement.startswith("WITH"):
            seen.append(1)

    event.listen(engine, "commit", note)
    event.listen(engine, "before_cursor_execute", note_statement)
    yield seen
    event.remove(engine, "commit", note)
    event.remove(engine, "before_cursor_execute", note_statement)


async def test_an_accepted_submission_is_there_with_all_that_belongs_to_it(database, intake):
    posted = submission("k-1")
    offered = acceptance(
        posted,
        judged_record(posted.id, 1, to=(IOWA, TANF), serial="S1", findings=(finding("R-1"),)),
        judged_record(posted.id, 2, state=RecordState.REFUSED, findings=(finding("R-2", 2),)),
        judged_record(posted.id, 3, state=RecordState.UNROUTABLE),
        judged_record(posted.id, 4, batched=True),
        findings=(finding("R-3", None),),
    )
    assert await intake.accept(offered) == offered.submission
    assert await intake.find(OHIO, "k-1") == offered.submission
    assert await sizes(database) == {
        "submissions": 1,
        "records": 4,
        "serials": 1,
        "findings": 3,
        "items": 3,
        "deliveries": 2,
        "numbers": 2,
        "audit_entries": 5,
    }


async def test_every_record_comes_back_as_it_was_offered(database, intake):
    offered = one_record("k", serial="S", case=b"\x00" * 16, size=3000)
    await intake.accept(offered)
    stored = await StoredRecords(database).get(offered.judged[0].record.id)
    assert stored == offered.judged[0].record


async def test_a_repeat_gets_the_first_submission_byte_for_byte(intake):
    first = one_record("same")
    await intake.accept(first)
    again = await intake.accept(one_record("same"))
    assert again == Replayed(first.submission)
    assert again.submission.receipt == first.submission.receipt


async def test_two_submissions_with_one_key_in_one_group_are_one(database, intake):
    first, second = one_record("same", serial="S"), one_record("same", serial="S")
    results = await asyncio.gather(intake.accept(first), intake.accept(second))
    assert results == [first.submission, Replayed(first.submission)]
    assert (await sizes(database))["records"] == 1


async def test_a_hundred_parallel_posts_with_one_key_are_one_submission_with_equal_answers(database, intake):
    results = await asyncio.gather(*(intake.accept(one_record("same", serial="S")) for _ in range(100)))
    assert len({_submission(result) for result in results}) == 1
    assert await sizes(database) == {
        "submissions": 1,
        "records": 1,
        "serials": 1,
        "items": 1,
        "deliveries": 1,
        "numbers": 1,
        "audit_entries": 2,
    }


def _submission(result):
    return result.submission if isinstance(result, Replayed) else result


async def test_the_same_key_of_another_sender_is_another_submission(database, intake):
    await asyncio.gather(intake.accept(one_record("k")), intake.accept(one_record("k", sender=IOWA, to=(OHIO,))))
    assert (await sizes(database))["submissions"] == 2


async def test_a_serial_number_used_before_refuses_its_record_and_rewrites_the_receipt(database, intake):
    await intake.accept(one_record("first", serial="S1"))
    posted = submission("second")
    offered = acceptance(
        posted, judged_record(posted.id, 1, serial="S1"), judged_record(posted.id, 2, serial="S2", to=(TANF,))
    )
    stored = await intake.accept(offered)
    assert (stored.counts.accepted, stored.counts.refused) == (1, 1)
    assert stored.receipt == receipt(stored, offered.without(frozenset({1})).judged, ())
    assert stored == await intake.find(OHIO, "second")
    refused = await StoredRecords(database).get(offered.judged[0].record.id)
    assert (refused.state, refused.reason, refused.sealed) == (RecordState.REFUSED, "CSE-SERIAL-DUPLICATE", None)
    assert len(await rows(database, deliveries)) == 2
    assert [row.rule for row in await rows(database, findings)] == ["CSE-SERIAL-DUPLICATE"]
    actions = sorted(row.action for row in await rows(database, audit_entries))
    assert actions == ["record.accepted", "record.accepted", "record.refused", "submission.judged", "submission.judged"]


async def test_two_submissions_of_one_group_that_claim_one_serial_leave_it_to_the_first(intake):
    first, second = one_record("z-first", serial="S"), one_record("a-second", serial="S")
    one, two = await asyncio.gather(intake.accept(first), intake.accept(second))
    assert (one.counts.accepted, two.counts.refused) == (1, 1)


async def test_two_records_of_one_submission_that_claim_one_serial_leave_it_to_the_first(database, intake):
    posted = submission("k")
    offered = acceptance(posted, judged_record(posted.id, 1, serial="S"), judged_record(posted.id, 2, serial="S"))
    await intake.accept(offered)
    states = {row.ordinal: row.state for row in await rows(database, records)}
    assert states == {1: "routed", 2: "refused"}
    assert [row.record for row in await rows(database, serials)] == [offered.judged[0].record.id]


async def test_a_fresh_group_is_one_transaction_though_a_repeat_breaks_the_next(database, intake):
    """One statement that is its own transaction on PostgreSQL; with a repeat in it, a transaction of several."""
    with commits(database) as seen:
        await intake.accept(one_record("k-1", serial="S1"))
        assert len(seen) == 1
        again, fresh = await asyncio.gather(
            intake.accept(one_record("k-1", serial="S1")), intake.accept(one_record("k-2", serial="S2"))
        )
    assert isinstance(again, Replayed)
    assert not isinstance(fresh, Replayed)


async def test_a_replay_does_not_count_its_own_serials_as_duplicates(intake):
    offered = one_record("k", serial="S")
    await intake.accept(offered)
    again = await intake.accept(one_record("k", serial="S"))
    assert again.submission.counts.accepted == 1
    other, replay = await asyncio.gather(
        intake.accept(one_record("new", serial="T")), intake.accept(one_record("k", serial="T"))
    )
    assert other.counts.accepted == 1
    assert isinstance(replay, Replayed)


async def test_refused_records_claim_no_serial(database, intake):
    await intake.accept(one_record("bad", serial="S", state=RecordState.REFUSED))
    mended = await intake.accept(one_record("mended", serial="S"))
    assert mended.counts.accepted == 1
    assert len(await rows(database, serials)) == 1


async def test_waiters_share_one_transaction(database, intake):
    with commits(database) as seen:
        await asyncio.gather(*(intake.accept(one_record(f"k-{i}")) for i in range(50)))
    assert len(seen) == 1


async def test_a_bound_of_one_makes_a_transaction_of_each(database):
    alone = StoredIntake(database, bounds=GroupBounds(submissions=1))
    with commits(database) as seen:
        await asyncio.gather(*(alone.accept(one_record(f"k-{i}")) for i in range(5)))
    assert len(seen) == 5


async def test_a_group_never_holds_more_records_than_the_bound_unless_one_submission_does(database):
    bounded = StoredIntake(database, bounds=GroupBounds(records=3))
    posted = submission("big")
    big = acceptance(posted, *(judged_record(posted.id, n) for n in range(1, 6)))
    with commits(database) as seen:
        await asyncio.gather(bounded.accept(big), *(bounded.accept(one_record(f"k-{i}")) for i in range(6)))
    assert len(seen) == 3


async def test_a_poisoned_acceptance_fails_alone(database, intake):
    def burst(*_):
        raise ValueError("SSN 900-12-3456")

    await intake.accept(one_record("before", serial="S"))
    poisoned = replace(one_record("poison", serial="S"), write_receipt=burst)
    clash = one_record("clash")
    twin = acceptance(replace(submission("twin"), id=clash.submission.id), *one_record("x").judged)
    offers = [*(one_record(f"k-{i}") for i in range(5)), poisoned, clash, twin]
    results = await asyncio.gather(*map(intake.accept, offers), return_exceptions=True)
    failed = [result for result in results if isinstance(result, GatewayError)]
    assert len(failed) == 2
    assert all("900" not in str(error) and error.__cause__ is None for error in failed)
    assert (await sizes(database))["submissions"] == 7


async def test_a_failed_group_leaves_nothing_behind(database, intake):
    before = await sizes(database)
    posted = submission("k")
    judged = judged_record(posted.id, 1, serial="S", findings=(finding("R"),))
    with pytest.raises(GatewayError):
        await intake.accept(acceptance(posted, judged, replace(judged, findings=())))
    assert await sizes(database) == before
    assert isinstance(await intake.accept(acceptance(posted, judged)), type(posted))


async def test_a_cancelled_waiter_does_not_harm_its_group(database, intake):
    offers = [one_record(f"k-{i}") for i in range(10)]
    tasks = [asyncio.create_task(intake.accept(offer)) for offer in offers]
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the group is begun
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results].count(True) == 1
    assert (await sizes(database))["submissions"] == 10


async def test_one_cancelled_before_its_group_is_begun_is_not_written(database, intake):
    task = asyncio.create_task(intake.accept(one_record("never")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await intake.accept(one_record("other"))
    assert [row.idempotency_key for row in await rows(database, submissions)] == ["other"]


async def test_closing_commits_what_waits_and_takes_nothing_new(intake):
    tasks = [asyncio.create_task(intake.accept(one_record(f"k-{i}"))) for i in range(20)]
    await asyncio.sleep(0)
    await intake.close()
    assert len(await asyncio.gather(*tasks)) == 20
    with pytest.raises(Unavailable):
        await intake.accept(one_record("late"))


async def test_deliveries_are_announced_by_the_relay_only_after_the_grace(database):
    await StoredIntake(database, announce_grace=timedelta(seconds=30)).accept(one_record("k"))
    (owed,) = await rows(database, deliveries)
    assert (owed.due_at, owed.announce_at) == (NOW, NOW + timedelta(seconds=30))


async def test_running_numbers_have_no_gap_for_each_partner_sender_and_kind(database, intake):
    await asyncio.gather(*(intake.accept(one_record(f"a-{i}", to=(IOWA, TANF))) for i in range(7)))
    await intake.accept(one_record("b", to=(IOWA,)))
    numbers = {}
    for row in await rows(database, deliveries):
        numbers.setdefault(row.partner, []).append(row.number)
    assert {partner: sorted(found) for partner, found in numbers.items()} == {
        "iowa": list(range(1, 9)),
        "tanf": list(range(1, 8)),
    }


async def test_two_processes_with_the_same_keys_and_serials_accept_each_once(database, database_url):
    other = open_database(database_url)
    desks = [StoredIntake(database, bounds=GroupBounds(submissions=7)), StoredIntake(other)]
    offers = [(desk, one_record(f"k-{i}", serial=f"S-{i % 40}")) for i in range(60) for desk in desks]
    results = await asyncio.gather(*(desk.accept(offer) for desk, offer in offers))
    await other.dispose()
    assert sum(isinstance(result, Replayed) for result in results) == 60
    assert (await sizes(database))["submissions"] == 60
    accepted = [row for row in await rows(database, records) if row.state == "routed"]
    assert len(accepted) == len({row.serial for row in accepted}) == 40
    assert len(await rows(database, items)) == 40


OFFERS = st.tuples(st.integers(0, 4), st.lists(st.integers(0, 5), max_size=3))
"""A key, and the serial numbers of the records."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(OFFERS, min_size=1, max_size=5), max_size=5))
async def test_any_groups_give_what_one_after_the_other_would(intake, groups):
    sender = PartnerKey(mint())
    first_of, taken = {}, set()
    for group in groups:
        offers, expected = [], []
        for key, serials_ in group:
            posted = submission(f"k-{key}", sender=sender)
            judged = [
                judged_record(posted.id, n, sender=sender, serial=str(serial)) for n, serial in enumerate(serials_, 1)
            ]
            offers.append(acceptance(posted, *judged))
            if key not in first_of:
                fresh = set(serials_) - taken
                taken |= fresh
                first_of[key] = (posted.id, len(fresh))
            expected.append((first_of[key], first_of[key][0] != posted.id))
        results = await asyncio.gather(*map(intake.accept, offers))
        found = [
            ((_submission(result).id, _submission(result).counts.accepted), isinstance(result, Replayed))
            for result in results
        ]
        assert found == expected


async def test_an_intake_without_a_server_is_unavailable_and_accepts_nothing(tmp_path):
    for url in ("postgresql+asyncpg://gateway@127.0.0.1:1/x", f"sqlite+aiosqlite:///{tmp_path}/no/such.db"):
        away = open_database(url, Limits(connect=timedelta(seconds=1)))
        with pytest.raises(Unavailable) as caught:
            await StoredIntake(away).accept(one_record("k"))
        assert caught.value.retry_after > timedelta(0)
        await away.dispose()
