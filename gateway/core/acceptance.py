"""What the commit path writes: a judged submission as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.core.model import (
    AuditEntry,
    Counts,
    Delivery,
    Finding,
    Item,
    Record,
    RecordId,
    RecordState,
    RuleCode,
    Severity,
    Submission,
    SubmissionId,
)
from gateway.core.people import Renewal
from gateway.core.protected import Notice
from gateway.core.succession import Turn
from gateway.core.swift import swift

DUPLICATE_SERIAL = RuleCode("CSE-SERIAL-DUPLICATE")


@swift
class Judged:
    """One record with everything that follows from its judgement."""

    record: Record
    findings: tuple[Finding, ...]
    items: tuple[Item, ...]
    deliveries: tuple[Delivery, ...]
    """Deliveries that carry this record alone (immediate partners)."""
    entry: AuditEntry
    question: RecordId | None = None
    """The record that this one answers, where it was asked for and found."""
    notices: tuple[Notice, ...] = ()
    """Notices of danger that it places."""
    renewal: Renewal | None = None
    """While an index key is being replaced: what of its case and persons is under another one."""

    @property
    def counts(self) -> Counts:
        state = self.record.state
        warned = any(f.severity is Severity.WARNING for f in self.findings)
        refused = state is RecordState.REFUSED
        return Counts(
            records=1,
            accepted=0 if refused else 1,
            warned=1 if warned and not refused else 0,
            refused=1 if refused else 0,
            unroutable=1 if state is RecordState.UNROUTABLE else 0,
            withheld=1 if state is RecordState.WITHHELD else 0,
        )

    def refused_as_duplicate(self) -> Judged:
        """The same record, turned away because its serial number was used before."""
        finding = Finding(
            DUPLICATE_SERIAL, Severity.FATAL, record=self.record.ordinal, field="Transaction-Serial-Number"
        )
        return Judged(
            record=replace(
                self.record,
                state=RecordState.REFUSED,
                reason=DUPLICATE_SERIAL,
                sealed=None,
                digest=None,
                recipient=None,
            ),
            findings=(*self.findings, finding),
            items=(),
            deliveries=(),
            entry=replace(
                self.entry, action="record.refused", outcome=DUPLICATE_SERIAL, details={"rule": DUPLICATE_SERIAL}
            ),
        )


def _refuse(judged: tuple[Judged, ...], ordinals: frozenset[int]) -> tuple[Judged, ...]:
    return tuple(j.refused_as_duplicate() if j.record.ordinal in ordinals else j for j in judged)


def _recounted(entry: AuditEntry, counts: Counts) -> AuditEntry:
    """The entry with the number of refused records as it is now, where it tells one."""
    if "refused" not in entry.details:
        return entry
    return replace(entry, details={**entry.details, "refused": counts.refused})


def total(judged: tuple[Judged, ...]) -> Counts:
    """The counts of all of them."""
    if len(judged) == 1:  # as nearly always, when a caller waits
        return judged[0].counts
    states = [one.record.state for one in judged]
    refused = states.count(RecordState.REFUSED)
    return Counts(
        records=len(judged),
        accepted=len(judged) - refused,
        warned=sum([1 for one in judged if one.findings and one.counts.warned]),
        refused=refused,
        unroutable=states.count(RecordState.UNROUTABLE),
        withheld=states.count(RecordState.WITHHELD),
    )


ReceiptWriter = Callable[[Submission, tuple[Judged, ...], tuple[Finding, ...]], bytes]
"""Writes the receipt of a submission from its judged records and the findings on the file as a whole."""


@swift
class Acceptance:
    """A submission ready to commit: judged at once, or only received (spooled, ``judged`` empty)."""

    submission: Submission
    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    """On the file as a whole."""
    entries: tuple[AuditEntry, ...]
    """On the submission itself."""
    write_receipt: ReceiptWriter = field(repr=False)
    turn: Turn | None = None
    """Which file it has to be, where the order of files is asked for."""

    def without(self, ordinals: frozenset[int]) -> Acceptance:
        """The same submission with these records refused as duplicates, counts and receipt written anew."""
        judged = _refuse(self.judged, ordinals)
        submission = replace(self.submission, counts=total(judged))
        submission = replace(submission, receipt=self.write_receipt(submission, judged, self.findings))
        entries = tuple(_recounted(entry, submission.counts) for entry in self.entries)
        return replace(self, submission=submission, judged=judged, entries=entries)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some judged records of a spooled submission, to be committed together."""

    submission: SubmissionId
    after: int
    """Progress before this chunk (records judged)."""
    judged: tuple[Judged, ...]
    turn: Turn | None = None
    """With the first accepted records: which file it has to be, where the order of files is asked for."""

    @property
    def counts(self) -> Counts:
        return total(self.judged)

    def without(self, ordinals: frozenset[int]) -> Chunk:
        return replace(self, judged=_refuse(self.judged, ordinals))
