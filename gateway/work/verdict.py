"""What becomes of a delivery after an attempt: one pure decision, so that every outcome can be asserted in a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.apart import Parter
from gateway.core.audit_entry import Scribe
from gateway.core.causes import PROCESS_DIED, SHUT_CODES
from gateway.core.disclosure import Decision
from gateway.core.errors import DeliveryFailed, GatewayError, Tampered, Transient
from gateway.core.model import (
    Actor,
    Attempt,
    AuditEntry,
    Claimed,
    DeliveryState,
    Digest,
    Fault,
    Finding,
    Outcome,
    Partner,
    RecordId,
    RetrySchedule,
    Settlement,
)
from gateway.core.ports.adapters import Handover
from gateway.core.retry import DEFAULT_WAITS, next_attempt
from gateway.core.swift import swift

OUR_PAUSE = timedelta(seconds=5)
"""After a fault of ours the delivery is due again after this."""
LONGEST_PAUSE = timedelta(minutes=1)
"""The pause doubles with each further fault of ours up to this."""
MOST_FAULTS = 8
"""After so many faults of ours in a row, about four minutes, a delivery that only a person can help is held."""
POISONOUS = frozenset({GatewayError.code, "worker-died"})
"""Faults of ours that a delivery may bring with it: what is away comes back, but these may never end."""
RECORD_CODES = ("http-400", "http-413", "http-415", "http-422", "refused-by-partner")
"""Answers that blame the records, not the partner's system."""
DISPATCHER = Actor("gateway", "dispatcher")


def our_pause(faults: int) -> timedelta:
    """How long to wait after a fault of ours that came after so many others in a row."""
    return min(OUR_PAUSE * (1 << min(faults, MOST_FAULTS)), LONGEST_PAUSE)


@swift
class Try:
    """One attempt that has ended: what was claimed, by whom, from when to when."""

    claimed: Claimed
    partner: Partner
    owner: str
    begun_at: datetime
    ended_at: datetime
    digest: Digest | None = None
    size: int | None = None
    findings: tuple[Finding, ...] = ()
    """What the payload could not carry; only of the attempt that first composed it."""
    faults: int = 0
    """How often in a row the gateway itself failed at it before."""

    # Every attempt passes here: `replace` takes five times as long.

    def composed(self, digest: Digest, size: int) -> Try:
        """Whose payload was made."""
        return Try(
            self.claimed,
            self.partner,
            self.owner,
            self.begun_at,
            self.ended_at,
            digest,
            size,
            self.findings,
            self.faults,
        )

    def ended(self, at: datetime) -> Try:
        return Try(
            self.claimed,
            self.partner,
            self.owner,
            self.begun_at,
            at,
            self.digest,
            self.size,
            self.findings,
            self.faults,
        )


@swift
class Verdict:
    settlement: Settlement
    entry: AuditEntry | None
    reached: bool | None
    """For the breaker: True the partner answered, False it could not be reached, None says nothing about it."""

    @property
    def ours(self) -> bool:
        """Whether the gateway failed, so that nothing is counted and the delivery is due again."""
        settlement = self.settlement
        return settlement.attempt is None and settlement.cause is not None and settlement.state is DeliveryState.PENDING


