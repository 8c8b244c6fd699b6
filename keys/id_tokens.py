"""ID tokens of a provider, checked as OpenID Connect Core 1.0, section 3.1.3.7, asks."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.core.errors import Unauthenticated
from gateway.core.ports.identity import Expected

SKEW = 60
"""Seconds by which the clocks may differ."""
LONGEST = 16 * 1024
"""Characters of a token; real ones have one to three thousand."""
OLDEST = 600
"""Seconds since the token was issued: it comes straight from the provider."""
_PUBLIC = frozenset({"RSA", "EC", "OKP"})


class JoseIdTokens:
    """Implements :class:`gateway.core.ports.identity.IdTokens`."""

    def claims(self, token: str, keys: Sequence[Mapping[str, object]], expected: Expected) -> Mapping[str, object]:
        claims = _verified(token, keys, expected.algorithms)
        now = expected.now.timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        wrong = {
            "issuer": claims.get("iss") != expected.issuer,
            "audience": expected.audience not in audiences
            or (len(audiences) > 1 and claims.get("azp") != expected.audience)
            or claims.get("azp", expected.audience) != expected.audience,
            "nonce": not hmac.compare_digest(str(claims.get("nonce")).encode(), expected.nonce.encode()),
            "expired": not _is_time(claims.get("exp")) or now >= claims["exp"] + SKEW,
            "issued": not _is_time(claims.get("iat")) or not now - OLDEST <= claims["iat"] <= now + SKEW,
            "subject": not isinstance(claims.get("sub"), str) or not claims["sub"],
        }
        for reason, found in wrong.items():
            if found:
                raise Unauthenticated("The provider's word does not hold.", code=f"id-token-{reason}")
        return claims


def _verified(token: str, keys: Sequence[Mapping[str, object]], algorithms: tuple[str, ...]) -> dict[str, Any]:
    """The claims of a token that one of the keys signed with one of the algorithms."""
    if len(token) > LONGEST:
        raise Unauthenticated("The provider's word does not hold.", code="id-token-size")
    try:
        public = [dict(key) for key in keys if key.get("kty") in _PUBLIC and key.get("use", "sig") == "sig"]
        found = jwt.decode(token, KeySet.import_key_set({"keys": cast("Any", public)}), algorithms=list(algorithms))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated("The provider's word does not hold.", code="id-token-signature") from error
    return found.claims


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
