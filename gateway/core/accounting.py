"""The accounting of disclosures: what of a case went to whom, when and why (45 CFR 164.528(b)(2))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.core.model import AgreementKey, DeliveryId, Kind, PartnerKey, RecordId


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One record that went to one partner."""

    record: RecordId
    partner: PartnerKey
    kind: Kind
    sender: PartnerKey
    agreement: AgreementKey
    """Names the purpose and the legal basis."""
    delivery: DeliveryId
    at: datetime
