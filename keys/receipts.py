"""Receipts as JSON Web Signatures: compact JWS (RFC 7515) with ES256, and the keys that check them (RFC 7517)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from gateway.core.errors import Misconfigured, Tampered, Unprocessable
from keys.ring import Key, KeyRing
from keys.states import KeyPlace, KeyUse
from keys.token import Token

RECEIPT_LABEL = "receipts"
ALGORITHM = "ES256"
TYPE = "gateway-receipt+jwt"
"""By form a receipt is a JSON Web Token (RFC 7519); it may pass for no other one (RFC 8725, section 3.11)."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SP 800-186, section 3.2.1.3)."""
_SCALAR_BYTES = 48
"""A third more than the order has, so that the remainder favours no key (FIPS 186-5, A.2.1)."""


def _key(material: bytes) -> ECKey:
    """The P-256 key of 32 bytes of key material; its ``kid`` is its thumbprint (RFC 7638)."""
    long = HKDFExpand(algorithm=SHA256(), length=_SCALAR_BYTES, info=b"gateway receipt-signing ES256").derive(material)
    private = ec.derive_private_key(int.from_bytes(long, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
    key = ECKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"})


def _public(point: bytes) -> ECKey:
    """The public key of an uncompressed point of P-256."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    key = ECKey.import_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return ECKey.import_key({**key.as_dict(private=False), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"})


class JoseReceiptSigner:
    """Implements :class:`gateway.core.ports.receipts.ReceiptSigner` over the key ring as it is at each call."""

    def __init__(self, ring: Callable[[], KeyRing], token: Token | None = None) -> None:
        """``token`` signs with the keys that lie in it."""
        self._ring, self._token = ring, token
        self._made: dict[str, ECKey] = {}

    def sign(self, claims: bytes) -> tuple[str, str]:
        """Raises Misconfigured when the ring has no active key for receipts."""
        active = self._ring().active(KeyUse.RECEIPT_SIGNING, RECEIPT_LABEL)
        key = self._of(active)
        kid = key.thumbprint()
        header = {"alg": ALGORITHM, "kid": kid, "typ": TYPE}
        if active.facts.place is KeyPlace.TOKEN:
            return kid, self._signed_in_token(active.facts.id, header, claims)
        return kid, jws.serialize_compact(header, claims, key, algorithms=[ALGORITHM])

    def public_keys(self) -> Mapping[str, str]:
        keys = self._ring().published(KeyUse.RECEIPT_SIGNING)
        made = [self._of(key) for key in keys if key.facts.label == RECEIPT_LABEL]
        return {key.thumbprint(): json.dumps(key.as_dict(private=False), sort_keys=True) for key in made}

    def _of(self, key: Key) -> ECKey:
        """The whole key, or the public one of a key in the token."""
        id_ = key.facts.id
        if id_ not in self._made:
            in_token = key.facts.place is KeyPlace.TOKEN
            self._made[id_] = _public(self._reached(id_).public_point(id_)) if in_token else _key(key.material)
        return self._made[id_]

    def _signed_in_token(self, key_id: str, header: Mapping[str, str], claims: bytes) -> str:
        """Compact serialization (RFC 7515, section 7.1)."""
        parts = json.dumps(header, separators=(",", ":")).encode(), claims
        signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        signature = self._reached(key_id).sign(key_id, signed)
        return (signed + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()

    def _reached(self, key_id: str) -> Token:
        if self._token is None:
            raise Misconfigured(f"key {key_id} lies in a token, and no token is set", code="no-token")
        return self._token


def check_receipt(receipt: str, key_set: str) -> Mapping[str, Any]:
    """The claims of a compact JWS that one of the keys of a JWK set signed. Raises Unprocessable
    (``receipt-unreadable``) when either is no such document, Tampered when no key of the set signed it."""
    try:
        keys = KeySet.import_key_set(json.loads(key_set))
        header = jws.extract_compact(_canonical(receipt.strip())).headers()
    except (JoseError, ValueError, TypeError, KeyError):
        raise Unprocessable("The file is no receipt, or the keys are no JWK set.", code="receipt-unreadable") from None
    _expect(header, keys.keys)
    try:
        found = jws.deserialize_compact(receipt.strip(), keys, algorithms=[ALGORITHM])
        claims = json.loads(found.payload)
    except (JoseError, ValueError):
        raise Tampered("The signature of the receipt is wrong.") from None
    return dict(claims)


def _canonical(receipt: str) -> bytes:
    """The parts as base64url in its one form (RFC 7515, section 2): one receipt has one text. Raises ValueError."""
    decoded = [urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in receipt.split(".")]
    if ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in decoded) != receipt:
        raise ValueError
    return receipt.encode("ascii")


def _expect(header: Mapping[str, Any], keys: Sequence[Any]) -> None:
    if header.get("typ") != TYPE:
        raise Unprocessable("The head of the document is not that of a receipt.", code="receipt-unreadable")
    if header.get("kid") not in {key.kid for key in keys}:
        raise Tampered("None of these keys signed the receipt.")
