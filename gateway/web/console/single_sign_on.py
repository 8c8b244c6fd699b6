"""Logging in at the agency's own provider: OpenID Connect code flow with PKCE, state, nonce and an exact way back.

Nothing is stored while somebody is away: state, nonce and verifier are digests of one random cookie, which the way back
must bring along. The provider's word must say that a second factor was shown, and when.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from gateway.core.errors import Forbidden, Refused, Unauthenticated
from gateway.core.model import Actor, PartnerKey
from gateway.core.own_name import is_surname, open_surname, seal_surname
from gateway.core.ports.accounts import Operator
from gateway.core.ports.identity import Expected, IdTokens
from gateway.core.ports.keys import Sealer
from gateway.core.roles import Role
from gateway.web.console import login, sessions
from gateway.web.console.devices import unfit
from gateway.web.console.pages import Pages
from gateway.web.console.provider import Provider, ProviderSettings
from gateway.web.console.rights import Right, allowed
from gateway.web.console.sessions import TOKEN_BYTES, Gate
from gateway.web.console.visit import Visit

BACK = "/login/provider/back"
AWAY = timedelta(minutes=10)
"""How long somebody may be away at the provider."""
SKEW = timedelta(seconds=60)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The provider and who reads its tokens."""

    provider: Provider
    tokens: IdTokens


