"""The token endpoint (RFC 6749, section 3.2), our public keys and what we offer (RFC 8414)."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from pydantic import Field, ValidationError

from gateway.core.assertion import TYPE
from gateway.core.errors import Forbidden, Refused, TooLarge, Unsupported
from gateway.core.unproven import Unproven
from gateway.web.access import JWKS_PATH, TOKEN_PATH
from gateway.web.api import answers, bodies
from gateway.web.api.asked import Asked
from gateway.web.api.operation import Call
from gateway.web.api.told import Told
from gateway.web.auth import PARTNER_SCOPES
from gateway.web.granting import Claimed

_log = structlog.get_logger()
_FORM = "application/x-www-form-urlencoded"
_MOST_MEMBERS = 8
_BAD, _UNAUTHORIZED = 400, 401


class TokenAsked(Asked):
    """What the client sends."""

    grant_type: str = Field(description="client_credentials")
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: str = Field(min_length=1, max_length=8192, description="A JWT as RFC 7523 has it")
    client_id: str | None = Field(default=None, max_length=64, description="The partner's key; the assertion says it")
    scope: str | None = Field(default=None, max_length=200, description="Scopes with spaces between; none: all")


class TokenTold(Told):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    scope: str


class OAuthError(Told):
    """RFC 6749, section 5.2."""

    error: Literal[
        "invalid_request", "invalid_client", "invalid_scope", "unauthorized_client", "unsupported_grant_type"
    ]
    error_description: str = ""


class Metadata(Told):
    """RFC 8414, section 2, as far as we have it."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: tuple[str, ...] = ("client_credentials",)
    response_types_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ("ES256", "ES384", "PS256", "EdDSA")
    scopes_supported: tuple[str, ...] = tuple(sorted(PARTNER_SCOPES))
    tls_client_certificate_bound_access_tokens: bool = True


async def post_token(call: Call) -> web.Response:
    """An access token for a client assertion. Refusals are of the form that RFC 6749 gives."""
    asked = await _asked(call)
    if isinstance(asked, OAuthError):
        return answers.told(asked, status=_BAD)
    door = call.site.door
    try:
        claimed = await door.callers.claim(call.request, asked.client_assertion)
    except Unproven as refusal:
        await door.note(refusal)
        return answers.told(OAuthError(error="invalid_client", error_description=refusal.detail), status=_UNAUTHORIZED)
    except Forbidden as refusal:
        return answers.told(OAuthError(error="unauthorized_client", error_description=refusal.detail), status=_BAD)
    return await _granted(call, claimed, asked)


async def _granted(call: Call, claimed: Claimed, asked: TokenAsked) -> web.Response:
    allowed = claimed.partner.caller.scopes
    wanted = frozenset(asked.scope.split()) if asked.scope else allowed
    if asked.client_id not in (None, claimed.partner.key):
        return answers.told(OAuthError(error="invalid_client"), status=_UNAUTHORIZED)
    if not wanted or not wanted <= allowed:
        return answers.told(OAuthError(error="invalid_scope", error_description="Not all are yours."), status=_BAD)
    granted = call.site.door.callers.grant(call.request, claimed, wanted)
    details = {"key": claimed.key, "scopes": " ".join(sorted(wanted)), "tier": claimed.tier.value}
    entry = call.parts.scribe.entry(
        claimed.principal.actor, "token.granted", f"token:{granted.token.id}", "ok", details
    )
    await call.parts.audit.write([entry])
    _log.info("token.granted", partner=claimed.partner.key, id=granted.token.id, kind=claimed.tier.value)
    lasting = granted.token.expires_at - granted.token.issued_at
    told = TokenTold(access_token=granted.text, expires_in=int(lasting.total_seconds()), scope=" ".join(sorted(wanted)))
    return answers.told(told, headers={"Pragma": "no-cache"})


async def _asked(call: Call) -> TokenAsked | OAuthError:
    """The form. Raises Unsupported, TooLarge and what ``bodies.pieces`` raises."""
    if call.request.content_type != _FORM:
        raise Unsupported(f"Send {_FORM}.")
    if call.request.query_string:
        raise Refused("The token endpoint takes no query.")
    body = bytearray()
    async for piece in bodies.pieces(call.request, call.limits):
        body += piece
        if len(body) > call.limits.json_bytes:
            raise TooLarge
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=_MOST_MEMBERS)
        members = dict(pairs)
        if len(members) != len(pairs):
            return OAuthError(error="invalid_request", error_description="A member comes twice.")
        if members.get("grant_type", "client_credentials") != "client_credentials":
            return OAuthError(error="unsupported_grant_type")
        return TokenAsked.model_validate(members)
    except (ValidationError, ValueError):
        return OAuthError(error="invalid_request", error_description=f"Send an assertion as {TYPE}.")


async def get_jwks(call: Call) -> web.Response:
    """The keys that verify our access tokens."""
    body = call.parts.proofs.tokens.published()
    return web.Response(body=body, content_type="application/jwk-set+json", headers={"Cache-Control": "max-age=300"})


async def get_metadata(call: Call) -> web.Response:
    """What the authorization server is and offers."""
    url = call.site.door.access.url_of(call.request)
    return answers.told(Metadata(issuer=url, token_endpoint=url + TOKEN_PATH, jwks_uri=url + JWKS_PATH))
