"""The other side of :mod:`keys.credentials`: a client assertion (RFC 7523) that a partner's command line signs."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.core.errors import Misconfigured
from keys.public_key import verifying

JWK_OF: Mapping[str, type[ECKey | RSAKey | OKPKey]] = {"ES256": ECKey, "ES384": ECKey, "PS256": RSAKey, "EdDSA": OKPKey}
"""JWS algorithm -> the sort of key that makes it."""


def signed_assertion(pem: bytes, key_id: str, claims: Mapping[str, str | int]) -> str:
    """The claims as a compact JWS under a private key in PEM; the key decides the algorithm. Raises Misconfigured."""
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Misconfigured("Give a private key in PEM that no passphrase protects.", code="private-key") from None
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    algorithm = verifying(public.decode()).algorithms.jws
    header = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
    return jwt.encode(header, dict(claims), JWK_OF[algorithm].import_key(pem), [algorithm])
