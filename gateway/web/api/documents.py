"""Core values as documents of the API. What a document must not tell its reader is left out here."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from gateway.core.amendment import Amendment
from gateway.core.causes import Cause, cause_of
from gateway.core.erasure import Erasure
from gateway.core.model import Attempt, Counts, Delivery, Finding, Record, Submission, SubmissionState, known_as
from gateway.core.ports.deliveries import CauseGroup, PartnerQueue
from gateway.core.ports.intake import Verdict
from gateway.core.ports.jobs import Job
from gateway.core.ports.mailbox import MailboxItem
from gateway.core.ports.records import Step
from gateway.core.ports.submissions import RuleCount
from gateway.core.receipt import sample
from gateway.core.why import Why
from gateway.web.api import told
from gateway.web.movement import Movement
from gateway.web.parts import RuleText


def counts(value: Counts) -> told.CountsTold:
    return told.CountsTold.model_validate(value, from_attributes=True)


def finding(value: Finding) -> told.FindingTold:
    return told.FindingTold.model_validate(
        {"rule": value.rule, "severity": value.severity, "field": value.field, **sample(value)}
    )


def rule_counts(values: Sequence[RuleCount], rules: Mapping[str, RuleText]) -> list[told.RuleTold]:
    """Findings by rule in the words of the catalog; a rule that is not in it is shown by its code."""
    return [
        told.RuleTold(
            code=value.rule,
            severity=value.severity,
            field=value.field,
            count=value.count,
            title=rules[value.rule].title if value.rule in rules else value.rule,
            fix=rules[value.rule].fix if value.rule in rules else "",
            source=rules[value.rule].source if value.rule in rules else "",
            help=f"/v1/rules/{value.rule}",
            samples=[told.PlaceTold.model_validate(sample(one)) for one in value.samples],
        )
        for value in values
    ]


def submission(value: Submission, rules: Container[str], *, ended: bool = False) -> told.SubmissionTold:
    """``ended``: the final receipt is there."""
    held = value.cause if value.state is SubmissionState.HELD else None
    own = f"/v1/submissions/{value.id}"
    return told.SubmissionTold(
        id=value.id,
        state=value.state,
        sender=value.sender,
        format=value.format,
        body=told.BodyTold(sha256=value.body_digest, bytes=value.body_size),
        received_at=value.received_at,
        judged_at=value.judged_at,
        progress=value.progress,
        counts=counts(value.counts),
        stopped=None if held is None else cause(cause_of(held, rules)),
        links=told.Links(
            self=own,
            records=f"{own}/records",
            findings=f"{own}/findings",
            accepted=f"{own}/receipts/accepted",
            final=f"{own}/receipts/final" if ended else None,
        ),
    )


def submission_detail(
    value: Submission, summary: Sequence[RuleCount], rules: Mapping[str, RuleText], *, ended: bool
) -> told.SubmissionDetail:
    return told.SubmissionDetail(
        **dict(submission(value, rules, ended=ended)),
        findings=rule_counts(summary, rules),
    )


def verdict(value: Verdict, rules: Mapping[str, RuleText]) -> told.VerdictTold:
    return told.VerdictTold(
        format=value.format,
        counts=counts(value.counts),
        rules=rule_counts(value.rules, rules),
        refused_as_a_whole=value.refused_as_a_whole,
        findings=[finding(one) for one in value.findings],
    )


def record(value: Record, *, own: bool) -> told.RecordTold:
    """``own``: the reader sent it (or is an operator), so its place in the submission may be told."""
    return told.RecordTold(
        id=value.id,
        submission=value.submission if own else None,
        ordinal=value.ordinal if own else None,
        kind=value.kind,
        sender=value.sender,
        recipient=value.recipient,
        state=value.state,
        reason=value.reason,
        transaction=value.transaction,
        digest=value.digest,
        received_at=value.received_at,
    )


def why(value: Why | None) -> told.WhyTold | None:
    return None if value is None else told.WhyTold.model_validate(value, from_attributes=True)


def record_detail(
    value: Record, deliveries: Sequence[Delivery], erasure: Erasure | None, reason: Why | None, *, own: bool
) -> told.RecordDetail:
    link = f"/v1/records/{value.id}"
    links = {"self": link, "trace": f"{link}/trace", "proof": f"{link}/proof"}
    if own:
        links["submission"] = f"/v1/submissions/{value.submission}"
    return told.RecordDetail(
        **dict(record(value, own=own)),
        erased=None if erasure is None else erased(erasure),
        deliveries=[delivery(one) for one in deliveries],
        why=why(reason) if own else None,
        links=links,
    )


def erased(value: Erasure) -> told.ErasedTold:
    return told.ErasedTold(at=value.at, policy=value.policy, rule=value.rule)


def step(value: Step) -> told.StepTold:
    return told.StepTold(
        at=value.at,
        actor=value.actor,
        action=value.action,
        object=value.object,
        outcome=value.outcome,
        details=dict(value.details),
        attempt=value.attempt if value.attempt is not None else _attempt(value),
    )


def _attempt(value: Step) -> int | None:
    """Audit entries of an attempt tell its number among their details."""
    told_number = value.details.get("attempt")
    return told_number if isinstance(told_number, int) else None


def delivery(value: Delivery) -> told.DeliveryTold:
    return told.DeliveryTold.model_validate(value, from_attributes=True)


def delivery_detail(
    value: Delivery,
    attempts: Sequence[Attempt],
    findings: Sequence[Finding],
    amendments: Sequence[Amendment] = (),
    *,
    reason: Why | None,
    stopped: Cause | None,
    answers: bool,
) -> told.DeliveryDetail:
    """``answers``: the partner's last words and the names of our people may be told (to operators)."""
    history = [
        told.AttemptTold(
            number=one.number,
            begun_at=one.begun_at,
            ended_at=one.ended_at,
            outcome=one.outcome,
            code=one.code,
            answer=one.answer if answers else None,
        )
        for one in attempts
    ]
    found = [finding(one) for one in findings]
    amended = [_amended(one, edition, people=answers) for edition, one in enumerate(amendments, 2)]
    return told.DeliveryDetail(
        **dict(delivery(value)),
        history=history,
        findings=found,
        why=why(reason),
        stopped=None if stopped is None else cause(stopped),
        amended=amended,
    )


