"""One partner's line: how much goes at once, how fast, and what the breaker lets through."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.core.breaker import Breaker, BreakerState
from gateway.core.model import AdapterName, BreakerPolicy, DeliveryId, Endpoint, Partner, PartnerKey, Role
from gateway.work.line import AHEAD, BACKLOG, HELD, RECORD, Line

SMALL = 1_600
"""Sealed bytes of one record."""
START = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)


def line(rate=None, concurrency=4, failures=2):
    policy = BreakerPolicy(failures, rest=timedelta(seconds=30))
    partner = Partner(
        PartnerKey("ohio"),
        "Ohio",
        Role.STATE,
        "IV-D",
        frozenset({"39"}),
        Endpoint(AdapterName.FOLDER),
        rate_per_second=rate,
        concurrency=concurrency,
        breaker=policy,
    )
    return Line(partner, Breaker(policy, since=START), _weight=SMALL)


def ids(count, first=0):
    return [DeliveryId(f"d-{n}") for n in range(first, first + count)]


def test_ids_leave_in_the_order_in_which_they_came_and_each_once():
    one = line()
    one.add(ids(3))
    one.add([*ids(3), DeliveryId("d-3")])
    assert one.take(START) == ids(4)
    assert one.take(START) == []


def test_so_many_are_claimed_ahead_of_those_that_run():
    one = line(concurrency=3)
    one.add(ids(100))
    assert len(one.take(START)) == AHEAD * 3
    one.running = AHEAD * 3 - 1
    assert len(one.take(START)) == 1
    one.running = AHEAD * 3 + 5
    assert one.take(START) == []


def test_nothing_is_claimed_ahead_for_a_partner_with_a_rate():
    one = line(rate=100, concurrency=3)
    one.add(ids(100))
    one.take(START)
    assert len(one.take(START + timedelta(seconds=1))) == 3


def test_a_line_remembers_only_so_many_ids_and_leaves_the_others_to_the_relay():
    one = line()
    one.add(ids(BACKLOG + 10))
    assert one.waiting == BACKLOG
    assert one.empty() == ids(BACKLOG)
    assert one.waiting == 0


# --- rate ------------------------------------------------------------------------------------------------------------


def drained(one, seconds):
    """How many leave when somebody looks every millisecond or when the line says so, for so many seconds."""
    now, end, sent = START, START + timedelta(seconds=seconds), []
    while now <= end:
        taken = one.take(now)
        one.begin([SMALL] * len(taken))
        for _ in taken:
            one.end(SMALL)
        sent += [now] * len(taken)
        now += one.pause_before_next() or timedelta(milliseconds=1)
    return sent


@pytest.mark.parametrize("rate", [0.5, 1, 3, 49, 250])
def test_the_rate_is_kept_over_ten_seconds_and_made_use_of(rate):
    one = line(rate, concurrency=256)
    one.add(ids(5_000))
    sent = drained(one, 10)
    assert 10 * rate * 0.8 <= len(sent) <= 10 * rate + max(1, rate)


@given(st.floats(0.1, 1_000))
def test_a_line_held_back_by_its_rate_always_says_when_to_look_again(rate):
    one = line(rate, concurrency=256)
    one.add(ids(3_000))
    now = START
    for _ in range(20):
        taken = one.take(now)
        one.begin([SMALL] * len(taken))
        for _ in taken:
            one.end(SMALL)
        if not taken:
            assert one.pause_before_next() > timedelta()
        now += one.pause_before_next()


def test_after_a_rest_no_more_than_one_second_of_the_rate_goes_at_once():
    one = line(10, concurrency=256)
    one.add(ids(1_000))
    one.take(START)
    assert len(one.take(START + timedelta(hours=1))) <= 10


@pytest.mark.parametrize("sharers", [1, 2, 5])
def test_processes_that_share_a_partner_keep_its_rate_together(sharers):
    sent = 0
    for _ in range(sharers):
        one = line(20, concurrency=256)
        one.sharers = sharers
        one.add(ids(2_000))
        sent += len(drained(one, 10))
    assert 160 <= sent <= 220


def test_control_processes_that_do_not_know_of_each_other_exceed_it():
    sent = 0
    for _ in range(2):
        one = line(20, concurrency=256)
        one.add(ids(2_000))
        sent += len(drained(one, 10))
    assert sent > 300


def test_what_could_not_be_claimed_costs_nothing():
    one = line(1)
    one.add(ids(5))
    assert len(one.take(START)) == 1
    one.begin([])
    assert len(one.take(START)) == 1
    one.begin([SMALL])
    assert one.take(START) == []
    assert one.pause_before_next() == timedelta(seconds=1)


def test_a_clock_that_goes_backwards_lets_nothing_more_out():
    one = line(1)
    one.add(ids(5))
    one.begin([SMALL] * len(one.take(START)))
    assert one.take(START - timedelta(hours=1)) == []
    assert one.take(START - timedelta(hours=1)) == []


# --- size ------------------------------------------------------------------------------------------------------------


def test_the_first_delivery_of_a_line_is_tried_alone_because_its_size_is_unknown():
    one = line()
    one = Line(one.partner, one.breaker)
    one.add(ids(9))
    assert len(one.take(START)) == 1
    one.begin([])  # somebody else had it
    assert len(one.take(START)) == 1


def test_big_deliveries_are_claimed_one_at_a_time():
    one = line()
    one.add(ids(9))
    one.begin([HELD + 1])
    assert one.take(START) == []
    one.end(HELD + 1)
    assert len(one.take(START)) == 1


@given(st.integers(1, 2 * HELD), st.integers(1, 8))
def test_deliveries_of_one_size_never_hold_more_than_the_bound_unless_one_alone_does(weight, running):
    one = line()
    one.add(ids(9))
    one.begin([weight] * running)
    taken = len(one.take(START))
    assert taken == 0 or (running + taken) * weight <= HELD or running + taken == 1


def test_whole_files_after_small_ones_go_one_at_a_time_and_the_others_wait_before_all_else():
    one = line()
    one.add(ids(4))
    one.begin([SMALL])
    one.end(SMALL)
    taken = one.take(START)
    sizes = dict.fromkeys(taken, HELD // RECORD)
    one.add(ids(2, first=4))
    assert one.fitting(taken, sizes) == ids(1)
    one.begin([HELD])
    assert one.fitting(one.take(START), sizes) == []
    one.end(HELD)
    assert one.empty() == [*ids(5, first=1)]


@given(st.lists(st.integers(0, 12_000), min_size=1, max_size=8), st.integers(0, HELD), st.booleans())
def test_what_fits_is_a_beginning_that_stays_within_the_bound_unless_it_is_one_alone(records, held, busy):
    one = line()
    if busy:
        one.begin([held])
    asked = ids(len(records))
    fit = one.fitting(asked, dict(zip(asked, records, strict=True)))
    assert [*fit, *one.empty()] == asked
    bytes_ = sum(records[: len(fit)]) * RECORD + (held if busy else 0)
    assert bytes_ <= HELD or (len(fit) == 1 and not busy) or not fit
    assert fit or busy


# --- breaker ---------------------------------------------------------------------------------------------------------


def test_an_open_breaker_stops_the_line_until_its_probe():
    one = line()
    one.add(ids(9))
    one.breaker = one.breaker.failed(START, 0).failed(START, 0)
    probe = START + timedelta(seconds=30)
    assert one.stopped(START) == probe
    assert one.take(START) == []
    assert one.stopped(probe) is None
    assert len(one.take(probe)) == 1


def test_while_a_probe_runs_no_second_one_goes_and_when_it_is_called_off_the_next_may():
    one = line()
    one.add(ids(9))
    one.breaker = one.breaker.failed(START, 0).failed(START, 0)
    probe = START + timedelta(seconds=30)
    assert len(one.take(probe)) == 1
    one.running = 1
    assert one.take(probe) == []
    one.running = 0
    assert len(one.take(probe)) == 1


def test_attempts_from_before_the_outage_that_still_run_keep_the_probe_waiting():
    one = line()
    one.add(ids(9))
    one.running = 3
    one.breaker = one.breaker.failed(START, 0).failed(START, 0)
    assert one.take(START + timedelta(seconds=30)) == []


def test_a_breaker_that_opens_is_a_warning_that_says_how_long_and_one_that_closes_is_news():
    one = line(failures=1)
    with capture_logs() as said:
        one.breaker = one.breaker.failed(START, 0)
        one.say_breaker(BreakerState.CLOSED)
        later = START + timedelta(minutes=1)
        one.breaker = one.breaker.at(later).failed(later, 1)
        one.say_breaker(BreakerState.HALF_OPEN)
        later += timedelta(minutes=2)
        one.breaker = one.breaker.at(later).succeeded(later, 2)
        one.say_breaker(BreakerState.HALF_OPEN)
    assert [(entry["log_level"], entry["partner"], entry["state"]) for entry in said] == [
        ("warning", "ohio", "open"),
        ("info", "ohio", "open"),
        ("info", "ohio", "closed"),
    ]
    assert (said[0]["count"], said[0]["seconds"]) == (1, 30)
