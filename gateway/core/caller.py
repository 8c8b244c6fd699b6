"""How a partner proves who it is when it calls: tiers of proof, certificates, keys, networks.

Tiers follow the order of how hard they are to steal: a key that signs never leaves its owner, a bearer token or an API
key crosses the network with every call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Tier(StrEnum):
    """How a caller proved itself, strongest first."""

    CERTIFICATE = "certificate"
    """Mutual TLS, and an access token bound to the certificate (RFC 8705, section 3)."""
    SIGNATURE = "signature"
    """Each message is signed (RFC 9421)."""
    TOKEN = "token"  # noqa: S105 - the name of a tier
    """An access token that whoever holds it can use."""
    API_KEY = "api-key"
    """For tests and small employers."""

    def at_least(self, floor: Tier) -> bool:
        return _RANK[self] <= _RANK[floor]


_RANK = {tier: rank for rank, tier in enumerate(Tier)}


def strongest(tiers: Iterable[Tier]) -> Tier:
    """The one that all of them ask for; API_KEY when there are none."""
    return min(tiers, key=_RANK.__getitem__, default=Tier.API_KEY)


class Purpose(StrEnum):
    """What a partner's key is for; a key is never used for anything else."""

    TOKEN = "token"  # noqa: S105 - the name of a use
    """Signs client assertions (RFC 7523)."""
    SIGNATURE = "signature"
    """Signs messages (RFC 9421)."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate that the partner may show."""

    thumbprint: str
    """SHA-256 of its DER bytes, 64 lower-case hex digits."""
    valid_until: date
    """The last day on which it counts (UTC)."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key of the partner."""

    id: str
    purpose: Purpose
    public_key: str = field(repr=False)
    """PEM, SubjectPublicKeyInfo."""
    valid_until: date
    """The last day on which it counts (UTC)."""


SCOPES = frozenset({"submit", "read", "mailbox", "acknowledge", "query"})
"""Everything that a partner may ever do."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a partner as a caller."""

    tier: Tier = Tier.API_KEY
    """The weakest proof that is taken from it."""
    networks: tuple[str, ...] = ()
    """Networks (CIDR) that it calls from; empty: any."""
    scopes: frozenset[str] = SCOPES
    """What it may do with a token or a signature; an API key has scopes of its own."""
    certificates: tuple[ClientCertificate, ...] = ()
    keys: tuple[ClientKey, ...] = ()

    def certificate(self, thumbprint: str, today: date) -> ClientCertificate | None:
        """The listed certificate with this thumbprint, if it still counts."""
        for one in self.certificates:
            if one.thumbprint == thumbprint and today <= one.valid_until:
                return one
        return None

    def key(self, key_id: str, purpose: Purpose, today: date) -> ClientKey | None:
        """The listed key of this id and purpose, if it still counts."""
        for one in self.keys:
            if one.id == key_id and one.purpose is purpose and today <= one.valid_until:
                return one
        return None


KEYS_ONLY = Caller()
"""A partner whose file says nothing of it: API keys, and therefore nothing that needs more."""