def cause(value: Cause) -> told.CauseTold:
    return told.CauseTold(meaning=value.meaning, remedy=value.remedy)


def _amended(value: Amendment, edition: int, *, people: bool) -> told.AmendedTold:
    return told.AmendedTold(
        record=value.record,
        elements=list(value.fields),
        at=value.used_at or value.made_at,
        known_as=known_as(value.delivery, edition),
        asked_by=value.asked_by if people else None,
        approved_by=value.approved_by if people else None,
    )


def parcel(value: MailboxItem) -> told.ParcelTold:
    link = f"/v1/mailbox/{value.delivery}"
    return told.ParcelTold(
        delivery=value.delivery,
        name=value.name,
        media_type=value.media_type,
        digest=value.digest,
        size=value.size,
        placed_at=value.placed_at,
        leased_until=value.leased_until,
        edition=value.edition,
        links={"self": link, "acknowledge": f"{link}/acknowledge", "refuse": f"{link}/refuse"},
    )


def job(value: Job) -> told.JobTold:
    return told.JobTold(
        id=value.id,
        token=value.id,
        action=value.action,
        reason=value.reason,
        actor=value.actor,
        state=value.state,
        created_at=value.created_at,
        total=value.total,
        done=value.done,
        skipped=value.skipped,
        links={"self": f"/v1/replays/{value.id}"},
    )


def queue(value: PartnerQueue, movement: Movement) -> told.QueueTold:
    span = movement.clears_in(value.pending + value.claimed)
    return told.QueueTold(
        partner=value.partner,
        pending=value.pending,
        claimed=value.claimed,
        waiting=value.waiting,
        dead=value.dead,
        held=value.held,
        gathering=value.gathering,
        oldest=value.oldest,
        entered_a_minute=movement.entered,
        left_a_minute=movement.left,
        change_a_minute=movement.change,
        consumers=movement.consumers,
        clears_in_seconds=None if span is None else span.total_seconds(),
    )


def group(value: CauseGroup, meant: Cause) -> told.GroupTold:
    return told.GroupTold(
        cause=value.cause,
        fault=value.fault,
        partner=value.partner,
        kind=value.kind,
        count=value.count,
        first=value.first,
        last=value.last,
        sample=value.sample,
        stopped=cause(meant),
    )


def rule(value: RuleText) -> told.RulePage:
    return told.RulePage(
        code=value.code,
        title=value.title,
        fix=value.fix,
        severity=value.severity,
        field=value.field,
        source=value.source,
        kinds=list(value.kinds),
        since=value.since,
        until=value.until,
    )
