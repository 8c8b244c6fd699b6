"""Who calls, by whatever proof: an API key, an access token or a message signature, and the certificate beside it.

All that a caller shows must be of one partner, and be enough for what its agreements carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_network
from typing import NamedTuple

from aiohttp import web

from gateway.core.caller import Caller, Tier
from gateway.core.caller_floor import floors
from gateway.core.errors import Forbidden
from gateway.core.model import PartnerKey, Principal
from gateway.core.routing import Directory
from gateway.core.unproven import Reason, Unproven
from gateway.web.access import Access, Network
from gateway.web.auth import Doorkeeper
from gateway.web.granting import Claimed, Granted, TokenDoor, check_certificate
from gateway.web.limits import Limits
from gateway.web.parts import Parts
from gateway.web.peer import Peers
from gateway.web.signed import FIELD, SignatureDoor

_BEARER = "bearer "
_KEY = "gwk_"
_DAY = timedelta(days=1)


class Seen(NamedTuple):
    """Who called, and the picture and the time by which that was found."""

    principal: Principal
    directory: Directory
    now: datetime


class Callers:
    """Identifies callers. Nothing here asks the store for a caller that is known already, but for nonces."""

    def __init__(self, parts: Parts, limits: Limits, access: Access) -> None:
        self._parts, self._access, self._clock = parts, access, parts.clock
        self.peers = Peers(access.proxies, parts.proofs.credentials.certificate)
        self._keys = Doorkeeper(parts.callers, parts.hasher, parts.clock, limits.key_cache)
        self._tokens = TokenDoor(parts.proofs, access, parts.clock, parts.mint)
        self._signatures = SignatureDoor(parts.proofs, parts.clock)
        self._floors = Floors(synthetic=access.sandbox)
        self._networks: dict[tuple[str, ...], tuple[Network, ...]] = {}

    async def identify(self, request: web.Request) -> Seen:
        """The caller. Raises Unproven when its proofs are not good or do not belong together."""
        directory = await self._parts.directory()
        now = self._clock()
        shown = self.peers.certificate(request, now)
        authorization = request.headers.get("Authorization")
        if FIELD in request.headers:
            if authorization is not None:
                raise Unproven(Reason.AMBIGUOUS)
            principal = await self._signatures.identify(request, self._access.url_of(request), directory)
        elif authorization is not None and is_token(authorization):
            text = authorization[len(_BEARER) :].strip()
            principal = self._tokens.identify(text, shown, self._access.url_of(request), directory)
        else:
            principal = await self._keys.identify(authorization)
        partner = None if principal.partner is None else directory.partners.get(principal.partner)
        if partner is not None:
            check_certificate(partner, shown, now)
            if partner.caller.networks:
                self._check_network(request, partner.caller, principal)
        return Seen(principal, directory, now)

    def refuse_weak(self, seen: Seen) -> None:
        """Raises Forbidden when the proof is not enough for what the partner's agreements carry, or when it is no
        partner (any more)."""
        principal, directory, now = seen
        if principal.partner is None:
            return
        if principal.partner not in directory.partners:
            raise Forbidden("The caller is not a partner here.")
        floor = self._floors.of(principal.partner, directory, now)
        if not principal.tier.at_least(floor):
            raise Forbidden(
                f"What this partner's agreements carry needs proof by {floor.value}.", code="proof-too-weak"
            )

    async def claim(self, request: web.Request, assertion: str) -> Claimed:
        """Who asks for a token. Raises Unproven, and Forbidden when its proof is not enough."""
        directory = await self._parts.directory()
        now = self._clock()
        shown = self.peers.certificate(request, now)
        claimed = await self._tokens.claim(assertion, shown, self._access.url_of(request), directory)
        self._check_network(request, claimed.partner.caller, claimed.principal)
        self.refuse_weak(Seen(claimed.principal, directory, now))
        return claimed

    def grant(self, request: web.Request, claimed: Claimed, scopes: frozenset[str]) -> Granted:
        """The token. Raises Unavailable."""
        return self._tokens.grant(claimed, scopes, self._access.url_of(request))

    def _check_network(self, request: web.Request, caller: Caller, principal: Principal) -> None:
        if not caller.networks:
            return
        networks = self._networks.get(caller.networks)
        if networks is None:
            networks = self._networks[caller.networks] = tuple(ip_network(text) for text in caller.networks)
        if not self.peers.within(self.peers.address(request), networks):
            raise Unproven(Reason.NETWORK, principal.actor)


def is_token(authorization: str) -> bool:
    """Whether the field holds an access token rather than an API key."""
    start = len(_BEARER)
    return authorization[:start].lower() == _BEARER and not authorization[start:].lstrip().startswith(_KEY)


class Floors:
    """The weakest proof of each partner, worked out once for each picture of the directory and each day."""

    def __init__(self, *, synthetic: bool) -> None:
        self._synthetic = synthetic
        self._directory: Directory | None = None
        self._until = datetime.min.replace(tzinfo=UTC)
        self._floors: Mapping[PartnerKey, Tier] = {}

    def of(self, partner: PartnerKey, directory: Directory, now: datetime) -> Tier:
        """Of a partner of the directory."""
        if directory is not self._directory or not self._until - _DAY <= now < self._until:
            today = now.date()
            self._floors = floors(directory, today, synthetic=self._synthetic)
            self._directory, self._until = directory, datetime.combine(today, time.min, UTC) + _DAY
        return self._floors[partner]
