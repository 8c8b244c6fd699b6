"""Receipts, counts and what is refused as a duplicate: our word on a submission."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime

from gateway.core.acceptance import DUPLICATE_SERIAL, Acceptance, Chunk, Judged, total
from gateway.core.audit_entry import Scribe
from gateway.core.ids import minting
from gateway.core.model import (
    Actor,
    Counts,
    Digest,
    Finding,
    FormatName,
    Kind,
    PartnerKey,
    Record,
    RecordId,
    RecordState,
    RuleCode,
    Severity,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.receipt import SAMPLES, Receipts, Tally, blocked, group, sample

NOW = datetime(2026, 3, 2, 8, 0, 0, 250, tzinfo=UTC)
SCRIBE = Scribe(lambda: NOW, minting(lambda: NOW, os.urandom), os.urandom)
ACTOR = Actor("partner", "michigan")
WARNING = Finding(RuleCode("W"), Severity.WARNING, record=1, field="Name", start=3, length=2, note="expected 2 bytes")
write = Receipts(lambda rule: (f"title of {rule}", f"fix of {rule}", f"source of {rule}"))


def judged(ordinal, state=RecordState.ROUTED, serial=None, findings=()):
    refused = state is RecordState.REFUSED
    record = Record(
        id=RecordId(f"record-{ordinal}"),
        submission=SubmissionId("s"),
        ordinal=ordinal,
        kind=Kind("locate"),
        sender=PartnerKey("michigan"),
        recipient=PartnerKey("ohio") if state is RecordState.ROUTED else None,
        state=state,
        reason="rule" if refused else None,
        transaction="LO1 R",
        case_index=None,
        serial=serial,
        digest=None if refused else Digest("d" * 64),
        sealed=None if refused else b"sealed",
        received_at=NOW,
    )
    return Judged(record, findings, (), (), SCRIBE.entry(ACTOR, "record.accepted", f"record:{record.id}"))


def acceptance(*records):
    counts = total(records)
    submission = Submission(
        id=SubmissionId("s"),
        sender=PartnerKey("michigan"),
        idempotency_key="key",
        body_digest=Digest("b" * 64),
        body_size=1_000,
        format=FormatName("xml"),
        received_at=NOW,
        state=SubmissionState.JUDGED,
        receipt=b"",
        counts=counts,
    )
    submission = replace(submission, receipt=write(submission, records, ()))
    told = {"records": counts.records, "refused": counts.refused}
    entry = SCRIBE.entry(ACTOR, "submission.judged", "submission:s", "ok", told)
    return Acceptance(submission, records, (), (entry,), write)


# --- counts ----------------------------------------------------------------------------------------------------------


def test_counts_add_up_over_every_state():
    parts = (
        judged(1, findings=(WARNING,)),
        judged(2, RecordState.REFUSED, findings=(WARNING,)),
        judged(3, RecordState.UNROUTABLE),
        judged(4, RecordState.WITHHELD, findings=(WARNING,)),
        judged(5),
    )
    assert total(parts) == Counts(records=5, accepted=4, warned=2, refused=1, unroutable=1, withheld=1)
    assert total(()) == Counts()


# --- duplicates ------------------------------------------------------------------------------------------------------


def test_a_serial_used_before_refuses_its_record_and_nothing_else():
    given = acceptance(judged(1, serial="A"), judged(2, serial="B"), judged(3))
    mended = given.without(frozenset({2}))
    assert [one.record.state for one in mended.judged] == ["routed", "refused", "routed"]
    assert mended.judged[0] is given.judged[0]
    assert mended.submission.counts == Counts(records=3, accepted=2, refused=1)


def test_a_record_refused_as_a_duplicate_keeps_nothing_of_its_body_and_owes_nothing():
    mended = acceptance(judged(1, serial="A", findings=(WARNING,))).without(frozenset({1}))
    (one,) = mended.judged
    assert (one.record.sealed, one.record.digest, one.record.recipient) == (None, None, None)
    assert (one.items, one.deliveries, one.record.reason) == ((), (), DUPLICATE_SERIAL)
    assert (one.entry.action, one.entry.outcome) == ("record.refused", DUPLICATE_SERIAL)
    assert one.findings[0] is WARNING
    assert (one.findings[1].rule, one.findings[1].severity, one.findings[1].record) == (DUPLICATE_SERIAL, "fatal", 1)


def test_receipt_and_audit_entry_tell_the_counts_after_the_refusal():
    mended = acceptance(judged(1, serial="A"), judged(2)).without(frozenset({1}))
    told = json.loads(mended.submission.receipt)
    assert told["counts"]["refused"] == 1
    assert told["records"][0]["state"] == "refused"
    assert mended.entries[0].details == {"records": 2, "refused": 1}


def test_a_chunk_refuses_duplicates_in_the_same_way():
    chunk = Chunk(SubmissionId("s"), 10, (judged(11, serial="A"), judged(12, serial="B")))
    assert chunk.without(frozenset({11})).counts == Counts(records=2, accepted=1, refused=1)


# --- receipts --------------------------------------------------------------------------------------------------------


def test_the_bytes_of_a_receipt_are_a_function_of_what_was_judged():
    given = acceptance(judged(1, findings=(WARNING,)))
    assert write(given.submission, given.judged, ()) == write(given.submission, given.judged, ())
    assert write(given.submission, given.judged, ()) == (
        b'{"submission":"s","state":"judged","sender":"michigan","format":"xml","body":{"sha256":"'
        + b"b" * 64
        + b'","bytes":1000},"received_at":"2026-03-02T08:00:00.000250Z","counts":{"records":1,"accepted":1,"warned":1,'
        b'"refused":0,"unroutable":0,"withheld":0},"findings":[{"code":"W","severity":"warning","field":"Name",'
        b'"count":1,"title":"title of W","fix":"fix of W","source":"source of W",'
        b'"help":"/v1/rules/W","samples":[{"record":1,'
        b'"columns":"3-4","note":"expected 2 bytes"}]}],"records":[{"record":1,"id":"record-1","state":"routed",'
        b'"reason":null}],"links":{"self":"/v1/submissions/s","records":"/v1/submissions/s/records",'
        b'"findings":"/v1/submissions/s/findings",'
        b'"accepted":"/v1/submissions/s/receipts/accepted","final":null}}'
    )


def test_a_receipt_of_a_thousand_records_shows_few_of_them_and_counts_all():
    many = tuple(judged(n, findings=(replace(WARNING, record=n),)) for n in range(1, 1_001))
    told = json.loads(acceptance(*many).submission.receipt)
    assert len(told["records"]) == SAMPLES
    (finding,) = told["findings"]
    assert (finding["count"], len(finding["samples"])) == (1_000, SAMPLES)


def test_findings_are_grouped_by_rule_and_field_the_worst_first_then_the_most_frequent():
    def of(rule, severity, count, field=None):
        return [Finding(RuleCode(rule), severity, record=n, field=field) for n in range(count)]

    found = group(
        [
            *of("N", Severity.NOTICE, 9),
            *of("W", Severity.WARNING, 2, "A"),
            *of("W", Severity.WARNING, 3, "B"),
            *of("E", Severity.ERROR, 1),
            *of("F", Severity.FATAL, 1),
        ]
    )
    assert [(g.rule, g.field, g.count) for g in found] == [
        ("F", None, 1),
        ("E", None, 1),
        ("W", "B", 3),
        ("W", "A", 2),
        ("N", None, 9),
    ]


def test_a_tally_keeps_a_few_samples_of_each_group_however_many_come():
    tally = Tally()
    for n in range(100):
        tally.add([replace(WARNING, record=n)])
    (found,) = tally.groups()
    assert (found.count, [f.record for f in found.samples]) == (100, [0, 1, 2, 3, 4])


def test_a_sample_shows_places_only():
    assert sample(WARNING) == {"record": 1, "columns": "3-4", "note": "expected 2 bytes"}
    assert sample(Finding(RuleCode("F"), Severity.FATAL, start=7)) == {"columns": "7-7"}
    assert sample(Finding(RuleCode("F"), Severity.FATAL, line=2, path="A/B")) == {"path": "A/B", "line": 2}


def test_errors_and_fatal_findings_block_and_the_others_do_not():
    assert [blocked([replace(WARNING, severity=severity)]) for severity in Severity] == [True, True, False, False]
    assert not blocked([])
