"""Who calls the API."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.caller import Tier
from gateway.core.model.audit import Actor
from gateway.core.model.names import PartnerKey


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller of the API. ``partner`` None: an operator's key."""

    key_id: str
    scopes: frozenset[str]
    partner: PartnerKey | None = None
    operator: str | None = None
    tier: Tier = Tier.API_KEY
    """How it proved itself."""

    @property
    def actor(self) -> Actor:
        return Actor("partner", self.partner) if self.partner else Actor("operator", self.operator or "unknown")