@dataclass(frozen=True, slots=True)
class Judge:
    scribe: Scribe
    parter: Parter

    def handed_over(self, tried: Try, handover: Handover) -> Verdict:
        state = DeliveryState.DELIVERED if handover.final else DeliveryState.WAITING
        outcome = Outcome.DELIVERED if handover.final else Outcome.WAITING
        action = "delivery.delivered" if handover.final else "delivery.placed"
        settlement = self._settlement(tried, state, tried.ended_at, _attempt(tried, outcome, None, handover.answer))
        return Verdict(settlement, self._entry(tried, action, "ok"), reached=True)

    def failed(self, tried: Try, error: GatewayError, roll: float) -> Verdict:
        """For any error of our tree."""
        if isinstance(error, Transient):
            return self._transient(tried, error, roll)
        if isinstance(error, DeliveryFailed):
            fault = Fault.RECORD if error.problem in RECORD_CODES else Fault.PARTNER
            # What has no bytes yet has not left: it says nothing about the partner.
            reached = None if tried.digest is None else error.problem not in SHUT_CODES
            return self._dead(tried, error.problem, fault, error.answer, outcome=Outcome.PERMANENT, reached=reached)
        poisonous = error.problem in POISONOUS and tried.faults >= MOST_FAULTS
        if isinstance(error, Tampered) or poisonous:
            settlement = self._settlement(
                tried, DeliveryState.HELD, tried.ended_at, None, cause=error.problem, fault=Fault.GATEWAY
            )
            return Verdict(settlement, self._entry(tried, "delivery.held", error.problem), reached=None)
        again = tried.ended_at + our_pause(tried.faults)
        settlement = self._settlement(tried, DeliveryState.PENDING, again, None, cause=error.problem)
        return Verdict(settlement, None, reached=None)

    def unwritable(self, tried: Try, rule: str) -> Verdict:
        """The records cannot be written in the partner's format."""
        return self._dead(tried, rule, Fault.RECORD, "", outcome=Outcome.PERMANENT, reached=None)

    def kept_back(self, tried: Try, decision: Decision) -> Verdict:
        """The disclosure guard lets nothing of it leave (any more); nothing is counted."""
        cause = str(decision.withheld)
        settlement = self._settlement(tried, DeliveryState.HELD, tried.ended_at, None, cause=cause, fault=Fault.GATEWAY)
        entry = self._entry(tried, "delivery.withheld", cause)
        told = {**entry.details, "policy": decision.policy, "rule": decision.rule}
        return Verdict(settlement, replace(entry, details=told), reached=None)

    def split(self, tried: Try, kept: Mapping[RecordId, Decision]) -> Verdict:
        """The guard keeps some of its records: they are taken out, the rest is due again at once. Nothing is
        counted."""
        parting = self.parter.part(DISPATCHER, tried.claimed.delivery, kept, tried.ended_at)
        settlement = self._settlement(tried, DeliveryState.PENDING, tried.ended_at, None)
        return Verdict(replace(settlement, apart=parting.apart), parting.entry, reached=None)

    def given_back(self, tried: Try, until: datetime) -> Verdict:
        """Claimed but not tried: the breaker opened meanwhile."""
        return Verdict(self._settlement(tried, DeliveryState.PENDING, until, None), None, reached=None)

    def called_off(self, tried: Try, at: datetime) -> Verdict:
        """Cut short anywhere, because the process ends: the partner may have all of it."""
        settlement = self._settlement(tried, DeliveryState.PENDING, at, None, cause=PROCESS_DIED, fault=Fault.GATEWAY)
        return Verdict(settlement, None, reached=None)

    def _transient(self, tried: Try, error: Transient, roll: float) -> Verdict:
        schedule = tried.partner.retry if tried.partner.retry.waits else RetrySchedule(DEFAULT_WAITS)
        attempts = tried.claimed.delivery.attempts + 1
        again = next_attempt(schedule, attempts, tried.ended_at, roll, error.retry_after)
        if again is None:
            given_up = Outcome.TRANSIENT
            return self._dead(tried, error.problem, Fault.PARTNER, error.answer, outcome=given_up, reached=False)
        attempt = _attempt(tried, Outcome.TRANSIENT, error.problem, error.answer)
        settlement = self._settlement(
            tried, DeliveryState.PENDING, again, attempt, cause=error.problem, fault=Fault.PARTNER
        )
        return Verdict(settlement, self._entry(tried, "delivery.attempted", error.problem), reached=False)

    def _dead(
        self, tried: Try, cause: str, fault: Fault, answer: str, *, outcome: Outcome, reached: bool | None
    ) -> Verdict:
        attempt = _attempt(tried, outcome, cause, answer)
        settlement = self._settlement(tried, DeliveryState.DEAD, tried.ended_at, attempt, cause=cause, fault=fault)
        return Verdict(settlement, self._entry(tried, "delivery.dead", cause), reached=reached)

    def _settlement(
        self,
        tried: Try,
        state: DeliveryState,
        due_at: datetime,
        attempt: Attempt | None,
        *,
        cause: str | None = None,
        fault: Fault | None = None,
    ) -> Settlement:
        return Settlement(
            delivery=tried.claimed.delivery.id,
            owner=tried.owner,
            state=state,
            due_at=due_at,
            attempt=attempt,
            digest=tried.digest,
            size=tried.size,
            cause=cause,
            fault=fault,
            findings=tried.findings,
        )

    def _entry(self, tried: Try, action: str, outcome: str) -> AuditEntry:
        delivery = tried.claimed.delivery
        details: dict[str, str | int] = {
            "partner": delivery.partner,
            "records": delivery.records,
            "attempt": delivery.attempts + 1,
        }
        if tried.digest:
            details["sha256"] = tried.digest
        return self.scribe.entry(DISPATCHER, action, f"delivery:{delivery.id}", outcome, details)


def _attempt(tried: Try, outcome: Outcome, code: str | None, answer: str) -> Attempt:
    delivery = tried.claimed.delivery
    return Attempt(delivery.id, delivery.attempts + 1, tried.begun_at, tried.ended_at, outcome, code, answer or None)
