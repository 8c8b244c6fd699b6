"""When a failed delivery is tried again: every time asserted, so that no schedule can rot unnoticed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model import RetrySchedule
from gateway.core.retry import DEFAULT_WAITS, next_attempt

AT = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)
PLAIN = RetrySchedule(DEFAULT_WAITS, jitter=0.0)
JITTERED = RetrySchedule(DEFAULT_WAITS, jitter=0.2)

GOLDEN = [
    # attempts, no jitter, earliest (roll 0), latest (roll just under 1): seconds after the failed attempt
    (1, 30, 24, 36),
    (2, 120, 96, 144),
    (3, 600, 480, 720),
    (4, 1_800, 1_440, 2_160),
    (5, 3_600, 2_880, 4_320),
    (6, 7_200, 5_760, 8_640),
    (7, 14_400, 11_520, 17_280),
    (8, 28_800, 23_040, 34_560),
    (9, 43_200, 34_560, 51_840),
    (10, 86_400, 69_120, 103_680),
    (11, 86_400, 69_120, 103_680),
]


@pytest.mark.parametrize(("attempts", "plain", "earliest", "latest"), GOLDEN)
def test_every_wait_of_the_default_schedule_is_what_the_table_says(attempts, plain, earliest, latest):
    assert next_attempt(PLAIN, attempts, AT, 0.7) == AT + timedelta(seconds=plain)
    assert next_attempt(JITTERED, attempts, AT, 0.5) == AT + timedelta(seconds=plain)
    assert next_attempt(JITTERED, attempts, AT, 0.0) == AT + timedelta(seconds=earliest)
    late = next_attempt(JITTERED, attempts, AT, 1 - 2**-53)
    assert abs((late - AT).total_seconds() - latest) < 0.001


def test_after_the_last_wait_there_is_no_further_attempt_whatever_the_partner_asks():
    assert next_attempt(PLAIN, 12, AT, 0.5) is None
    assert next_attempt(PLAIN, 12, AT, 0.5, timedelta(minutes=1)) is None


def test_the_default_schedule_outlasts_a_weekend_even_when_every_roll_is_low():
    friday_evening_to_monday_noon = timedelta(hours=60)
    assert sum(DEFAULT_WAITS, timedelta()) * 0.8 > friday_evening_to_monday_noon


RETRY_AFTER = [
    # what the partner asks, what we wait after the first failure (our own wait is 30 s, the cap 6 h)
    (timedelta(seconds=-5), timedelta(seconds=30)),
    (timedelta(0), timedelta(seconds=30)),
    (timedelta(seconds=29), timedelta(seconds=30)),
    (timedelta(seconds=31), timedelta(seconds=31)),
    (timedelta(hours=5), timedelta(hours=5)),
    (SIX_HOURS, SIX_HOURS),
    (timedelta(days=400), SIX_HOURS),
]


@pytest.mark.parametrize(("asked", "waited"), RETRY_AFTER)
def test_retry_after_is_honoured_when_longer_and_capped_and_never_shortens(asked, waited):
    assert next_attempt(PLAIN, 1, AT, 0.5, asked) == AT + waited


def test_a_cap_below_our_own_wait_does_not_shorten_it():
    capped = RetrySchedule((timedelta(hours=8),), 0.0, longest_retry_after=timedelta(minutes=1))
    assert next_attempt(capped, 1, AT, 0.5, timedelta(days=1)) == AT + timedelta(hours=8)


waits = st.lists(st.timedeltas(timedelta(milliseconds=1), timedelta(days=7)), min_size=1, max_size=12)
asked_waits = st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=30))


@given(waits, st.floats(0, 0.5), st.floats(0, 1, exclude_max=True), asked_waits, st.data())
def test_a_wait_is_never_shorter_than_the_jitter_allows_and_never_longer_than_anybody_asked(
    waits, jitter, roll, asked, data
):
    schedule = RetrySchedule(tuple(waits), jitter, SIX_HOURS)
    attempts = data.draw(st.integers(1, len(waits)))
    wait = waits[attempts - 1]
    found = next_attempt(schedule, attempts, AT, roll, asked) - AT
    rounding = timedelta(microseconds=1)
    assert found >= wait * (1 - jitter) - rounding
    assert found <= max(wait * (1 + jitter), min(asked or timedelta(), SIX_HOURS)) + rounding


@given(waits, st.data())
def test_a_schedule_ends_after_exactly_its_waits(waits, data):
    schedule = RetrySchedule(tuple(waits))
    attempts = data.draw(st.integers(1, 2 * len(waits)))
    assert (next_attempt(schedule, attempts, AT, 0.5) is None) == (attempts > len(waits))
