"""Who calls: API keys ``gwk_<id>_<secret><checksum>``, looked up, compared in constant time, refused uniformly.

The checksum (CRC-32 of all before it, 8 hex digits) tells a mistyped key without a query and lets secret scanners
recognise ours; it protects nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.caller import SCOPES
from gateway.core.ids import Clock, Random
from gateway.core.model import PartnerKey, Principal
from gateway.core.ports.accounts import ApiKey, ApiKeys
from gateway.core.ports.keys import TokenHasher
from gateway.core.unproven import Unproven

_TOKEN = re.compile(r"gwk_([0-9a-f]{16})_[a-z2-7]{52}[0-9a-f]{8}")
_SCHEME = "bearer "
_ID_BYTES, _SECRET_BYTES = 8, 32
_CHECKSUM = 8
_MOST_CACHED = 1024
_NOBODY = bytes(32)
"""Stands in for the digest of a key that does not exist, so that both refusals do the same work."""


class Scope(StrEnum):
    """What a key may do."""

    PUBLIC = "public"
    """No key needed: health, the reference, rules and problems."""
    SUBMIT = "submit"
    READ = "read"
    MAILBOX = "mailbox"
    ACKNOWLEDGE = "acknowledge"
    QUERY = "query"
    OPERATE = "operate"
    """Operator keys only."""


PARTNER_SCOPES = frozenset(Scope(scope) for scope in SCOPES)
OPERATOR_SCOPES = frozenset({Scope.READ, Scope.OPERATE})


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh API key: ``token`` is shown once and kept nowhere, ``stored`` goes into the store."""

    token: str = field(repr=False)
    stored: ApiKey


@dataclass(frozen=True, slots=True)
class Owner:
    """For whom a key is made: exactly one of a partner and an operator."""

    scopes: frozenset[Scope]
    partner: PartnerKey | None = None
    operator: str | None = None
    lifetime: timedelta | None = timedelta(days=90)
    """None: until revoked. Keys are for tests and small employers, so they end after 90 days."""

    def __post_init__(self) -> None:
        if (self.partner is None) == (self.operator is None):
            raise ValueError("a key belongs to a partner or to an operator")
        allowed = PARTNER_SCOPES if self.partner else OPERATOR_SCOPES
        if not self.scopes or not self.scopes <= allowed:
            raise ValueError(f"the scopes of such a key are {', '.join(sorted(allowed))}")


def new_api_key(owner: Owner, clock: Clock, random: Random, hasher: TokenHasher) -> NewKey:
    """A key with 256 bits of randomness, its digest under the pepper of now. Store
    ``stored``, show ``token`` to its owner once."""
    key_id = random(_ID_BYTES).hex()
    secret = base64.b32encode(random(_SECRET_BYTES)).decode().rstrip("=").lower()
    body = f"gwk_{key_id}_{secret}"
    token = body + _checksum(body)
    now, pepper = clock(), hasher.current
    stored = ApiKey(
        key_id,
        hasher.digest(token, pepper),
        pepper=pepper,
        principal=Principal(key_id, frozenset(owner.scopes), owner.partner, owner.operator),
        created_at=now,
        expires_at=None if owner.lifetime is None else now + owner.lifetime,
    )
    return NewKey(token, stored)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def key_id_of(authorization: str | None) -> tuple[str, str] | None:
    """Key id and token of an Authorization field; None when it is not one of our keys or is mistyped."""
    if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        return None
    token = authorization[len(_SCHEME) :].strip()
    match = _TOKEN.fullmatch(token)
    if match is None or _checksum(token[:-_CHECKSUM]) != token[-_CHECKSUM:]:
        return None
    return match[1], token


class Doorkeeper:
    """Knows callers by their keys. Keys that let somebody in are remembered for ``remember`` (at most 10 s), so that
    the hot path asks the store rarely; a refusal always asks it, whether the key exists or not."""

    def __init__(self, keys: ApiKeys, hasher: TokenHasher, clock: Clock, remember: timedelta) -> None:
        self._keys, self._hasher, self._clock, self._remember = keys, hasher, clock, remember
        self._known: OrderedDict[str, tuple[ApiKey, datetime]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[ApiKey | None]] = {}

    async def identify(self, authorization: str | None) -> Principal:
        """The caller behind an Authorization field. Raises Unproven, the same for every reason."""
        parsed = key_id_of(authorization)
        if parsed is None:
            raise Unproven
        key_id, token = parsed
        known = self._fresh(key_id)
        if known is not None and hmac.compare_digest(known.digest, self._hasher.digest(token, known.pepper)):
            return known.principal
        found = await self._found(key_id)
        digest = self._hasher.digest(token, found.pepper if found else self._hasher.current)
        matches = hmac.compare_digest(found.digest if found else _NOBODY, digest)
        if found is None or not matches:
            raise Unproven
        self._keep(await self._renewed(found, token))
        return found.principal

    async def _renewed(self, found: ApiKey, token: str) -> ApiKey:
        """The key with its digest under the pepper of now: only while it is shown can it be made anew."""
        pepper = self._hasher.current
        if found.pepper == pepper:
            return found
        renewed = replace(found, digest=self._hasher.digest(token, pepper), pepper=pepper)
        await self._keys.renew(found, renewed)
        return renewed

    async def _found(self, key_id: str) -> ApiKey | None:
        """One question to the store for all who knock with the key while it is asked."""
        asking = self._asking.get(key_id)
        if asking is None:
            asking = self._asking[key_id] = asyncio.create_task(self._keys.find(key_id))
            asking.add_done_callback(lambda _: self._asking.pop(key_id))
        return await asyncio.shield(asking)

    def _fresh(self, key_id: str) -> ApiKey | None:
        key, until = self._known.get(key_id, (None, None))
        if key is None or until is None:
            return None
        now = self._clock()
        expired = key.expires_at is not None and key.expires_at <= now
        return None if expired or now >= until or now < until - self._remember else key

    def _keep(self, key: ApiKey) -> None:
        self._known[key.id] = (key, self._clock() + self._remember)
        self._known.move_to_end(key.id)
        if len(self._known) > _MOST_CACHED:
            self._known.popitem(last=False)
