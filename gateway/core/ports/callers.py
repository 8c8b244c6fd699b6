"""Ports for callers that prove themselves with keys and certificates of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.assertion import Assertion
from gateway.core.caller import ClientKey
from gateway.core.message_signature import Request, Said
from gateway.core.model import PartnerKey


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself."""

    thumbprint: str
    """SHA-256 of its DER bytes, 64 lower-case hex digits."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token of ours says (RFC 9068)."""

    id: str
    partner: PartnerKey
    key: str
    """The client key that asked for it: when that key goes, the token goes."""
    scopes: frozenset[str]
    issued_at: datetime
    expires_at: datetime
    thumbprint: str | None = None
    """The certificate that it is bound to (RFC 8705, section 3.1), hex; None: to none."""


FindKey = Callable[[str, str], ClientKey | None]
"""(partner, key id) -> the partner's key that counts today."""


class AccessTokens(Protocol):
    """Our signature on access tokens."""

    def sign(self, token: AccessToken, audience: str) -> str:
        """The token as a compact JWS. Raises Unavailable when there is no signing key."""
        ...

    def read(self, text: str, audience: str) -> AccessToken:
        """Raises Unproven unless one of our keys signed it for this audience; its times are not judged here."""
        ...

    def published(self) -> bytes:
        """The public keys as a JWK Set (RFC 7517), the one that waits to sign next among them."""
        ...


class Credentials(Protocol):
    """What partners sign and show."""

    def assertion(self, text: str, find: FindKey) -> tuple[Assertion, ClientKey]:
        """A client assertion whose signature one of the client's keys made. Raises Unproven."""
        ...

    def signature(self, request: Request, find: FindKey) -> tuple[Said, ClientKey]:
        """The message signature with our tag, made by a key of the partner that X-Partner names. Raises Unproven."""
        ...

    def certificate(self, der: bytes) -> CertificateFacts:
        """Raises Unproven for what is no certificate."""
        ...


class Nonces(Protocol):
    """Values that count once: ids of assertions, nonces of signatures. They outlive the process."""

    async def spend(self, holder: str, value: str, until: datetime) -> bool:
        """True the first time that ``holder`` comes with ``value``, False after that, in whatever process, until
        ``until``. Raises Unavailable: what cannot be remembered must not be taken."""
        ...


@dataclass(frozen=True, slots=True)
class Proofs:
    """What the API needs to know callers by their own keys and certificates."""

    tokens: AccessTokens
    credentials: Credentials
    nonces: Nonces
