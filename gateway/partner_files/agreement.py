"""One ``[[agreement]]`` table."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from gateway.core.caller import Tier
from gateway.core.model import Agreement, AgreementKey, AgreementMode, Kind, PartnerKey
from gateway.partner_files.tables import Key, Table


class AgreementTable(Table):
    key: Key
    mode: Annotated[AgreementMode, BeforeValidator(AgreementMode)] = AgreementMode.DIRECT
    senders: list[Key] = Field(min_length=1)
    recipient: Key
    kinds: list[str] = Field(min_length=1)
    legal_basis: str = Field(min_length=3)
    valid_from: date
    valid_until: date | None = None
    filter: dict[str, list[str]] = Field(default_factory=dict)
    purpose: str = ""
    requester: str = "agency"
    tier: Annotated[Tier, BeforeValidator(Tier)] = Tier.API_KEY
    plain: bool = False

    @model_validator(mode="after")
    def _dates(self) -> AgreementTable:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        return self

    def value(self) -> Agreement:
        return Agreement(
            key=AgreementKey(self.key),
            mode=self.mode,
            senders=frozenset(PartnerKey(sender) for sender in self.senders),
            recipient=PartnerKey(self.recipient),
            kinds=frozenset(Kind(kind) for kind in self.kinds),
            legal_basis=self.legal_basis,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            filters={tag: frozenset(values) for tag, values in self.filter.items()},
            purpose=self.purpose,
            requester=self.requester,
            tier=self.tier,
            plain=self.plain,
        )