@dataclass(frozen=True, slots=True)
class Trip:
    """One way to the provider and back, all of it derived from the cookie."""

    cookie: str

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """RFC 7636, section 4.2: S256."""
        return _base64url(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def wanted(self) -> str:
        """The page that was asked for."""
        return base64.urlsafe_b64decode(self.cookie.split(".")[2]).decode(errors="replace")

    def is_open(self, now: datetime) -> bool:
        return now.timestamp() <= float(self.cookie.split(".")[0])

    def _derived(self, use: str) -> str:
        return _base64url(hashlib.sha256(f"{use}\n{self.cookie}".encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _trip(visit: Visit) -> Trip | None:
    found = visit.request.cookies.get(visit.settings.trip_cookie, "")
    return Trip(found) if re.fullmatch(r"[0-9]{1,12}\.[0-9a-f]{64}\.[A-Za-z0-9_=-]{0,2000}", found) else None


async def leave(visit: Visit, sso: SingleSignOn) -> web.Response:
    """Send the browser to the provider."""
    until = int((visit.now + AWAY).timestamp())
    wanted = base64.urlsafe_b64encode(login.inside(visit).encode()).decode()
    trip = Trip(f"{until}.{visit.parts.random(TOKEN_BYTES).hex()}.{wanted}")
    settings = sso.provider.settings
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": way_back(visit),
        "scope": settings.scopes,
        "state": trip.state,
        "nonce": trip.nonce,
        "code_challenge": trip.challenge,
        "code_challenge_method": "S256",
        "max_age": str(int(visit.settings.fresh.total_seconds())),
    } | ({"acr_values": " ".join(sorted(settings.acr))} if settings.acr else {})
    place = (await sso.provider.discovered(visit.now)).authorize
    joined = f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"
    answer = web.Response(status=303, headers={"Location": joined})
    # Lax: the provider sends the browser back from another site, and a strict cookie would stay at home.
    answer.set_cookie(
        visit.settings.trip_cookie,
        trip.cookie,
        path="/",
        max_age=int(AWAY.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=visit.settings.secure,
    )
    return answer


def way_back(visit: Visit) -> str:
    """The one address to which the provider may send people back."""
    return f"{visit.settings.origin}{visit.url(BACK)}"


async def back(visit: Visit, sso: SingleSignOn, gate: Gate, pages: Pages) -> web.Response:
    """Take the provider's word. The answer is a page of ours that goes on by itself: a redirect would still count as
    coming from the provider, and the strict session cookie would not be sent."""
    attempt = await login.begun(visit, gate, "")
    try:
        trip, operator, proved_at = await _vouched(visit, sso)
    except Refused as refusal:
        await login.refused(visit, attempt, None, refusal.problem)
        raise
    await attempt.take_back()
    wanted = login.inside(visit, trip.wanted)
    answer = web.Response(
        text=pages.page(visit, "arrived.html", {"next": wanted}), content_type="text/html", charset="utf-8"
    )
    await sessions.begin(visit, answer, operator, proved_at)
    answer.del_cookie(visit.settings.trip_cookie, path="/", secure=visit.settings.secure)
    return answer


async def _vouched(visit: Visit, sso: SingleSignOn) -> tuple[Trip, Operator, datetime]:
    query, trip = visit.request.query, _trip(visit)
    given = query.get("state", "")
    if trip is None or not hmac.compare_digest(trip.state.encode(), given.encode()) or not trip.is_open(visit.now):
        raise Forbidden("This login was not begun here, or took too long. Log in again.", code="sso-state")
    discovered = await sso.provider.discovered(visit.now)
    issuer = query.get("iss")
    if (issuer is None and discovered.says_issuer) or issuer not in (None, sso.provider.settings.issuer):
        raise Forbidden("Another provider answered.", code="sso-issuer")
    if "error" in query or not query.get("code"):
        raise Forbidden("The provider did not let you in.", code="sso-refused")
    token = await sso.provider.exchange(visit.now, query["code"], trip.verifier, way_back(visit))
    claims = await _claims(visit, sso, token, trip)
    proved_at = _proved_at(visit, sso.provider.settings, claims)
    return trip, await _account(visit, sso.provider.settings, claims), proved_at


async def _claims(visit: Visit, sso: SingleSignOn, token: str, trip: Trip) -> Mapping[str, object]:
    settings = sso.provider.settings
    expected = Expected(settings.issuer, settings.client_id, trip.nonce, settings.algorithms, visit.now)
    try:
        return sso.tokens.claims(token, await sso.provider.keys(visit.now), expected)
    except Unauthenticated as error:
        if error.problem != "id-token-signature":
            raise
    return sso.tokens.claims(token, await sso.provider.keys(visit.now, again=True), expected)


def _proved_at(visit: Visit, settings: ProviderSettings, claims: Mapping[str, object]) -> datetime:
    """When a second factor was shown at the provider. Raises Forbidden when its word does not say so, or says that it
    was longer ago than was asked for (``max_age``; Core 1.0, sections 2 and 3.1.3.7)."""
    methods = claims.get("amr")
    shown = settings.amr.intersection(methods) if isinstance(methods, list) else frozenset()
    if not shown and claims.get("acr") not in settings.acr:
        raise Forbidden("The provider did not ask for a second factor.", code="sso-second-factor")
    at = claims.get("auth_time")
    if not isinstance(at, int | float) or isinstance(at, bool):
        raise Forbidden("The provider does not say when you logged in.", code="sso-second-factor")
    when = datetime.fromtimestamp(at, UTC)
    if not visit.now - visit.settings.fresh - SKEW <= when <= visit.now + SKEW:
        raise Forbidden("Your login at the provider is too old. Log in again.", code="sso-second-factor")
    return min(when, visit.now)


async def _account(visit: Visit, settings: ProviderSettings, claims: Mapping[str, object]) -> Operator:
    """The account of the claims, made or brought up to date. A changed role ends the sessions of before."""
    name, subject = claims.get(settings.name_claim), str(claims["sub"])
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Forbidden("The provider gives no name that can be used here.", code="sso-name")
    role, partner = _role(settings, claims)
    found = await visit.parts.operators.find(name)
    if found is not None and (found.provider, found.subject) != (settings.issuer, subject):
        raise Forbidden("This name belongs to another account.", code="sso-name")
    if found is not None and found.disabled:
        raise Forbidden("This account is disabled.", code="sso-disabled")
    if (why := await login.why_not_here(visit, name)) is not None:
        raise unfit(why)
    wanted = Operator(
        name,
        role.value,
        "",
        partner=partner,
        provider=settings.issuer,
        subject=subject,
        sealed_surname=_surname(visit.parts.sealer, settings, claims, name, found),
        break_glass=allowed(role, Right.BREAK) and not _values(settings, claims).isdisjoint(settings.break_glass),
    )
    if wanted != found:
        details = {"role": role.value, "provider": settings.issuer}
        entry = visit.parts.scribe.entry(Actor("operator", name), "operator.added", f"operator:{name}", "ok", details)
        await visit.parts.operators.add(wanted, entry)
    return wanted


def _surname(
    sealer: Sealer, settings: ProviderSettings, claims: Mapping[str, object], name: str, found: Operator | None
) -> bytes | None:
    """Sealed: the one that the account has, unless the provider tells another one."""
    told, before = claims.get(settings.surname_claim), found.sealed_surname if found else None
    if not isinstance(told, str) or not is_surname(told) or told == open_surname(sealer, name, before):
        return before
    return seal_surname(sealer, name, told)


def _values(settings: ProviderSettings, claims: Mapping[str, object]) -> frozenset[object]:
    told = claims.get(settings.role_claim)
    return frozenset(told) if isinstance(told, list) else frozenset({told})


def _role(settings: ProviderSettings, claims: Mapping[str, object]) -> tuple[Role, PartnerKey | None]:
    values = _values(settings, claims)
    for value, role, partner in settings.roles:
        if value in values:
            return role, partner
    raise Forbidden("None of your groups has a role here.", code="sso-role")
