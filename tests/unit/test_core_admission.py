"""The door for submissions: what closes it, when it opens again, and what is nobody's fault here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admitting import bounds
from gateway.core.admission import RETRY_AFTER, WHY, Bound, Gauge, Owed, closed_by, undelivered
from gateway.core.errors import Overloaded, TooMany
from gateway.core.model import AdapterName, Endpoint, Ordering, Partner, PartnerKey, Role
from gateway.core.routing import Directory
from gateway.settings import Admission
from gateway.work.admission import Capacity, Door

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OHIO = PartnerKey("ohio")
COMMIT = {Gauge.COMMIT: Bound(3.0, 2.0)}
OPEN, SHUT = frozenset(), frozenset({Gauge.COMMIT})


@pytest.mark.parametrize(
    ("before", "figure", "after"),
    [
        (OPEN, 0.0, OPEN),
        (OPEN, 2.5, OPEN),
        (OPEN, 3.0, SHUT),
        (SHUT, 2.5, SHUT),
        (SHUT, 2.0, SHUT),
        (SHUT, 1.9, OPEN),
        (OPEN, None, OPEN),
        (SHUT, None, SHUT),
    ],
)
def test_the_door_closes_at_one_figure_and_opens_below_another(before, figure, after):
    measured = {} if figure is None else {Gauge.COMMIT: figure}
    assert closed_by(before, measured, COMMIT) == after


def test_a_gauge_without_a_bound_closes_nothing():
    assert closed_by(OPEN, {Gauge.MEMORY: 1e12}, COMMIT) == OPEN
    assert closed_by(SHUT, {Gauge.COMMIT: 1e12}, {}) == OPEN


@given(st.lists(st.floats(0, 6), max_size=60))
def test_between_two_changes_of_the_door_the_figure_has_crossed_the_whole_gap(figures):
    closed, changes = OPEN, []
    for figure in figures:
        after = closed_by(closed, {Gauge.COMMIT: figure}, COMMIT)
        if after != closed:
            changes.append(figure)
        closed = after
    assert all(figure >= 3.0 for figure in changes[::2])
    assert all(figure < 2.0 for figure in changes[1::2])


def test_control_without_the_gap_a_figure_that_trembles_moves_the_door_each_time():
    bare, closed, moves = {Gauge.COMMIT: Bound(3.0, 3.0)}, OPEN, 0
    for figure in (2.9, 3.1) * 10:
        after = closed_by(closed, {Gauge.COMMIT: figure}, bare)
        moves += after != closed
        closed = after
    assert moves == 19


def test_every_gauge_has_words_and_a_time_to_come_again():
    assert set(WHY) == set(RETRY_AFTER) == set(Gauge)


def test_a_threshold_of_nothing_is_off_and_the_others_are_as_the_settings_say():
    made = bounds(Admission(undelivered_seconds=0, commit_seconds=4, opens_at=0.5, memory_share=0.5), 1000)
    assert Gauge.UNDELIVERED not in made
    assert made[Gauge.COMMIT] == Bound(4, 2)
    assert made[Gauge.MEMORY] == Bound(500, 250)


PLAIN = Partner(OHIO, "Ohio", Role.STATE, "IV-D", frozenset({"39"}), Endpoint(AdapterName.MAILBOX), concurrency=4)


def waited(partner=PLAIN, claimed=0, breaker="closed", seconds=100):
    directory = Directory([partner], [])
    owed = [Owed(OHIO, NOW - timedelta(seconds=seconds), claimed)]
    return undelivered(owed, directory, {OHIO: breaker}, NOW)


def test_what_could_go_and_does_not_counts():
    assert waited() == 100
    assert waited(claimed=3) == 100


@pytest.mark.parametrize(
    "held",
    [
        {"partner": replace(PLAIN, paused=True)},
        {"partner": replace(PLAIN, rate_per_second=1.0)},
        {"partner": replace(PLAIN, ordering=Ordering.CASE)},
        {"partner": replace(PLAIN, key=PartnerKey("gone"))},
        {"claimed": 4},
        {"breaker": "open"},
        {"breaker": "half-open"},
        {"seconds": -5},
    ],
)
def test_what_the_partner_holds_back_closes_nothing(held):
    assert waited(**held) == 0


def door(at_once=10, each=3, **changes):
    causes = []
    return Door(COMMIT, Capacity(at_once, each), lambda: 0.5, causes.append, **changes), causes


def test_a_closed_door_says_why_and_spreads_those_who_come_again():
    shut, causes = door()
    assert shut.follow({Gauge.COMMIT: 9.0})
    assert not shut.follow({Gauge.COMMIT: 2.5})
    with pytest.raises(Overloaded) as refusal:
        shut.enter("ohio")
    assert refusal.value.detail == WHY[Gauge.COMMIT]
    assert refusal.value.retry_after == timedelta(seconds=7.5)
    assert (causes, shut.refused) == (["commit"], 1)
    assert shut.follow({Gauge.COMMIT: 0.0})
    with shut.enter("ohio"):
        pass


def test_a_caller_that_takes_all_the_room_is_told_so_and_the_others_get_in():
    wide, causes = door(at_once=4, each=3)
    inside = [wide.enter("ohio") for _ in range(3)]
    for one in inside:
        one.__enter__()
    with pytest.raises(TooMany) as refusal:
        wide.enter("ohio")
    assert (refusal.value.status, refusal.value.problem) == (429, "too-many-at-once")
    with wide.enter("iowa"), pytest.raises(Overloaded):
        wide.enter("texas")
    inside[0].__exit__(None, None, None)
    with wide.enter("ohio"):
        pass
    assert causes == ["caller", "crowd"]


def test_a_submission_that_fails_makes_room_again():
    narrow, _ = door(at_once=1, each=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), narrow.enter("ohio"):
            raise ValueError("broken")
