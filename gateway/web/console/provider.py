"""The line to the provider that vouches for operators: discovery, keys, and the exchange of a code (OpenID Connect
Discovery 1.0, Core 1.0 section 3.1, RFC 7636). Answers are bounded, redirects are not followed."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlsplit

import aiohttp

from gateway.core.errors import Unauthenticated, Unavailable
from gateway.core.loopback import is_loopback
from gateway.core.model import PartnerKey
from gateway.core.roles import Role

LARGEST = 256 * 1024
"""Bytes of an answer; a big key set has some thousand."""
KEPT = timedelta(hours=1)
"""How long discovery and keys are good without asking again."""
NOT_SOONER = timedelta(minutes=1)
"""Keys that do not know a token are asked for again, at most so often."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What is agreed with the provider; see ``gateway.settings.Oidc``."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: str
    algorithms: tuple[str, ...]
    name_claim: str
    surname_claim: str
    role_claim: str
    roles: Sequence[tuple[str, Role, PartnerKey | None]]
    """(value of the role claim, role, partner of a partner admin), in order: the first that fits counts."""
    break_glass: frozenset[str]
    """Values of the role claim whose holders may break the glass."""
    amr: frozenset[str]
    acr: frozenset[str]
    timeout: timedelta
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """How it is reached by https; None: as the client does by itself."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What the provider's configuration says."""

    authorize: str
    token: str
    keys: str
    says_issuer: bool
    """Whether its answers name the issuer (RFC 9207)."""


class Provider:
    """Asks the provider. Raises Unavailable when it does not answer as it should."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._discovered: tuple[Discovered, datetime] | None = None
        self._keys: tuple[Sequence[Mapping[str, object]], datetime] | None = None

    async def discovered(self, now: datetime) -> Discovered:
        if self._discovered is None or now - self._discovered[1] > KEPT:
            found = await self._get(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.settings.issuer:
                raise Unavailable("The provider names another issuer than the settings.", code="provider-issuer")
            places = [_place(found, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            says = found.get("authorization_response_iss_parameter_supported") is True
            self._discovered = (Discovered(places[0], places[1], places[2], says), now)
        return self._discovered[0]

    async def keys(self, now: datetime, *, again: bool = False) -> Sequence[Mapping[str, object]]:
        """The provider's public keys. ``again``: those that are kept did not fit a token."""
        kept = self._keys
        if kept is None or now - kept[1] > KEPT or (again and now - kept[1] > NOT_SOONER):
            found = await self._get((await self.discovered(now)).keys)
            members = found.get("keys")
            keys = [one for one in members if isinstance(one, dict)] if isinstance(members, list) else []
            kept = self._keys = (keys, now)
        return kept[0]

    async def exchange(self, now: datetime, code: str, verifier: str, back: str) -> str:
        """The ID token for a code. Raises Unauthenticated when the provider does not know the code."""
        settings = self.settings
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        secret = settings.client_secret
        headers = {} if secret is None else {"Authorization": _basic(settings.client_id, secret)}
        if secret is None:
            form["client_id"] = settings.client_id
        status, answer = await self._ask("POST", (await self.discovered(now)).token, data=form, headers=headers)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):  # noqa: PLR2004 (OK)
            raise Unauthenticated("The provider did not take the code.", code="provider-code")
        return token

    async def _get(self, url: str) -> Mapping[str, Any]:
        status, answer = await self._ask("GET", url)
        if status != 200:  # noqa: PLR2004 (OK)
            raise Unavailable("The login provider does not answer.", code="provider-down")
        return answer

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[int, Mapping[str, Any]]:  # noqa: ANN401 (aiohttp's)
        limit = aiohttp.ClientTimeout(total=self.settings.timeout.total_seconds())
        try:
            async with (
                aiohttp.ClientSession(timeout=limit, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(method, url, allow_redirects=False, ssl=self.settings.tls or True, **more) as answer,
            ):
                body = await answer.content.read(LARGEST)
                found = json.loads(body) if body else {}
                return answer.status, found if isinstance(found, dict) else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable("The login provider does not answer.", code="provider-down") from error


def _basic(client: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: both parts as in a form, then as RFC 7617 has it."""
    joined = f"{quote_plus(client)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(joined.encode()).decode()}"


def _place(found: Mapping[str, Any], name: str) -> str:
    """An address of the configuration: https, but for a provider on this machine."""
    url = found.get(name)
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise Unavailable("The provider's configuration is not usable.", code="provider-issuer")
    return parts.geturl()
