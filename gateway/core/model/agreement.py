"""What may flow from whom to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.core.caller import Tier
from gateway.core.model.names import AgreementKey, Kind, PartnerKey


class AgreementMode(StrEnum):
    DIRECT = "direct"
    """The record goes to the addressee that it names, or to ``recipient`` when its kind names none."""
    SUBSCRIPTION = "subscription"
    """``recipient`` gets a copy of every directly routed record that one of ``senders`` sends or receives."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What may flow from whom to whom, on which legal basis, from when to when."""

    key: AgreementKey
    mode: AgreementMode
    senders: frozenset[PartnerKey]
    recipient: PartnerKey
    kinds: frozenset[Kind]
    legal_basis: str
    valid_from: date
    valid_until: date | None = None
    """The last day on which it holds."""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tag of the facts -> the values that pass; all must hold."""
    purpose: str = ""
    """What the recipient may use it for, a word of the disclosure policy; empty: the purpose of its program."""
    requester: str = "agency"
    """On whose behalf the recipient gets it, a word of the disclosure policy (45 CFR 302.35(c))."""
    plain: bool = True
    """Payloads under it may be without wire protection. A partner file has to say so; what was stored before files
    could say it keeps flowing until its file is applied again."""
    tier: Tier = Tier.API_KEY
    """The weakest proof that its parties may call with; federal kinds ask for more by themselves."""
    version: int = 1

    def in_force(self, today: date) -> bool:
        return self.valid_from <= today and (self.valid_until is None or today <= self.valid_until)
