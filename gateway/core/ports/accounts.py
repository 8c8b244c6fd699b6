"""Ports of the store about who may call: API keys, operators and their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry, PartnerKey, Principal


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as stored: never the key itself."""

    id: str
    digest: bytes = field(repr=False)
    pepper: str | None = field(default=None, kw_only=True)
    """The id of the pepper that made the digest; None: the first one that this gateway had."""
    principal: Principal = field(kw_only=True)
    created_at: datetime = field(kw_only=True)
    expires_at: datetime | None = field(kw_only=True)


class ApiKeys(Protocol):
    async def find(self, key_id: str) -> ApiKey | None:
        """None for unknown, revoked or expired keys."""
        ...

    async def add(self, key: ApiKey, entry: AuditEntry) -> None:
        """Raises Conflict when the partner has two live keys."""
        ...

    async def list(self, partner: PartnerKey | None) -> tuple[ApiKey, ...]: ...

    async def revoke(self, key_id: str, entry: AuditEntry) -> bool: ...

    async def renew(self, old: ApiKey, new: ApiKey) -> None:
        """Put the digest under another pepper in the place of the old one, where that is still there."""
        ...

    async def peppered(self) -> Mapping[str | None, int]:
        """Pepper id -> live keys whose digests it made; None as in :class:`ApiKey`."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    name: str
    role: str
    """One of ``gateway.core.roles.Role``; an account with another one may nothing."""
    password_hash: str = field(repr=False)
    """Empty: this account has no password (its provider knows who it is)."""
    disabled: bool = False
    partner: PartnerKey | None = None
    """Of a partner admin: the one partner that it looks after."""
    provider: str = "local"
    """``local``, or the issuer that vouches for the account; each name belongs to one of them."""
    subject: str | None = None
    """Who the account is at its provider."""
    sealed_surname: bytes | None = field(default=None, repr=False)
    """See :mod:`gateway.core.own_name`; None: nobody said it."""
    break_glass: bool = False
    """Whether it may read content in an emergency (:mod:`gateway.core.glass`), where its role does not."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login session; ``token_digest`` is the SHA-256 of the cookie."""

    token_digest: bytes = field(repr=False)
    operator: str
    csrf: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    proved_at: datetime | None = None
    """When a second factor was last shown; None: half of a login, which opens nothing (or a site without factors)."""
    device: str | None = None
    """Thumbprint of the computer that it was begun on; None: the console asked for none."""


class Operators(Protocol):
    async def find(self, name: str) -> Operator | None: ...

    async def add(self, operator: Operator, entry: AuditEntry) -> None:
        """Add or replace."""
        ...

    async def list(self) -> tuple[Operator, ...]: ...

    async def open_session(self, session: Session, entry: AuditEntry, instead_of: bytes | None = None) -> None:
        """``instead_of``: the digest of the session that this one replaces."""
        ...

    async def session(
        self, token_digest: bytes, idle_since: datetime, born_since: datetime, now: datetime, *, seen: bool = True
    ) -> tuple[Session, Operator] | None:
        """The live session; marks it as seen now, unless ``seen`` says that nobody asked but an open page. None when it
        is idle or too old, or the operator is disabled."""
        ...

    async def lives(self, token_digest: bytes) -> bool:
        """Whether the session is still there, without keeping it alive."""
        ...

    async def close_session(self, token_digest: bytes) -> None: ...

    async def close_all(self, operator: str, entry: AuditEntry) -> int:
        """Every session of the operator ends; how many there were."""
        ...
