"""Use cases that change something, shared by the API and the console; each writes its audit entry with the change.

Errors: NotFound (no such thing, or not the caller's), Conflict (its state does not allow it), Unprocessable (an
unfit reason), Unavailable (the store).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from gateway.core.errors import Conflict, NotFound
from gateway.core.four_eyes import Act
from gateway.core.model import Actor, Delivery, DeliveryId, JobId, Submission, SubmissionId
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.jobs import Job
from gateway.core.reasons import fit_reason
from gateway.web.approving import Wish, person, second_words
from gateway.web.parts import Parts

ALONE = 100
"""So many deliveries one person may send or withdraw at once."""


class Action(StrEnum):
    """What a job does to each delivery of its selection."""

    RETRY = "retry"
    WITHDRAW = "withdraw"


async def retry(parts: Parts, actor: Actor, delivery: DeliveryId, reason: str) -> Delivery:
    """Send a dead, held or withheld delivery on its way again, attempts counted from zero. What could not be written in
    the partner's format goes in the one that its file names now."""
    entry = parts.scribe.entry(
        actor, "delivery.retried", f"delivery:{delivery}", details={"reason": fit_reason(reason)}
    )
    partners = (await parts.partners.directory()).partners
    changed = await parts.desk.retry(delivery, parts.clock(), entry, parts.bridging.format_among(partners))
    return await _after(parts, delivery, changed=changed, verb="retried")


async def withdraw(parts: Parts, actor: Actor, delivery: DeliveryId, reason: str) -> Delivery:
    """Take back a delivery that has not been delivered and that no dispatcher works on."""
    details = {"reason": fit_reason(reason)}
    entry = parts.scribe.entry(actor, "delivery.withdrawn", f"delivery:{delivery}", details=details)
    changed = await parts.desk.withdraw(delivery, parts.clock(), entry)
    return await _after(parts, delivery, changed=changed, verb="withdrawn")


async def judge_again(parts: Parts, actor: Actor, submission: SubmissionId, reason: str) -> Submission:
    """Have a held submission judged on."""
    details = {"reason": fit_reason(reason)}
    entry = parts.scribe.entry(actor, "submission.retried", f"submission:{submission}", details=details)
    changed = await parts.held_bodies.judge_again(submission, entry)
    found = await parts.submissions.get(submission)
    if found is None:
        raise NotFound
    if not changed:
        raise Conflict(f"A submission that is {found.state.value} is not held.", code="submission-state")
    return found


async def _after(parts: Parts, delivery: DeliveryId, *, changed: bool, verb: str) -> Delivery:
    found = await parts.desk.get(delivery)
    if found is None:
        raise NotFound
    if not changed:
        raise Conflict(f"A delivery that is {found.state.value} cannot be {verb}.", code="delivery-state")
    return found


async def plan(
    parts: Parts,
    actor: Actor,
    action: Action,
    reason: str,
    selection: DeliveryQuery | Sequence[DeliveryId],
) -> Job:
    """Freeze what matches now. The job's id is the token that starts it; nothing happens before :func:`start`."""
    job = Job(
        id=JobId(parts.mint()),
        action=action.value,
        reason=fit_reason(reason),
        actor=str(actor),
        state="planned",
        created_at=parts.clock(),
        total=0,
        done=0,
        skipped=0,
    )
    entry = parts.scribe.entry(
        actor, "job.planned", f"job:{job.id}", details={"action": job.action, "reason": job.reason}
    )
    if isinstance(selection, DeliveryQuery):
        return await parts.jobs.plan(job, selection, None, entry)
    return await parts.jobs.plan(job, DeliveryQuery(), tuple(dict.fromkeys(selection)), entry)


async def start(parts: Parts, actor: Actor, job: JobId) -> Job:
    """Start a planned job. A second start changes nothing and gives the same job. More deliveries than
    :data:`ALONE` need a second person: the first start asks for one (Conflict ``approval-needed``)."""
    found = await _job(parts, job)
    if found.state == "cancelled":
        raise Conflict("The job was cancelled; plan it anew.", code="job-state")
    if found.state == "planned":
        if found.total > ALONE:
            await _agreed(parts, actor, found)
        await parts.jobs.start(job, parts.scribe.entry(actor, "job.started", f"job:{job}"))
    return await _job(parts, job)


def wish_of(job: Job) -> Wish:
    """What two people agree on when a big job is started: this plan, whose selection is frozen."""
    terms: dict[str, str | int] = {"action": job.action, "deliveries": job.total}
    return Wish(Act.REPLAY, f"job:{job.id}", terms)


async def _agreed(parts: Parts, actor: Actor, job: Job) -> None:
    words, wish = second_words(parts), wish_of(job)
    try:
        await words.use(actor, wish)
    except Conflict:
        request = await words.pending_or_asked(await person(parts, actor), wish, job.reason)
        told = f"More than {ALONE} deliveries need a second person: the request {request.id} waits for one."
        raise Conflict(told, code="approval-needed") from None


async def cancel(parts: Parts, actor: Actor, job: JobId) -> Job:
    """End a job that is not done; what it did already stays done. A second cancel changes nothing."""
    found = await _job(parts, job)
    if found.state in ("planned", "running"):
        entry = parts.scribe.entry(actor, "job.ended", f"job:{job}", "cancelled", {"done": found.done})
        await parts.jobs.end(job, "cancelled", entry)
        found = await _job(parts, job)
    if found.state == "done":
        raise Conflict("The job is done; there is nothing left to cancel.", code="job-state")
    return found


async def _job(parts: Parts, job: JobId) -> Job:
    found = await parts.jobs.get(job)
    if found is None:
        raise NotFound
    return found
