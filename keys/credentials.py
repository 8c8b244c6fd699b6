"""What partners sign and show: client assertions (RFC 7523), message signatures (RFC 9421), certificates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import http_sf
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    VerifyResult,
)
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from gateway.core.assertion import Assertion
from gateway.core.caller import ClientKey
from gateway.core.errors import Misconfigured
from gateway.core.message_signature import TAG, Request, Said
from gateway.core.ports.callers import CertificateFacts, FindKey
from gateway.core.unproven import Reason, Unproven
from keys.assertions import JWK_OF
from keys.certificates import facts
from keys.public_key import PublicKey, Verifying, verifying

LONGEST_ASSERTION = 8192
LONGEST_SIGNATURE_INPUT = 4096
_ASSERTION_TYPES = frozenset({None, "JWT", "jwt", "client-authentication+jwt"})
"""``typ`` of an assertion; that of an access token or of another document is none of them (RFC 8725, section 3.11)."""

_UNKNOWN = frozenset({"crit", "b64"})
"""Header members that would ask for more than we do (RFC 7515, section 4.1.11; RFC 7797)."""


class PresentedCredentials:
    """Implements :class:`gateway.core.ports.callers.Credentials`."""

    def assertion(self, text: str, find: FindKey) -> tuple[Assertion, ClientKey]:
        if len(text) > LONGEST_ASSERTION:
            raise Unproven(Reason.ASSERTION)
        try:
            parsed = jws.extract_compact(text.encode())
            header, claims = parsed.headers(), json.loads(parsed.payload)
            found = find(str(claims["iss"]), str(header["kid"]))
            known = None if found is None else verifying(found.public_key)
            if found is None or known is None or not _signed(parsed, header, known):
                raise Unproven(Reason.ASSERTION)
            return _assertion(claims), found
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, Misconfigured):
            raise Unproven(Reason.ASSERTION) from None

    def signature(self, request: Request, find: FindKey) -> tuple[Said, ClientKey]:
        said, partner = _said(request), request.values("x-partner")
        if len(partner) != 1:
            raise Unproven(Reason.SIGNATURE_COVERS)
        found = find(partner[0], said.key_id)
        if found is None:
            raise Unproven(Reason.SIGNATURE)
        try:
            known = verifying(found.public_key)
            _verify(request, found.id, known)
        except (HTTPMessageSignaturesException, Misconfigured, ValueError):
            raise Unproven(Reason.SIGNATURE) from None
        return said, found

    def certificate(self, der: bytes) -> CertificateFacts:
        try:
            return facts(der)
        except ValueError:
            raise Unproven(Reason.CERTIFICATE_FIELD) from None


# --- assertions -------------------------------------------------------------------------------------------------------


def _signed(parsed: jws.CompactSignature, header: Mapping[str, Any], known: Verifying) -> bool:
    algorithm = known.algorithms.jws
    if header.get("alg") != algorithm or header.get("typ") not in _ASSERTION_TYPES or not _UNKNOWN.isdisjoint(header):
        return False
    key: Key = JWK_OF[algorithm].import_key(known.pem)
    return jws.validate_compact(parsed, key, [algorithm])


def _assertion(claims: Mapping[str, Any]) -> Assertion:
    """Raises KeyError or TypeError for claims of the wrong type."""
    audience = claims["aud"]
    return Assertion(
        issuer=_text(claims["iss"]),
        subject=_text(claims["sub"]),
        audience=(audience,) if isinstance(audience, str) else tuple(_text(one) for one in audience),
        issued_at=_seconds(claims.get("iat")),
        expires_at=_seconds(claims.get("exp")),
        not_before=_seconds(claims.get("nbf")),
        id=_text(claims.get("jti", "")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _seconds(value: object) -> int | None:
    """A NumericDate (RFC 7519, section 2); a share of a second is dropped."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LAST:
        raise TypeError
    return int(value)


_LAST = 253_402_300_800
"""The year 10000: later times cannot be written down."""


# --- message signatures -----------------------------------------------------------------------------------------------


class _Message:
    """The request as the library reads it."""

    def __init__(self, request: Request) -> None:
        self.method, self.url = request.method, request.url
        self.headers = _Fields(request)


class _Fields:
    """All field lines in order."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def items(self) -> tuple[tuple[str, str], ...]:
        return self._request.fields


class _OneKey(HTTPSignatureKeyResolver):
    """The key that was found, and no other."""

    def __init__(self, key_id: str, key: PublicKey) -> None:
        self._key_id, self._key = key_id, key

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        return self._key if key_id == self._key_id else None


class _Verifier(HTTPMessageVerifier):
    """Times are judged by ``gateway.core.message_signature`` with the gateway's own clock."""

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """Nothing here."""


def _verify(request: Request, key_id: str, known: Verifying) -> list[VerifyResult]:
    verifier = _Verifier(signature_algorithm=known.algorithms.message, key_resolver=_OneKey(key_id, known.key))
    return verifier.verify(_Message(request), max_age=None, expect_tag=TAG)


def _said(request: Request) -> Said:
    """What the one signature with our tag says, before anything of it is believed. Raises Unproven unless there is
    exactly one."""
    told = ", ".join(request.values("signature-input"))
    if len(told) > LONGEST_SIGNATURE_INPUT:
        raise Unproven(Reason.SIGNATURE)
    try:
        inputs = cast("Mapping[str, Any]", http_sf.parse(told.encode(), tltype="dictionary"))
        ours = [(covered, params) for covered, params in inputs.values() if params.get("tag") == TAG]
        ((covered, params),) = ours
        # A component with parameters (one member of a field, say) does not count as the whole field.
        covers = frozenset(str(name) for name, parameters in covered if not parameters)
    except (ValueError, TypeError, AttributeError):
        raise Unproven(Reason.SIGNATURE_COVERS) from None
    return Said(
        key_id=str(params.get("keyid", "")),
        covers=covers,
        created=_integer(params.get("created")),
        expires=_integer(params.get("expires")),
        nonce=str(params.get("nonce", "")),
        tag=str(params.get("tag", "")),
    )


def _integer(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _LAST else None
