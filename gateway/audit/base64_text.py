"""Base64 (RFC 4648, section 4) with one text for each value."""

from __future__ import annotations

from base64 import b64decode, b64encode


def decode_strictly(text: str) -> bytes:
    """Raises ValueError for anything that encoding the value again would not give: padding, stray bits, white space."""
    value = b64decode(text, validate=True)
    if b64encode(value).decode() != text:
        raise ValueError("not the canonical base64 of its value")
    return value
