"""What a partner file says of wire protection: the profile, the partner's keys, and which agreements go without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from gateway.core.model import Agreement, Partner, PartnerKey
from gateway.core.protection import Material, Profile, Protection, Use
from gateway.partner_files.tables import Table

NOT_PLAIN = "plain: {partner} has no [partner.protection]; give it one, or write plain = true"
KEPT_NOT_PLAIN = "protection: the agreement {agreement} does not allow this partner to go without"
LARGEST_MIB = 64
"""A protected payload is whole in memory, several times over."""


class ProtectionTable(Table):
    profile: Annotated[Profile, BeforeValidator(Profile)]
    limit_mib: int = Field(default=16, ge=1, le=LARGEST_MIB)

    def value(self) -> Protection:
        return Protection(self.profile, self.limit_mib * 2**20)


class WireKeyTable(Table):
    use: Annotated[Use, BeforeValidator(Use)]
    pem: str = Field(max_length=64 * 2**10)


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key that a file names for a partner."""

    partner: PartnerKey
    use: Use
    material: Material


def unprotected(agreement: Agreement, partners: Mapping[PartnerKey, Partner]) -> tuple[PartnerKey, ...]:
    """The parties that would go without protection though the agreement does not allow it."""
    if agreement.plain:
        return ()
    parties = (*sorted(agreement.senders), agreement.recipient)
    bare = [key for key in parties if key in partners and partners[key].protection.profile is Profile.NONE]
    return tuple(dict.fromkeys(bare))
