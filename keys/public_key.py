"""Public keys of partners: which ones are strong enough, and the one algorithm that each may sign with.

The key decides the algorithm, never the message: what a header names beside it is compared with this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from http_message_signatures import HTTPSignatureAlgorithm
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ECDSA_P384_SHA384, ED25519, RSA_PSS_SHA512

from gateway.core.errors import Misconfigured

SHORTEST_RSA = 3072
"""Bits; SP 800-57 part 1, table 2: 128 bits of strength."""
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What one sort of key signs with."""

    jws: str
    message: type[HTTPSignatureAlgorithm]


_BY_SORT: Mapping[str, Algorithms] = {
    "secp256r1": Algorithms("ES256", ECDSA_P256_SHA256),
    "secp384r1": Algorithms("ES384", ECDSA_P384_SHA384),
    "rsa": Algorithms("PS256", RSA_PSS_SHA512),
    "ed25519": Algorithms("EdDSA", ED25519),
}


@dataclass(frozen=True, slots=True)
class Verifying:
    """A public key with what it verifies."""

    key: PublicKey = field(repr=False)
    pem: str = field(repr=False)
    algorithms: Algorithms


@lru_cache(maxsize=1024)
def verifying(pem: str) -> Verifying:
    """The key of a PEM text (SubjectPublicKeyInfo). Raises Misconfigured for any other text, sort or length."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Misconfigured("write a public key in PEM (BEGIN PUBLIC KEY)", code="public-key") from None
    if not isinstance(key, PublicKey):
        raise Misconfigured("use a key for ECDSA P-256 or P-384, Ed25519 or RSA", code="public-key")
    return Verifying(key, pem, _algorithms(key))


def check(pem: str) -> None:
    """Raises Misconfigured for a text that is no key, or one that is too weak."""
    verifying(pem)


def _algorithms(key: PublicKey) -> Algorithms:
    if isinstance(key, ec.EllipticCurvePublicKey):
        found = _BY_SORT.get(key.curve.name)
        if found is None:
            raise Misconfigured("use P-256 or P-384", code="public-key")
        return found
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < SHORTEST_RSA:
            raise Misconfigured(f"an RSA key has {SHORTEST_RSA} bits or more", code="public-key")
        return _BY_SORT["rsa"]
    return _BY_SORT["ed25519"]
