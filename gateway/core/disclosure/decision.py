"""What was decided of a record, and why it may not leave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.core.disclosure.passage import Override


class Withheld(StrEnum):
    """Why a record may not leave to a partner. ``schemas/disclosure/answers.toml`` has a sentence for each."""

    PROGRAM = "disclosure-program"
    UNVERIFIED = "disclosure-unverified"
    LABEL = "disclosure-label"
    PURPOSE = "disclosure-purpose"
    CONTENT = "disclosure-purpose-content"
    LOCATE_ROLE = "disclosure-locate-role"
    LOCATE_ATTESTATION = "disclosure-locate-attestation"
    FEDERAL_TAX = "disclosure-federal-tax"
    FEDERAL_TAX_RECIPIENT = "disclosure-federal-tax-recipient"
    FEDERAL_TAX_APPROVAL = "disclosure-federal-tax-approval"
    RETENTION = "disclosure-retention"
    FAMILY_VIOLENCE = "disclosure-family-violence"
    PROTECTED_PERSON = "disclosure-protected-person"
    NONDISCLOSURE = "disclosure-nondisclosure-finding"
    AGREEMENT = "disclosure-agreement"
    UNKNOWN = "disclosure-unknown"


DANGER = frozenset({Withheld.FAMILY_VIOLENCE, Withheld.NONDISCLOSURE, Withheld.PROTECTED_PERSON})
"""Reasons that are about somebody in danger: an order of a court can let go what they keep, and who asked is told."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by which rule of which version of the policy."""

    withheld: Withheld | None
    rule: str
    policy: str
    orders: tuple[Override, ...] = ()
    """The courts' orders that are used up by this release."""
