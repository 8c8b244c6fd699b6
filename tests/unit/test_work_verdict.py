"""What becomes of a delivery after an attempt: the whole table of outcomes."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.apart import Parter
from gateway.core.audit_entry import Scribe
from gateway.core.causes import PROCESS_DIED, SHUT_CODES
from gateway.core.errors import (
    Conflict,
    GatewayError,
    Misconfigured,
    Permanent,
    Tampered,
    Transient,
    Unavailable,
    Unprocessable,
)
from gateway.core.ids import minting
from gateway.core.model import (
    AgreementKey,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    Fault,
    FormatName,
    Outcome,
)
from gateway.core.ports.adapters import Handover
from gateway.core.retry import DEFAULT_WAITS
from gateway.work.verdict import OUR_PAUSE, RECORD_CODES, Judge, Try
from tests.unit.work_site import CASE, MICHIGAN, OHIO, partner

NOW = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
END = NOW + timedelta(seconds=2)
MINT = minting(lambda: END, os.urandom)
SCRIBE = Scribe(lambda: END, MINT, os.urandom)
JUDGE = Judge(SCRIBE, Parter(SCRIBE, MINT))
PARTNER = partner(OHIO, "39")
PENDING, DELIVERED, DEAD, HELD = (
    DeliveryState.PENDING,
    DeliveryState.DELIVERED,
    DeliveryState.DEAD,
    DeliveryState.HELD,
)


def tried(attempts=0, by=PARTNER):
    delivery = Delivery(
        id=DeliveryId("d"),
        partner=OHIO,
        sender=MICHIGAN,
        kind=CASE,
        format=FormatName("xml"),
        agreement=AgreementKey("a"),
        state=DeliveryState.CLAIMED,
        created_at=NOW,
        due_at=NOW,
        records=1,
        attempts=attempts,
    )
    return Try(Claimed(delivery, ()), by, "owner", NOW, END, Digest("d" * 64), 100)


FAILURES = [
    # error, attempts before, state, due after, fault, counted as, action, reached the partner
    (Transient(code="http-503"), 0, PENDING, 30, Fault.PARTNER, Outcome.TRANSIENT, "delivery.attempted", False),
    (Transient(code="http-503"), 1, PENDING, 120, Fault.PARTNER, Outcome.TRANSIENT, "delivery.attempted", False),
    (Transient(code="http-503"), 2, DEAD, 0, Fault.PARTNER, Outcome.TRANSIENT, "delivery.dead", False),
    (
        Transient(code="http-429", retry_after=timedelta(minutes=9)),
        0,
        PENDING,
        540,
        Fault.PARTNER,
        Outcome.TRANSIENT,
        "delivery.attempted",
        False,
    ),
    (Permanent(code="http-409"), 0, DEAD, 0, Fault.PARTNER, Outcome.PERMANENT, "delivery.dead", True),
    *(
        (Permanent(code=code), 0, DEAD, 0, Fault.PARTNER, Outcome.PERMANENT, "delivery.dead", False)
        for code in SHUT_CODES
    ),
    *(
        (Permanent(code=code), 0, DEAD, 0, Fault.RECORD, Outcome.PERMANENT, "delivery.dead", True)
        for code in RECORD_CODES
    ),
    (Tampered(code="payload-changed"), 0, HELD, 0, Fault.GATEWAY, None, "delivery.held", None),
    (Unavailable(code="store-unavailable"), 0, PENDING, 5, None, None, None, None),
    (Misconfigured(code="secret-missing"), 9, PENDING, 5, None, None, None, None),
    (Unprocessable(), 0, PENDING, 5, None, None, None, None),
    (Conflict(), 0, PENDING, 5, None, None, None, None),
    (GatewayError(), 0, PENDING, 5, None, None, None, None),
]


@pytest.mark.parametrize(
    ("error", "attempts", "state", "due", "fault", "counted", "action", "reached"),
    FAILURES,
    ids=[f"{type(row[0]).__name__}-{row[0].problem}-{row[1]}" for row in FAILURES],
)
def test_a_failure_is_judged_as_the_table_says(error, attempts, state, due, fault, counted, action, reached):
    verdict = JUDGE.failed(tried(attempts), error, 0.5)
    settled = verdict.settlement
    assert (settled.state, settled.due_at - END) == (state, timedelta(seconds=due))
    assert (settled.fault, settled.cause, verdict.reached) == (fault, error.problem, reached)
    assert (settled.attempt.outcome if settled.attempt else None) == counted
    assert (verdict.entry.action if verdict.entry else None) == action
    if settled.attempt:
        assert (settled.attempt.number, settled.attempt.begun_at, settled.attempt.ended_at) == (attempts + 1, NOW, END)


def test_our_pause_is_the_one_of_the_table():
    assert timedelta(seconds=5) == OUR_PAUSE


@pytest.mark.parametrize(
    ("final", "state", "outcome", "action"),
    [
        (True, DELIVERED, Outcome.DELIVERED, "delivery.delivered"),
        (False, DeliveryState.WAITING, Outcome.WAITING, "delivery.placed"),
    ],
)
def test_what_was_handed_over_is_delivered_or_waits_for_the_partners_word(final, state, outcome, action):
    verdict = JUDGE.handed_over(tried(), Handover(final, "200 OK"))
    assert (verdict.settlement.state, verdict.settlement.attempt.outcome) == (state, outcome)
    assert (verdict.settlement.attempt.answer, verdict.entry.action, verdict.reached) == ("200 OK", action, True)
    assert verdict.entry.details == {"partner": "ohio", "records": 1, "attempt": 1, "sha256": "d" * 64}


def test_what_cannot_be_written_says_nothing_about_the_partner():
    verdict = JUDGE.unwritable(tried(), "FIX-WIDTH")
    assert (verdict.settlement.state, verdict.settlement.fault, verdict.reached) == (DEAD, Fault.RECORD, None)


def test_what_is_given_back_is_not_counted_and_not_told():
    verdict = JUDGE.given_back(tried(3), NOW)
    assert (verdict.settlement.attempt, verdict.entry, verdict.reached) == (None, None, None)
    assert (verdict.settlement.state, verdict.settlement.due_at, verdict.settlement.cause) == (PENDING, NOW, None)


def test_what_is_called_off_is_not_counted_and_says_that_the_partner_may_have_it():
    verdict = JUDGE.called_off(tried(3), NOW)
    assert (verdict.settlement.attempt, verdict.entry, verdict.reached) == (None, None, None)
    assert (verdict.settlement.state, verdict.settlement.cause) == (PENDING, PROCESS_DIED)


def test_a_partner_without_a_schedule_of_its_own_has_the_default_one():
    plain = replace(PARTNER, retry=replace(PARTNER.retry, waits=()))
    last = len(DEFAULT_WAITS)
    assert JUDGE.failed(tried(last - 1, plain), Transient(), 0.5).settlement.due_at == END + DEFAULT_WAITS[-1]
    assert JUDGE.failed(tried(last, plain), Transient(), 0.5).settlement.state is DEAD


def test_no_answer_of_a_partner_reaches_the_audit_log():
    verdict = JUDGE.failed(tried(), Permanent("", code="http-400", answer="CANARY"), 0.5)
    assert "CANARY" not in repr(verdict.entry)
    assert "CANARY" not in repr(verdict.settlement)
