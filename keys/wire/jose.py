"""The profile ``jose``: a compact JWS (RFC 7515) inside a compact JWE (RFC 7516).

Every header member is in an exact list, so that whatever steers a library (``jwk``, ``jku``, ``x5u``, ``crit``,
``zip``, ``b64``, other algorithms) is refused before the library sees the message. Sender and recipient stand in both
layers.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

from gateway.core.protection import Algorithm, Ends, MessageRefused, Note, Opened
from keys.wire.stand_in import stand_in

WRAPPING, CONTENT = "ECDH-ES+A256KW", "A256GCM"
SIGNATURES: Mapping[Algorithm, str] = {Algorithm.P256: "ES256", Algorithm.RSA: "PS256"}
INNER, OUTER = "gateway-message+jws", "gateway-message+jwe"
"""``typ``: neither layer passes for another kind of JOSE object (RFC 8725, section 3.11)."""
HEADER_MOST = 2_048
_ID_MOST, _TYPE_MOST = 128, 128
_CONTENT_KEY_BYTES = 32
_CURVES: Mapping[Algorithm, str] = {Algorithm.P256: "P-256", Algorithm.P384: "P-384"}
_TEXT = HeaderParameter("text", "str")
_NUMBER = HeaderParameter("number", "int")
_INNER_OWN = {"iss": _TEXT, "aud": _TEXT, "jti": _TEXT, "iat": _NUMBER}
_OUTER_OWN = {"iss": _TEXT, "aud": _TEXT}
_INNER_MEMBERS: Mapping[str, type] = {
    "alg": str, "kid": str, "typ": str, "cty": str, "iss": str, "aud": str, "jti": str, "iat": int,
}  # fmt: skip
_OUTER_MEMBERS: Mapping[str, type] = {
    "alg": str, "enc": str, "kid": str, "typ": str, "cty": str, "iss": str, "aud": str, "epk": dict,
}  # fmt: skip
_POINT_MEMBERS: Mapping[str, type] = {"kty": str, "crv": str, "x": str, "y": str}
_EXTRA = 4 * HEADER_MOST
"""Bytes of a message beside the payload in both layers."""


@dataclass(frozen=True, slots=True)
class JoseKey:
    """A key as this profile uses it."""

    id: str
    algorithm: Algorithm
    key: ECKey | RSAKey


Find = Callable[[str], JoseKey]
"""The key of an id. Raises MessageRefused."""


class _Encryption(JWERegistry):
    max_protected_header_length = HEADER_MOST
    max_aad_length = HEADER_MOST

    def __init__(self, payload: int) -> None:
        super().__init__(header_registry=_OUTER_OWN, algorithms=[WRAPPING, CONTENT])
        self.max_ciphertext_length = payload

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc exports no types of its algorithms
        """joserfc's algorithm, with a wrapping that goes on."""
        found: Any = copy(super().get_alg(name))
        found.key_wrapping = _GoingOn(found.key_wrapping)
        return found


@dataclass(frozen=True, slots=True)
class _GoingOn:
    """joserfc's key wrapping, but that a key which does not unwrap is a stand-in: the tag then does not fit."""

    own: Any

    def wrap_cek(self, cek: bytes, key: bytes) -> bytes:
        wrapped: bytes = self.own.wrap_cek(cek, key)
        return wrapped

    def unwrap_cek(self, wrapped: bytes, key: bytes) -> bytes:
        try:
            found: bytes = self.own.unwrap_cek(wrapped, key)
        except (JoseError, ValueError):
            return stand_in(_CONTENT_KEY_BYTES)
        return found


class _Signing(JWSRegistry):
    max_header_length = HEADER_MOST

    def __init__(self, payload: int) -> None:
        super().__init__(header_registry=_INNER_OWN, algorithms=list(SIGNATURES.values()))
        self.max_payload_length = payload


def size_of(plain: int) -> int:
    """Bytes of a message over ``plain`` bytes, at most."""
    return _coded(_coded(plain) + _EXTRA) + _EXTRA


def _coded(size: int) -> int:
    return (size + 2) // 3 * 4


