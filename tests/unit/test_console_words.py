"""What the console says, without any I/O: tiles, troubles, trends, time lines, lock-out, rights."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Unprocessable
from gateway.core.model import DeliveryId, DeliveryState, Fault, Kind, Outcome, PartnerKey, RecordState, Severity
from gateway.core.ports.audit_log import Checkpoint
from gateway.core.ports.deliveries import CauseGroup, PartnerQueue
from gateway.core.ports.health import BreakerRow
from gateway.core.ports.records import Step
from gateway.core.roles import Role
from gateway.web.console import figures, status
from gateway.web.console.passwords import hash_password
from gateway.web.console.pulse import Reading
from gateway.web.console.rights import CHANGING, MEANING, NARROWED, PERSONAL, RIGHTS, Right, allowed
from gateway.web.console.screens.queues import clears
from gateway.web.console.screens.records import fold
from gateway.web.console.words import FAULTS, TONES, age
from gateway.web.movement import Movement, change

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPAN = timedelta(minutes=15)
TEXAS = PartnerKey("texas")


def picture(**changes):
    plain = {"now": NOW, "counts": {}, "queues": (), "groups": (), "head": None, "readings": ()}
    return status.Picture(**{**plain, **changes})


def states(**changes):
    return {tile.title: tile.state for tile in status.tiles(picture(**changes))}


def queue(pending=0, oldest=None, **changes):
    return PartnerQueue(
        TEXAS,
        pending,
        *[changes.get(name, 0) for name in ("claimed", "waiting", "dead", "held")],
        changes.get("gathering", 0),
        oldest,
    )


def group(count=3, fault=Fault.PARTNER, kind="locate"):
    return CauseGroup("https-503", fault, TEXAS, Kind(kind), count, NOW, NOW, DeliveryId("d"))


def test_a_quiet_gateway_is_good_where_it_is_known_and_unknown_where_it_is_not():
    assert states() == {
        "Intake": "Good",
        "Routing": "Good",
        "Delivery": "Good",
        "Dead letters": "Good",
        "Audit log": "Unknown",
        "Gateway": "Unknown",
    }


def test_dead_letters_ask_for_a_person_and_say_whose_side_it_is():
    tile = status.tiles(picture(groups=(group(3), group(1, Fault.GATEWAY))))[3]
    assert (tile.state, tile.number, tile.sentence) == ("Act", "4", "2 causes, 1 on our side")


def test_a_cause_is_counted_once_and_what_nobody_attributed_is_on_our_side_as_on_the_page():
    groups = (group(3), group(2, kind="case-transfer"), group(4, None))
    assert status.tiles(picture(groups=groups))[3].sentence == "2 causes, 4 on our side"


def test_what_is_in_hand_is_not_told_as_nothing():
    tile = status.tiles(picture(queues=(queue(claimed=2),)))[2]
    assert (tile.number, tile.sentence) == ("2", "in hand")


def test_one_of_a_thing_is_told_as_one():
    told = [tile.sentence for tile in status.tiles(picture(counts={"submissions": 1, "records.unroutable": 1}))[:2]]
    assert told == [
        "1 record in 1 submission in 24 hours, 0 refused",
        "1 record without an agreement, 0 withheld, in 24 hours",
    ]


def test_an_old_backlog_asks_for_a_look_and_a_young_one_does_not():
    assert states(queues=(queue(5, NOW - timedelta(minutes=1)),))["Delivery"] == "Good"
    assert states(queues=(queue(5, NOW - timedelta(hours=1)),))["Delivery"] == "Review"


def test_many_refusals_ask_for_a_look():
    assert states(counts={"records.refused": 1, "records.routed": 99})["Intake"] == "Good"
    assert states(counts={"records.refused": 20, "records.routed": 80})["Intake"] == "Review"


def test_records_are_counted_once_although_their_total_is_told_too():
    tile = status.tiles(picture(counts={"submissions": 1, "records": 3, "records.routed": 2, "records.refused": 1}))[0]
    assert tile.number == "3"


def test_a_failed_check_names_itself():
    readings = (Reading("store", "ok", "", NOW), Reading("broker", "failed", "away", NOW))
    tile = status.tiles(picture(readings=readings))[5]
    assert (tile.state, tile.number, tile.sentence) == ("Act", "1/2", "failed: broker")


def test_the_audit_tile_shows_the_last_checkpoint():
    tile = status.tiles(picture(head=Checkpoint(1234, b"", "", NOW - timedelta(seconds=30))))[4]
    assert (tile.state, tile.number) == ("Good", "1,234")
    assert "30 s ago" in tile.sentence


@pytest.mark.parametrize(("minutes", "state"), [(9, "Good"), (11, "Act")])
def test_the_audit_tile_calls_for_somebody_where_entries_wait_for_their_number(minutes, state):
    head = Checkpoint(1234, b"", "", NOW - timedelta(minutes=minutes))
    waiting = NOW - timedelta(minutes=minutes)
    assert status.tiles(picture(head=head))[4].state == "Good", "nothing happens, so nothing is signed"
    tile = status.tiles(picture(head=head, unnumbered=waiting))[4]
    assert (tile.state, f"{minutes} min" in tile.sentence) == (state, True)
    assert status.tiles(picture(unnumbered=waiting))[4].state == ("Act" if state == "Act" else "Unknown")


def test_open_breakers_come_first_and_nobody_is_named_twice():
    rows = [BreakerRow(PartnerKey("iowa"), "half-open", 5, NOW, None), BreakerRow(TEXAS, "open", 1, NOW, None)]
    found = status.troubles(picture(queues=(queue(5, NOW - timedelta(hours=1)),)), rows, ["ohio"])
    assert [(one.partner, one.state) for one in found] == [
        ("texas", "breaker open"),
        ("iowa", "breaker half-open"),
        ("ohio", "paused"),
    ]
    assert found[0].why.startswith("1 failure in a row")


def test_a_partner_whose_word_does_not_fit_what_was_sent_comes_before_all_others():
    found = status.troubles(picture(unfit={"ohio": 2}), [BreakerRow(TEXAS, "open", 1, NOW, None)], [])
    assert [(one.partner, one.state) for one in found] == [("ohio", "Act"), ("texas", "breaker open")]
    assert found[0].why == "2 acknowledgements in 24 hours not of what was sent"


@pytest.mark.parametrize(
    ("pending", "entered", "left", "words"),
    [
        (0, None, None, "empty"),
        (5, None, None, "not known"),
        (5, 7.0, 7.0, "does not shrink"),
        (5, 2.0, 0.0, "does not shrink"),
        (30, 2.0, 12.0, "about 3 min"),
    ],
)
def test_the_drain_time_is_estimated_only_where_more_goes_out_than_comes_in(pending, entered, left, words):
    assert clears(queue(pending), Movement(entered, left)) == words


def test_a_trend_needs_readings_apart_in_time():
    apart = [(NOW, 10.0), (NOW + timedelta(minutes=2), 4.0)]
    assert change(apart) == -3.0
    assert change(apart[:1]) is None


def test_a_sum_is_a_gap_only_where_nobody_was_measured():
    assert figures.total([(1.0, None, None), (2.0, 5.0, None)], 3) == (3.0, 5.0, None)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (45, "45 s"), (600, "10 min"), (12000, "3 h 20 min"), (180000, "2 d 2 h")]
)
def test_spans_read_as_people_say_them(seconds, text):
    assert age(seconds) == text


def test_retries_in_a_row_fold_into_one_line_with_their_number():
    def step(minute, action="attempt", outcome="transient", number=1):
        at = NOW + timedelta(minutes=minute)
        return Step(
            at, "gateway:dispatcher", action, "delivery:1", outcome, {}, number if action == "attempt" else None
        )

    tries = [one for n in (1, 2, 3) for one in (step(n, number=n), step(n, "delivery.attempted", "https-503"))]
    lines = fold((step(0, "record.accepted", "ok"), *tries, step(4, "delivery.dead")))
    assert [(line.count, line.bad) for line in lines] == [(1, False), (3, True), (1, True)]
    assert lines[1].last == NOW + timedelta(minutes=3)


def test_every_state_that_a_page_shows_has_a_tone():
    shown = [*RecordState, *DeliveryState, *Severity, Outcome.TRANSIENT, Outcome.PERMANENT, Outcome.OURS]
    assert [state for state in shown if state not in TONES] == []
    assert set(FAULTS) == set(Fault)


def test_every_role_has_its_line_and_every_right_its_meaning_and_somebody_who_has_it():
    assert set(RIGHTS) == set(Role)
    assert set(MEANING) == set(Right)
    assert frozenset().union(*RIGHTS.values()) == set(Right) - {Right.ENTER}


def test_duties_are_apart():
    """An auditor changes nothing, a security officer sees nothing of records, an admin neither reads nor repairs."""
    assert not RIGHTS[Role.AUDITOR] & CHANGING
    assert not RIGHTS[Role.VIEWER] & CHANGING
    assert not RIGHTS[Role.SECURITY_OFFICER] & PERSONAL
    assert not RIGHTS[Role.ADMIN] & (PERSONAL | {Right.RETRY, Right.WITHDRAW, Right.STEER})
    assert not any(
        allowed(role, right, narrowed=False) for role in NARROWED for right in Right if right is not Right.ANYBODY
    )


@given(st.text() | st.none())
def test_a_role_that_is_not_in_the_table_may_nothing(role):
    if role not in set(Role):
        assert not any(allowed(role, right) for right in Right if right is not Right.ANYBODY)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_passwords_that_are_too_short_or_too_long_are_refused(password):
    with pytest.raises(Unprocessable):
        hash_password(password)
