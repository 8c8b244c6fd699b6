"""What an examined record becomes, and who may send as whom."""

import os
from datetime import UTC, date, datetime

import pytest

from gateway.core.audit_entry import Scribe
from gateway.core.ids import minting
from gateway.core.model import (
    AgreementMode,
    Batching,
    BatchMode,
    Digest,
    Facts,
    Finding,
    Ordering,
    RecordId,
    RecordState,
    RuleCode,
    Severity,
    SubmissionId,
)
from gateway.core.ports.crew import Examined
from gateway.core.routing import Directory
from gateway.work.examine import owns, sender_findings
from gateway.work.route import Origin, Router
from tests.unit.guarding import GUARD, POLICY
from tests.unit.work_site import CASE, MICHIGAN, OHIO, TEXAS, agreement, partner

NOW = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
MINT = minting(lambda: NOW, os.urandom)
ROUTER = Router(Scribe(lambda: NOW, MINT, os.urandom), MINT, GUARD)
ORIGIN = Origin(SubmissionId("s"), MICHIGAN, NOW)
DIRECT, COPIES = agreement(MICHIGAN, OHIO), agreement(OHIO, TEXAS, mode=AgreementMode.SUBSCRIPTION)


def directory(*partners, agreements=(DIRECT,)):
    known = {p.key: p for p in (partner(OHIO, "39"), partner(MICHIGAN, "26"), partner(TEXAS, "48"), *partners)}
    return Directory(tuple(known.values()), agreements)


def examined(**facts):
    plain = {"kind": CASE, "sender": "26", "recipient": "39", "transaction": "ENF R", "serial": "1"}
    return Examined(
        RecordId("r"), 1, (), Facts(**plain | facts), Digest("d" * 64), b"sealed", case_index=b"case-index-bytes"
    )


def judged(directory, one=None, origin=ORIGIN):
    (found,) = ROUTER.judge([one or examined()], origin, directory)
    return found


def test_an_accepted_record_owes_one_delivery_to_each_recipient_and_says_so_in_its_audit_entry():
    found = judged(directory(agreements=(DIRECT, COPIES)))
    assert (found.record.state, found.record.recipient) == (RecordState.ROUTED, OHIO)
    assert [d.partner for d in found.deliveries] == [i.partner for i in found.items] == [OHIO, TEXAS]
    assert [d.id for d in found.deliveries] == [i.delivery for i in found.items]
    assert found.entry.action == "record.accepted"
    told = {"ordinal": 1, "sha256": "d" * 64, "recipients": "ohio texas", "policy": POLICY.version}
    assert found.entry.details == told
    assert found.record.bearing == "STATE"


def test_a_partner_that_batches_is_owed_an_item_without_a_delivery():
    found = judged(directory(partner(OHIO, "39", batching={CASE: Batching(BatchMode.COUNT, count=10)})))
    assert (found.deliveries, found.items[0].delivery) == ((), None)


@pytest.mark.parametrize(("ordering", "lane"), [(Ordering.CASE, b"case-index-bytes"), (Ordering.NONE, None)])
def test_only_a_partner_that_asked_for_order_gets_lanes(ordering, lane):
    assert judged(directory(partner(OHIO, "39", ordering=ordering))).deliveries[0].lane == lane


def test_a_refused_record_names_its_first_blocking_rule_and_owes_nothing():
    findings = (
        Finding(RuleCode("W"), Severity.WARNING, 1),
        Finding(RuleCode("E"), Severity.ERROR, 1),
        Finding(RuleCode("F"), Severity.FATAL, 1),
    )
    found = judged(directory(), Examined(RecordId("r"), 1, findings))
    assert (found.record.state, found.record.reason, found.entry.action) == (RecordState.REFUSED, "E", "record.refused")
    assert (found.items, found.deliveries, found.record.kind) == ((), (), None)


def test_a_record_without_a_route_is_parked_with_its_reason_and_keeps_its_body():
    found = judged(directory(agreements=()))
    assert (found.record.state, found.record.reason) == (RecordState.UNROUTABLE, "agreement-missing")
    assert (found.record.sealed, found.entry.action) == (b"sealed", "record.parked")
    assert [(f.rule, f.severity, f.note) for f in found.findings] == [("ROUTE-PARKED", "warning", "agreement-missing")]


def test_what_the_guard_keeps_from_its_addressee_goes_to_no_subscriber_either():
    known = directory(partner(OHIO, "39", program="XIX"), agreements=(DIRECT, COPIES))
    found = judged(known, examined(family_violence=True))
    assert (found.record.state, found.record.reason) == (RecordState.WITHHELD, "disclosure-family-violence")
    assert (found.items, found.deliveries, found.entry.action) == ((), (), "record.withheld")


def test_what_the_guard_keeps_from_a_subscriber_goes_to_its_addressee_with_a_notice():
    known = directory(partner(TEXAS, "48", program="XIX"), agreements=(DIRECT, COPIES))
    found = judged(known, examined(nondisclosure=True))
    assert [d.partner for d in found.deliveries] == [OHIO]
    assert [(f.rule, f.severity) for f in found.findings] == [("DISCLOSURE-SUBSCRIBER", Severity.NOTICE)]
    assert found.entry.details["withheld"] == "disclosure-nondisclosure-finding"


def test_without_the_flag_the_same_record_goes_to_the_subscriber_too():
    known = directory(partner(TEXAS, "48", program="XIX"), agreements=(DIRECT, COPIES))
    assert [d.partner for d in judged(known).deliveries] == [OHIO, TEXAS]


def test_agreements_count_as_of_the_day_of_receipt_unless_another_day_is_given():
    known = directory(agreements=(agreement(MICHIGAN, OHIO, since=date(2026, 3, 6)),))
    assert judged(known).record.reason == "agreement-not-yet-in-force"
    later = Origin(ORIGIN.submission, MICHIGAN, NOW, routed_on=date(2026, 3, 6))
    assert judged(known, origin=later).record.state is RecordState.ROUTED


@pytest.mark.parametrize(
    ("locators", "named", "own"),
    [
        ({"26"}, "26", True),
        ({"26"}, "2600000", True),
        ({"26"}, "26065", True),
        ({"26"}, "39", False),
        ({"26"}, "", False),
        ({"26"}, "2", False),
        ({"26065"}, "26", False),
        ({"90830"}, "9083000", True),
        ({"990000001"}, "990000001", True),
        ({"990000001"}, "99", False),
        ({"26"}, "260000001", False),
    ],
)
def test_a_caller_sends_as_itself_only(locators, named, own):
    caller = partner(MICHIGAN, "x", locators=frozenset(locators))
    assert owns(caller, named) is own
    assert [f.rule for f in sender_findings(Facts(CASE, named), caller, 7)] == ([] if own else ["SENDER-MISMATCH"])