def protect(plain: bytes, note: Note, to: JoseKey, by: JoseKey) -> bytes:
    """The message, ASCII."""
    ends = {"iss": note.ends.sender, "aud": note.ends.recipient}
    inner = {"alg": SIGNATURES[by.algorithm], "kid": by.id, "typ": INNER, "cty": note.media_type, "jti": note.id}
    stamped = {**inner, **ends, "iat": int(note.at.timestamp())}
    signed = jws.serialize_compact(stamped, plain, by.key, registry=_Signing(len(plain)))
    outer = {"alg": WRAPPING, "enc": CONTENT, "kid": to.id, "typ": OUTER, "cty": "JOSE", **ends}
    return jwe.encrypt_compact(outer, signed, to.key, registry=_Encryption(len(signed))).encode("ascii")


def unprotect(message: bytes, ends: Ends, ours: Find, theirs: Find) -> Opened:
    """Open and verify. Raises MessageRefused. The caller has bounded the size of the message."""
    outer = _header(message, 5, _OUTER_MEMBERS)
    if (outer["alg"], outer["enc"], outer["typ"], outer["cty"]) != (WRAPPING, CONTENT, OUTER, "JOSE"):
        raise MessageRefused("algorithm")
    _directed(outer, ends)
    opener = ours(outer["kid"])
    _on_curve(outer["epk"], opener)
    signed = _decrypted(message, opener)
    inner = _header(signed, 3, _INNER_MEMBERS)
    signer = theirs(inner["kid"])
    if inner["alg"] != SIGNATURES.get(signer.algorithm) or inner["typ"] != INNER:
        raise MessageRefused("algorithm")
    plain = _verified(signed, signer)
    _directed(inner, ends)
    if not 0 < len(inner["jti"]) <= _ID_MOST or len(inner["cty"]) > _TYPE_MOST:
        raise MessageRefused("header")
    return Opened(plain, (signer.id,), opener.id, inner["jti"], _time(inner["iat"]), inner["cty"])


def _decrypted(message: bytes, opener: JoseKey) -> bytes:
    try:
        found = jwe.decrypt_compact(message, opener.key, registry=_Encryption(len(message)))
    except (JoseError, ValueError, TypeError):
        raise MessageRefused("open") from None
    if found.plaintext is None:
        raise MessageRefused("open")
    return found.plaintext


def _verified(signed: bytes, signer: JoseKey) -> bytes:
    try:
        return jws.deserialize_compact(signed, signer.key, registry=_Signing(len(signed))).payload
    except (JoseError, ValueError, TypeError):
        raise MessageRefused("signature") from None


def _directed(header: Mapping[str, Any], ends: Ends) -> None:
    if (header["iss"], header["aud"]) != (ends.sender, ends.recipient):
        raise MessageRefused("ends", code="message-misdirected")


def _on_curve(point: Mapping[str, Any], opener: JoseKey) -> None:
    _exact(point, _POINT_MEMBERS)
    if point["kty"] != "EC" or point["crv"] != _CURVES.get(opener.algorithm):
        raise MessageRefused("algorithm")


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise MessageRefused("header") from None


def _header(token: bytes, parts: int, members: Mapping[str, type]) -> Mapping[str, Any]:
    """The protected header: the one form of base64url in every part, no member twice, exactly these members."""
    found = token.split(b".")
    if len(found) != parts or len(found[0]) > HEADER_MOST or not all(_canonical(part) for part in found):
        raise MessageRefused("form")
    try:
        header = json.loads(_decoded(found[0]).decode(), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise MessageRefused("header") from None
    _exact(header, members)
    return dict(header)


def _exact(value: object, members: Mapping[str, type]) -> None:
    if not isinstance(value, dict) or value.keys() != members.keys():
        raise MessageRefused("header")
    if any(type(value[name]) is not kind for name, kind in members.items()):
        raise MessageRefused("header")


def _canonical(part: bytes) -> bool:
    """Whether base64url is in its one form (RFC 7515, section 2; RFC 4648, section 3.5): one message has one text."""
    try:
        return bool(part) and urlsafe_b64encode(_decoded(part)).rstrip(b"=") == part
    except ValueError:
        return False


def _decoded(part: bytes) -> bytes:
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def _no_number(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")
