"""One attempt at a delivery: its payload is composed, cleared and handed over by the partner's adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from gateway.core.disclosure import Clearance
from gateway.core.errors import GatewayError, Permanent, Tampered
from gateway.core.ids import Clock
from gateway.core.loss import kept
from gateway.core.model import AdapterName, Claimed, Delivery, DeliveryState, Outcome, PartnerKey, RuleCode, Settlement
from gateway.core.places import AT_HOME, Places
from gateway.core.ports.adapters import Adapter, Parcel
from gateway.core.ports.crew import Composed, Composition, Crew
from gateway.core.routing import Directory
from gateway.work.clearing import Clearing, KeptBack
from gateway.work.verdict import Judge, Try, Verdict

log = structlog.get_logger()

Observe = Callable[[PartnerKey, Outcome, float], None]
"""Told of every attempt: partner, outcome and seconds it took (metrics)."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes attempts; whatever happens, it ends in a verdict."""

    crew: Crew
    clearing: Clearing
    adapters: Mapping[AdapterName, Adapter]
    judge: Judge
    clock: Clock
    roll: Callable[[], float]
    directory: Callable[[], Directory]
    observe: Observe
    places: Places = AT_HOME

    async def make(self, tried: Try) -> Verdict:
        """The attempt that has just begun. Raises nothing but what calls it off."""
        claimed, partner = tried.claimed, tried.partner
        try:
            self.places.insist(partner.endpoint)
            leaving = await self.clearing.decided(claimed)
            composed = await self.crew.compose(self._composition(claimed))
            if composed.findings and claimed.delivery.digest is None:
                tried = replace(tried, findings=kept(composed.findings))
            _check(claimed, composed)
            parcel = _parcel(claimed, composed, await self.clearing.clear(leaving))
            tried = tried.composed(composed.digest, len(composed.body))
            handover = await self._adapter(partner.endpoint.adapter).hand_over(parcel, partner)
        except KeptBack as back:
            verdict = self._kept_back(self._ended(tried), back)
        except _Unwritable as error:
            verdict = self.judge.unwritable(self._ended(tried), error.rule)
        except GatewayError as error:
            verdict = self.judge.failed(self._ended(tried), error, self.roll())
        except Exception as error:  # noqa: BLE001 - a defect is a fault of ours: logged by type, never counted
            log.error("delivery.defect", id=claimed.delivery.id, type=type(error).__name__)  # noqa: TRY400 - tracebacks may show data
            verdict = self.judge.failed(self._ended(tried), GatewayError(), self.roll())
        else:
            verdict = self.judge.handed_over(self._ended(tried), handover)
        self._report(partner.key, claimed, verdict)
        return verdict

    async def close(self) -> None:
        """The channels' connections to partners end; call it when no attempt runs any more."""
        for adapter in self.adapters.values():
            await adapter.close()

    def _kept_back(self, tried: Try, back: KeptBack) -> Verdict:
        """All of it stays, or what keeps it is taken out and the rest goes on at its next claim."""
        if back.whole:
            return self.judge.kept_back(tried, back.first)
        delivery = tried.claimed.delivery
        log.info("delivery.split", id=delivery.id, partner=delivery.partner, count=len(back.decisions))
        return self.judge.split(tried, back.decisions)

    def _composition(self, claimed: Claimed) -> Composition:
        partners = self.directory().partners
        return Composition(claimed, partners[claimed.delivery.sender], partners[claimed.delivery.partner])

    def _adapter(self, name: AdapterName) -> Adapter:
        try:
            return self.adapters[name]
        except KeyError:
            raise Permanent("There is no such adapter.", code="adapter-unknown") from None

    def _ended(self, tried: Try) -> Try:
        return tried.ended(self.clock())

    def _report(self, partner: PartnerKey, claimed: Claimed, verdict: Verdict) -> None:
        attempt = verdict.settlement.attempt
        outcome = attempt.outcome if attempt else Outcome.OURS
        seconds = (attempt.ended_at - attempt.begun_at).total_seconds() if attempt else 0.0
        self.observe(partner, outcome, seconds)
        if verdict.settlement.state not in (DeliveryState.DELIVERED, DeliveryState.WAITING) and not (
            verdict.settlement.apart
        ):
            _say(claimed.delivery, verdict.settlement)


def _say(delivery: Delivery, settled: Settlement) -> None:
    """A failure in one line; one that needs a person stands out and says where to read on."""
    number = settled.attempt.number if settled.attempt else delivery.attempts
    told = {"id": delivery.id, "partner": delivery.partner, "code": settled.cause, "attempt": number}
    if settled.state in (DeliveryState.DEAD, DeliveryState.HELD):
        log.warning("delivery.stopped", state=settled.state, hint=f"gateway why {delivery.id}", **told)
    else:
        log.info("delivery.failed", state=settled.state, **told)


class _Unwritable(Exception):
    """The records cannot be written in the partner's format; ``rule`` says why."""

    def __init__(self, rule: RuleCode) -> None:
        super().__init__(rule)
        self.rule = rule


def _check(claimed: Claimed, composed: Composed) -> None:
    """Raises Tampered when the bytes differ from those of an earlier attempt, _Unwritable when there are none."""
    blocking = next((f.rule for f in composed.findings if f.severity.blocks), None)
    if blocking is not None:
        raise _Unwritable(blocking)
    delivery = claimed.delivery
    if delivery.digest not in (None, composed.digest, composed.replaces):
        raise Tampered("The payload is not what was sent before.", code="payload-changed")


def _parcel(claimed: Claimed, composed: Composed, clearance: Clearance) -> Parcel:
    delivery = claimed.delivery
    return Parcel(
        delivery=delivery.id,
        sender=delivery.sender,
        kind=delivery.kind,
        records=delivery.records,
        created_at=delivery.created_at,
        body=composed.body,
        digest=composed.digest,
        media_type=composed.media_type,
        extension=composed.extension,
        label=composed.label,
        clearance=clearance,
        edition=delivery.edition,
    )
