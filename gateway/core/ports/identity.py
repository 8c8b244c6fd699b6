"""The port of ID tokens: what a provider says of somebody who logged in there (OpenID Connect Core 1.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say."""

    issuer: str
    audience: str
    nonce: str = field(repr=False)
    algorithms: tuple[str, ...]
    """Signature algorithms that are taken."""
    now: datetime


class IdTokens(Protocol):
    """Reads ID tokens."""

    def claims(self, token: str, keys: Sequence[Mapping[str, object]], expected: Expected) -> Mapping[str, object]:
        """The claims of a token whose signature, issuer, audience, times and nonce are right (sections 3.1.3.7 and 2).
        ``keys`` are members of the provider's JWK set. Raises Unauthenticated, the same for every reason, with the
        reason as its code."""
        ...
