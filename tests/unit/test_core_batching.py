"""Windows of a partner's calendar over daylight saving and holidays, and the count and age of batches."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.batching import due, window_after, working_day
from gateway.core.model import Batching, BatchMode

NIGHTLY = Batching(BatchMode.WINDOW, cron="0 2 * * *")
SMALL_HOURS = Batching(BatchMode.WINDOW, cron="30 1 * * *")
EVENING = Batching(BatchMode.WINDOW, cron="30 18 * * *")
WORKDAYS = Batching(BatchMode.WINDOW, cron="0 6 * * *", working_days=True)
MINUTE = timedelta(minutes=1)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WINDOWS = [
    # evening windows of New York keep their wall-clock time: 23:30 UTC in winter, 22:30 UTC in summer
    (EVENING, "2026-03-07T12:00", "2026-03-07T23:30"),
    (EVENING, "2026-03-08T12:00", "2026-03-08T22:30"),
    (EVENING, "2026-10-31T12:00", "2026-10-31T22:30"),
    (EVENING, "2026-11-01T12:00", "2026-11-01T23:30"),
    # a window is strictly after the moment
    (EVENING, "2026-03-08T22:30", "2026-03-09T22:30"),
    # 02:00 does not exist on 8 March, so the window opens at 03:00; 1 November has it once
    (NIGHTLY, "2026-03-08T05:30", "2026-03-08T07:00"),
    (NIGHTLY, "2026-11-01T04:30", "2026-11-01T07:00"),
    # 01:30 comes twice on 1 November: the window opens the first time, and what comes later waits for the next day
    (SMALL_HOURS, "2026-11-01T04:30", "2026-11-01T05:30"),
    (SMALL_HOURS, "2026-11-01T05:45", "2026-11-02T06:30"),
    (SMALL_HOURS, "2026-11-01T06:10", "2026-11-02T06:30"),
    (SMALL_HOURS, "2026-11-01T06:40", "2026-11-02T06:30"),
    # another zone, without daylight saving
    (Batching(BatchMode.WINDOW, cron="0 2 * * *", timezone="America/Phoenix"), "2026-07-01T00:00", "2026-07-01T09:00"),
    # working days: over a weekend, over Presidents' Day, and over Independence Day observed on a Friday
    (WORKDAYS, "2026-03-06T12:00", "2026-03-09T10:00"),
    (WORKDAYS, "2026-02-13T12:00", "2026-02-17T11:00"),
    (WORKDAYS, "2026-07-02T12:00", "2026-07-06T10:00"),
]


@pytest.mark.parametrize(("batching", "moment", "window"), WINDOWS)
def test_the_next_window_is_what_the_partners_wall_clock_says(batching, moment, window):
    assert window_after(batching, utc(moment)) == utc(window)


HOLIDAYS = [
    date(2026, 1, 1),
    date(2026, 1, 19),
    date(2026, 2, 16),
    date(2026, 5, 25),
    date(2026, 6, 19),
    date(2026, 7, 3),  # the 4th is a Saturday
    date(2026, 9, 7),
    date(2026, 10, 12),
    date(2026, 11, 11),
    date(2026, 11, 26),
    date(2026, 12, 25),
    date(2027, 12, 31),  # New Year's Day of 2028 is a Saturday
]


@pytest.mark.parametrize("day", HOLIDAYS, ids=str)
def test_federal_offices_are_closed_on_the_day_on_which_a_holiday_is_observed(day):
    assert not working_day(day)
    assert not working_day(date(2026, 3, 7))
    assert not working_day(date(2026, 3, 8))
    assert working_day(date(2026, 3, 9))


def test_without_working_days_the_same_window_falls_on_the_holiday():
    every_day = Batching(BatchMode.WINDOW, cron="0 6 * * *")
    assert window_after(every_day, utc("2026-07-02T12:00")) == utc("2026-07-03T10:00")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware in the next line
def test_a_daily_window_is_always_ahead_and_never_more_than_a_day_and_an_hour_away(naive):
    moment = naive.replace(tzinfo=UTC)
    window = window_after(EVENING, moment)
    assert moment < window <= moment + timedelta(hours=25)
    assert window.tzinfo is UTC


NOW = utc("2026-03-09T12:00")
COUNTED = Batching(BatchMode.COUNT, count=100, age=5 * MINUTE)


@pytest.mark.parametrize(
    ("batching", "waiting", "waited", "expected"),
    [
        (Batching(), 0, MINUTE, False),
        (Batching(), 1, timedelta(), True),
        (COUNTED, 0, timedelta(days=1), False),
        (COUNTED, 99, 4 * MINUTE, False),
        (COUNTED, 100, timedelta(), True),
        (COUNTED, 1, 5 * MINUTE, True),
        (COUNTED, 1, 5 * MINUTE - timedelta(microseconds=1), False),
        (EVENING, 10_000_000, MINUTE, False),
        (EVENING, 1, timedelta(days=1), True),
        (EVENING, 0, timedelta(days=1), False),
    ],
)
def test_a_batch_is_due_by_count_or_age_or_window(batching, waiting, waited, expected):
    assert due(batching, waiting, NOW - waited, NOW) is expected


def test_a_window_that_is_just_now_is_due_once_its_minute_has_come():
    window = window_after(EVENING, NOW)
    assert not due(EVENING, 1, NOW, window - timedelta(microseconds=1))
    assert due(EVENING, 1, NOW, window)
