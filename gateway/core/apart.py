"""Taking records out of a delivery that may not leave with the others: each stays behind in a delivery of its own.

The delivery that goes on keeps its id, so a partner that has had it once drops it; its bytes are made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.audit_entry import Scribe
from gateway.core.disclosure import Decision
from gateway.core.ids import Mint
from gateway.core.model import Actor, Apart, AuditEntry, Delivery, DeliveryId, DeliveryState, RecordId


@dataclass(frozen=True, slots=True)
class Parting:
    """What is written when some records of a delivery are taken out."""

    apart: tuple[Apart, ...]
    entry: AuditEntry
    """Of the delivery that goes on."""


@dataclass(frozen=True, slots=True)
class Parter:
    """Makes partings: the ids of new deliveries and the entries of the log."""

    scribe: Scribe
    mint: Mint

    def part(self, actor: Actor, delivery: Delivery, kept: Mapping[RecordId, Decision], at: datetime) -> Parting:
        """The records of ``kept`` out of the delivery; it carries more than those."""
        apart = tuple(self._apart(actor, delivery, record, decision, at) for record, decision in kept.items())
        told: dict[str, str | int] = {
            "partner": delivery.partner,
            "records": delivery.records - len(kept),
            "withheld": len(kept),
        }
        entry = self.scribe.entry(actor, "delivery.split", f"delivery:{delivery.id}", "ok", told)
        return Parting(apart, entry)

    def _apart(self, actor: Actor, delivery: Delivery, record: RecordId, decision: Decision, at: datetime) -> Apart:
        reason = str(decision.withheld)
        own = replace(
            delivery,
            id=DeliveryId(self.mint()),
            state=DeliveryState.WITHHELD,
            created_at=at,
            due_at=at,
            settled_at=at,
            records=1,
            lane=None,
            number=0,
            attempts=0,
            digest=None,
            size=None,
            cause=reason,
            fault=None,
            answer=None,
            edition=1,
        )
        told: dict[str, str | int] = {
            "partner": delivery.partner,
            "records": 1,
            "record": record,
            "from": delivery.id,
            "policy": decision.policy,
            "rule": decision.rule,
        }
        return Apart(record, own, self.scribe.entry(actor, "delivery.withheld", f"delivery:{own.id}", reason, told))
