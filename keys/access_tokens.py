"""Access tokens: JWTs as RFC 9068 has them, signed with ES256 by a key of the ring; our public keys as a JWK Set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.core.errors import Unavailable
from gateway.core.model import PartnerKey
from gateway.core.ports.callers import AccessToken
from gateway.core.unproven import Reason, Unproven
from keys.ring import Key, KeyRing
from keys.states import KeyState, KeyUse
from keys.thumbprints import base64url_of_hex, hex_of_base64url

TOKEN_KEY_LABEL = "access-tokens"  # noqa: S105 - the label of a key
ALGORITHM = "ES256"
TYPE = "at+jwt"
LONGEST = 4096
"""Characters of a token; ours have some 600."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-5)."""
_WIDE = 48
"""Bytes drawn for a number below the order: 128 bits more than needed, so that none is likelier (FIPS 186-5, A.2.1)."""


class SignedTokens:
    """The AccessTokens over the ring's token-signing keys. ``ring`` gives the ring as it is now."""

    def __init__(self, ring: Callable[[], KeyRing]) -> None:
        self._ring = ring
        self._made: dict[str, ECKey] = {}

    def sign(self, token: AccessToken, audience: str) -> str:
        key_id, key = self._active()
        claims: dict[str, object] = {
            "iss": audience,
            "aud": audience,
            "sub": token.partner,
            "client_id": token.partner,
            "jti": token.id,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "scope": " ".join(sorted(token.scopes)),
            "key": token.key,
        }
        if token.thumbprint is not None:
            claims["cnf"] = {"x5t#S256": base64url_of_hex(token.thumbprint)}
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id}
        return jws.serialize_compact(header, json.dumps(claims, separators=(",", ":")), key, algorithms=[ALGORITHM])

    def read(self, text: str, audience: str) -> AccessToken:
        if len(text) > LONGEST:
            raise Unproven(Reason.TOKEN)
        try:
            parsed = jws.extract_compact(text.encode())
            header = parsed.headers()
            key = dict(self._opening()).get(str(header.get("kid")))
            if key is None or header.get("typ") != TYPE or not jws.validate_compact(parsed, key, [ALGORITHM]):
                raise Unproven(Reason.TOKEN)
            return _token(json.loads(parsed.payload), audience)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            raise Unproven(Reason.TOKEN) from None

    def published(self) -> bytes:
        published = [
            {**self._key(key).as_dict(private=False), "kid": key.facts.id, "use": "sig", "alg": ALGORITHM}
            for key in self._ring().published(KeyUse.TOKEN_SIGNING)
        ]
        return json.dumps({"keys": published}, separators=(",", ":"), sort_keys=True).encode()

    def _active(self) -> tuple[str, ECKey]:
        for key in self._ring().opening(KeyUse.TOKEN_SIGNING):
            if key.facts.state is KeyState.ACTIVE:
                return key.facts.id, self._key(key)
        raise Unavailable("There is no key that signs access tokens.", code="key-unavailable")

    def _opening(self) -> Iterator[tuple[str, ECKey]]:
        for key in self._ring().opening(KeyUse.TOKEN_SIGNING):
            yield key.facts.id, self._key(key)

    def _key(self, key: Key) -> ECKey:
        made = self._made.get(key.facts.id)
        if made is None:
            made = self._made[key.facts.id] = _p256(key.material)
        return made


def _token(claims: dict[str, Any], audience: str) -> AccessToken:
    """Raises KeyError, TypeError or ValueError for claims that are not ours."""
    if (claims["iss"], claims["aud"]) != (audience, audience):
        raise ValueError
    bound = claims.get("cnf")
    return AccessToken(
        id=str(claims["jti"]),
        partner=PartnerKey(str(claims["sub"])),
        key=str(claims["key"]),
        scopes=frozenset(str(claims["scope"]).split()),
        issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
        expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
        thumbprint=None if bound is None else hex_of_base64url(bound["x5t#S256"]),
    )


def _p256(seed: bytes) -> ECKey:
    """The P-256 key of a seed."""
    wide = HKDF(hashes.SHA256(), _WIDE, salt=None, info=b"gateway access-token ES256").derive(seed)
    private = ec.derive_private_key(1 + int.from_bytes(wide, "big") % (_ORDER - 1), ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ECKey.import_key(pem)
