"""The layout of sealed bytes, ``CX1`` (docs/seal.md).

magic (4) | length of key id (1) | key id | wrapped data key (40) | nonce (12) | ciphertext and tag (n + 16)
"""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache

from gateway.core.errors import Tampered
from gateway.core.swift import swift
from keys.ring import KEY_ID, LONGEST_ID
from keys.states import KeyUse

MAGIC = b"CX1\x00"
SCHEMA = b"\x01"
"""The version of the rule that makes the associated data; authenticated, not stored."""
WRAPPED_BYTES = 40
"""A 256-bit key under AES Key Wrap (RFC 3394)."""
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_ID_AT = len(MAGIC) + 1
ID_PARTS = 3
"""Use, label, and the rest of a key id."""


@swift
class Envelope:
    """Sealed bytes taken apart; nothing is decrypted yet."""

    key_id: str
    wrapped: bytes = field(repr=False)
    body: int
    """Where nonce and ciphertext begin."""


def header(key_id: str) -> bytes:
    """Everything before the wrapped data key."""
    return MAGIC + bytes([len(key_id)]) + key_id.encode("ascii")


def associated(label: str, context: str) -> bytes:
    """What is authenticated with the body: magic, schema version, length of label (1), label, context. Key id and
    wrapped key are left out so that wrapping anew leaves the body as it is; each guards itself."""
    encoded = label.encode("ascii")
    return b"".join((MAGIC, SCHEMA, bytes([len(encoded)]), encoded, context.encode()))


def parse(label: str, sealed: bytes) -> Envelope:
    """Raises Tampered when the header is not as :func:`header` writes it, or names a key of another label, or no body
    can follow it."""
    envelope = parse_head(label, sealed)
    if len(sealed) < envelope.body + NONCE_BYTES + TAG_BYTES:
        raise Tampered("the sealed bytes are cut off", code="seal-broken")
    return envelope


def parse_head(label: str, sealed: bytes) -> Envelope:
    """The same for what stands before the nonce; what follows is not looked at."""
    if not sealed.startswith(MAGIC) or len(sealed) <= KEY_ID_AT:
        raise Tampered("the sealed bytes do not begin as an envelope does", code="seal-broken")
    wrapped_at = KEY_ID_AT + sealed[len(MAGIC)]
    body = wrapped_at + WRAPPED_BYTES
    if sealed[len(MAGIC)] > LONGEST_ID or len(sealed) < body:
        raise Tampered("the sealed bytes are cut off", code="seal-broken")
    key_id = _sealing_key(sealed[KEY_ID_AT:wrapped_at], label)
    if key_id is None:
        raise Tampered("the sealed bytes name a key that cannot have sealed them", code="seal-broken")
    return Envelope(key_id, sealed[wrapped_at:body], body)


@lru_cache(maxsize=64)
def _sealing_key(named: bytes, label: str) -> str | None:
    """The key id, when a key of this name can have sealed bytes of the label. The same few keys seal everything."""
    match = KEY_ID.fullmatch(named.decode("latin-1"))
    return match[0] if match is not None and match["use"] == KeyUse.KEK and match["label"] == label else None


LONGEST_HEAD = KEY_ID_AT + LONGEST_ID + WRAPPED_BYTES
"""Bytes in which the head of whatever sealed value lies."""
