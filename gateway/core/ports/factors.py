"""The port of second factors: what an operator shows besides the password."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.core.model import AuditEntry


class FactorKind(StrEnum):
    TOTP = "totp"
    """A code of six digits from an authenticator (RFC 6238)."""
    PASSKEY = "passkey"
    """A key in an authenticator of the browser, the machine or a token (WebAuthn)."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of an operator."""

    id: str
    operator: str
    kind: FactorKind
    label: str
    """What its owner calls it."""
    sealed: bytes = field(repr=False)
    """Sealed for ``factors.sealed:<id>``: the shared secret (TOTP) or the public key (passkey)."""
    counter: int
    """The newest time step (TOTP) or signature count (passkey) that was accepted: nothing older is."""
    created_at: datetime
    used_at: datetime | None = None
    credential: bytes | None = field(default=None, repr=False)
    """The id of a passkey."""


class Factors(Protocol):
    async def of(self, operator: str) -> tuple[Factor, ...]:
        """Oldest first."""
        ...

    async def add(self, factor: Factor, entry: AuditEntry) -> None:
        """Raises Conflict when somebody has this passkey already."""
        ...

    async def advance(self, factor: str, counter: int, now: datetime) -> bool:
        """Accept a counter once: False when it is not newer than the last one (zero is taken again while it is zero:
        many authenticators count nothing)."""
        ...

    async def remove(self, operator: str, factor: str | None, entry: AuditEntry) -> int:
        """Remove one factor of the operator, or all (None); how many there were. The entry is written when there was
        one. Raises Conflict (``factor-last``) for the only one that is left, unless all are to go."""
        ...
