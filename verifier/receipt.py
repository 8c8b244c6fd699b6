"""Signed receipts: a compact JWS with ES256 (RFC 7515, RFC 7518) checked against a JWK set (RFC 7517)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from verifier.faults import NotProved, Unreadable
from verifier.proofs import commitment, members_of

TYPE = "gateway-receipt+jwt"
ACCEPTED, FINAL = "accepted", "final"
PENDING = "received"
"""The state of what was taken and not judged: only there an accepted receipt may lack counts."""
LONGEST_RECEIPT = 512 * 1024
_HALF = 32
"""Bytes of each half of an ES256 signature (RFC 7518, section 3.4)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    kid: str
    claims: Mapping[str, Any]
    leaf: Mapping[str, str]
    """The entry of the log that the receipt names, whose details say the same as the receipt. That it is in the log is
    proved by an evidence bundle or a copy of the log."""

    @property
    def words(self) -> str:
        said = self.claims
        counts = ", ".join(f"{count} {name}" for name, count in (said["counts"] or {}).items())
        if said.get("state") == PENDING:  # receipts of earlier versions have noughts there
            counts = f"{said['body']['bytes']} bytes, not judged yet, nothing counted"
        return f"{said['iss']} says of submission {said['sub']} of {said['sender']}, {said['receipt']}: {counts}."


def check_receipt(text: str, key_set: str) -> Receipt:
    """Raises Unreadable when either is not of its form, and NotProved when none of the keys signed the receipt, or the
    entry that it names says something else."""
    parts = text.strip().split(".")
    if len(text) > LONGEST_RECEIPT or len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise Unreadable("the file is no compact JWS")
    header, claims = _object(_unbase64(parts[0])), _object(_unbase64(parts[1]))
    if (header.get("alg"), header.get("typ")) != ("ES256", TYPE) or "crit" in header:
        raise Unreadable("the file is no receipt")
    key = _keys(key_set).get(str(header.get("kid")))
    if key is None:
        raise NotProved("none of these keys signed the receipt")
    _verify(key, f"{parts[0]}.{parts[1]}".encode(), _unbase64(parts[2]))
    return Receipt(str(header["kid"]), claims, _entry(claims))


def _verify(key: EllipticCurvePublicKey, signed: bytes, signature: bytes) -> None:
    if len(signature) != 2 * _HALF:
        raise NotProved("the signature of the receipt is wrong")
    r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
    except InvalidSignature:
        raise NotProved("the signature of the receipt is wrong") from None


def _entry(claims: Mapping[str, Any]) -> Mapping[str, str]:
    """The leaf: about this submission, by this sender, its details open and the same as the receipt's own."""
    try:
        log, body = claims["log"], claims["body"]
        leaf = members_of(log["leaf"])
        bound = commitment(log["details"], bytes.fromhex(log["salt"])) == leaf["details"]
        told = (f"submission:{claims['sub']}", f"partner:{claims['sender']}", log["entry"])
        same = all(log["details"].get(name) == body[name] for name in ("sha256", "bytes"))
        known = claims["receipt"] in (ACCEPTED, FINAL) and _counted(claims)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unreadable("the receipt lacks what a receipt says") from None
    if not known:
        raise Unreadable("the receipt is of a kind that is not known here")
    if not bound or not same or told != (leaf["object"], leaf["actor"], leaf["id"]):
        raise NotProved("the entry of the log that the receipt names says something else")
    return leaf


def _counted(claims: Mapping[str, Any]) -> bool:
    """Whether the counts are whole numbers, or null where nothing can have been counted."""
    if claims["counts"] is None:
        return (claims["receipt"], claims["state"]) == (ACCEPTED, PENDING)
    return all(isinstance(one, int) for one in claims["counts"].values())


def _keys(text: str) -> dict[str, EllipticCurvePublicKey]:
    """kid -> key, of all P-256 keys in the set."""
    listed = _object(text.encode()).get("keys")
    if not isinstance(listed, list):
        raise Unreadable("the keys are no JWK set")
    found = {}
    for key in listed:
        if isinstance(key, dict) and (key.get("kty"), key.get("crv")) == ("EC", "P-256"):
            x, y = (int.from_bytes(_unbase64(key.get(name)), "big") for name in ("x", "y"))
            try:
                found[str(key.get("kid"))] = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
            except ValueError:
                raise Unreadable("a key of the set is not on its curve") from None
    return found


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("a part of the receipt or the keys is not JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("a part of the receipt or the keys is no JSON object")
    return value


def _unbase64(text: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds; this function decides
    """URL-safe base64 without padding, in its one form (RFC 7515, section 2)."""
    try:
        value = urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}".encode("ascii"))
    except (ValueError, TypeError):
        raise Unreadable("a part of the receipt or of a key is not base64url") from None
    if urlsafe_b64encode(value).rstrip(b"=").decode() != text:
        raise Unreadable("a part of the receipt or of a key is not the canonical base64url")
    return value
