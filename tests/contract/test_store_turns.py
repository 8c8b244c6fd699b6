"""The order of files on both databases: taken with the first records, once, by one of those who want it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway.core.acceptance import Chunk
from gateway.core.errors import Unavailable, Unreadable
from gateway.core.model import Submission
from gateway.core.ports.submissions import Replayed
from gateway.core.succession import FILE_OLDER, FILE_REPEATED, Claim, Turn
from gateway.store.audit import StoredAuditLog
from gateway.store.intake import StoredIntake
from gateway.store.spool import StoredSpool
from gateway.store.tables import file_numbers, last_files, records, submissions
from gateway.store.turns import StoredTurns
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

SERIES = "w4:39"


def asked(posted, number="1", day="20260302", sender=OHIO, series=SERIES):
    """``number``: one, or those of several headers with a comma between."""
    claims = [
        Claim(series, one, replace(finding(FILE_REPEATED, None), line=line))
        for line, one in enumerate(number.split(","), 1)
    ]
    return Turn(sender, series, posted.submission.id, tuple(claims), day, finding(FILE_OLDER, None))


def file(key, number="1", day="20260302", **of):
    one = one_record(key)
    return replace(one, turn=asked(one, number, day, **of))


async def outcome(intake, one):
    try:
        return type(await intake.accept(one)).__name__
    except Unreadable as error:
        return error.findings[0].rule


async def count(database, table):
    async with database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(table))


@pytest.fixture
def intake(database):
    return StoredIntake(database)


async def test_a_number_comes_once_and_no_file_is_from_before_the_last_one(database, intake):
    files = [
        file("a"),
        file("b", "1"),
        file("c", "2", "20260301"),
        file("d", "2", "20260302"),
        file("e", "3", "20260303"),
        file("f", "4", "20260302"),
        file("g", "1", sender=IOWA),
        file("h", "1", series="w4:26"),
    ]
    told = [await outcome(intake, one) for one in files]
    fine = "Submission"
    assert told == [fine, FILE_REPEATED, FILE_OLDER, fine, fine, FILE_OLDER, fine, fine]
    assert await count(database, submissions) == await count(database, records) == told.count(fine)
    assert await count(database, file_numbers) == told.count(fine)


async def test_of_several_numbers_a_file_gets_all_or_none_and_each_that_came_before_is_named(database, intake):
    await intake.accept(file("a", "1,2"))
    for key, number, lines in (("b", "3,2,1", [2, 3]), ("c", "3,4,3", [3]), ("d", "3,4", None), ("e", "5,4", [2])):
        one = file(key, number)
        told = await StoredTurns(database).refusal(one.turn)
        assert [f.line for f in told] == (lines or [])
        if lines is None:
            await intake.accept(one)
        else:
            with pytest.raises(Unreadable) as refused:
                await intake.accept(one)
            assert [f.line for f in refused.value.findings] == lines
    assert await count(database, submissions) == 2
    assert await count(database, file_numbers) == 4


async def test_a_number_that_a_refused_file_asked_for_is_free_for_its_neighbour(database, intake):
    """In one transaction: the first asks for one that is used, the second for what the first then gives back."""
    await intake.accept(file("a", "1"))
    files = [file("b", "1,2,3"), file("c", "3,4"), file("d", "4"), file("e", "2")]
    told = await asyncio.gather(*(outcome(intake, one) for one in files))
    assert told == [FILE_REPEATED, "Submission", FILE_REPEATED, "Submission"]
    assert await count(database, file_numbers) == 4


async def test_the_control_without_a_turn_every_file_is_taken(database, intake):
    told = [await outcome(intake, replace(file(key), turn=None)) for key in ("a", "b")]
    assert told == ["Submission"] * 2
    assert await count(database, file_numbers) == await count(database, last_files) == 0


async def test_a_repeat_of_a_submission_is_the_same_submission_whatever_came_after(intake):
    first = file("a")
    await intake.accept(first)
    await intake.accept(file("b", "2", "20260309"))
    again = await intake.accept(replace(file("a"), turn=asked(one_record("a"))))
    assert isinstance(again, Replayed)
    assert again.submission.id == first.submission.id


async def test_repeats_along_with_a_file_out_of_turn_are_so_too_and_their_neighbours_are_taken(database, intake):
    await intake.accept(file("a", "1"))
    changed = file("b", "2")
    changed = replace(changed, submission=replace(changed.submission, body_digest="0" * 64))
    files = [file("b", "1"), file("b", "1"), file("b", "1"), changed, one_record("n")]
    told = await asyncio.gather(*(intake.accept(one) for one in files), return_exceptions=True)
    assert [type(one) for one in told] == [Unreadable, Unreadable, Unreadable, Unavailable, Submission]
    assert [one.findings[0].rule for one in told[:3]] == [FILE_REPEATED] * 3
    assert await count(database, submissions) == 2
    assert await outcome(intake, changed) == "Submission"


async def test_of_files_that_come_at_the_same_time_exactly_one_has_the_number(database, intake):
    """In one group, in two processes: the neighbours of those that are refused are taken all the same."""
    other = StoredIntake(database)
    files = [file(f"k{number}-{copy}", str(number)) for number in range(4) for copy in range(3)]
    told = await asyncio.gather(*(outcome((intake, other)[at % 2], one) for at, one in enumerate(files)))
    assert [told[at : at + 3].count("Submission") for at in range(0, 12, 3)] == [1] * 4
    assert await count(database, submissions) == 4


async def test_a_big_file_takes_its_turn_with_its_first_records_and_keeps_nothing_when_it_is_late(database, intake):
    spool = StoredSpool(database, lambda: NOW)
    until = NOW + timedelta(minutes=1)
    await intake.accept(file("a", "1", "20260305"))
    for key, number, day, rule in (("b", "2", "20260304", FILE_OLDER), ("c", "2", "20260305", None)):
        posted = submission(key, spooled=True)
        received = acceptance(posted)
        await intake.accept(received)
        assert (await spool.claim("me", NOW, until)).id == posted.id
        chunk = Chunk(posted.id, 0, (judged_record(posted.id),), asked(received, number, day))
        if rule is None:
            assert await spool.judged("me", chunk, until)
        else:
            with pytest.raises(Unreadable):
                await spool.judged("me", chunk, until)
        assert await spool.finished("me", posted.id, NOW, (), ())
    assert await count(database, records) == 2


async def test_one_may_ask_before_and_a_person_may_let_a_series_begin_anew(database, intake):
    turns = StoredTurns(database)
    await intake.accept(file("a", "1", "99991231"))
    late, repeated = asked(one_record("b"), "2"), asked(one_record("b"), "1", "99991231")
    assert (await turns.refusal(late), await turns.refusal(repeated)) == ((late.older,), (repeated.claims[0].repeated,))
    (last,) = await turns.last(OHIO)
    assert (last.series, last.place) == (SERIES, "99991231")
    entry = scribe.entry(ACTOR, "partner.restarted", "partner:ohio", details={"series": SERIES})
    assert [await turns.forget(OHIO, series, entry) for series in (SERIES, SERIES)] == [True, False]
    assert await turns.refusal(late) == ()
    assert len(await StoredAuditLog(database).about("partner:ohio")) == 1
    assert await outcome(intake, file("b", "1", "20260302")) == FILE_REPEATED
