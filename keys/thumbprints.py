"""Thumbprints of certificates: SHA-256 of the DER bytes, as hex and as RFC 8705 writes them (base64url, no padding)."""

from __future__ import annotations

import base64
import hashlib
import re

HEX = re.compile(r"[0-9a-f]{64}")


def thumbprint(der: bytes) -> str:
    """64 lower-case hex digits."""
    return hashlib.sha256(der).hexdigest()


def base64url_of_hex(hex_digits: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(hex_digits)).decode().rstrip("=")


def hex_of_base64url(text: str) -> str:
    """Raises ValueError for what is no thumbprint."""
    raw = base64.urlsafe_b64decode(text + "=")
    if len(raw) != hashlib.sha256().digest_size:
        raise ValueError("no SHA-256 thumbprint")
    return raw.hex()
