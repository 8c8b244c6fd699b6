"""Cursors of paged lists: the sort key of the last row shown, opaque and safe in a URL; never an offset.

A cursor is the base64url (no padding) of four check bytes and the key. The check tells a damaged or invented cursor
from ours; it is no secret, because a cursor only says where to go on and every query still asks who may see what.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from gateway.core.errors import Refused
from gateway.core.ids import is_id
from gateway.core.model import Page

LARGEST_PAGE = 500
_LONGEST = 200
_LARGEST_NUMBER = 2**31 - 1
"""What the columns hold (a cursor is too short for a number that takes long to read)."""
_CHECK = 4


def encode_cursor(key: str | int) -> str:
    """The cursor after the row with this key."""
    raw = str(key).encode()
    return base64.urlsafe_b64encode(_check(raw) + raw).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> str:
    """The key. Raises Refused (code ``bad-cursor``) for anything that :func:`encode_cursor` did not make."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = packed[_CHECK:].decode()
    except (binascii.Error, ValueError):  # UnicodeError and non-ASCII text are ValueErrors
        raise _bad() from None
    if len(cursor) > _LONGEST or encode_cursor(key) != cursor:
        raise _bad()
    return key


def decode_id(cursor: str) -> str:
    """The key of a list ordered by id: one of another list shows nothing or everything, and a NUL in one that was
    invented is an error of PostgreSQL."""
    key = decode_cursor(cursor)
    if not is_id(key):
        raise _bad()
    return key


def decode_number(cursor: str | None) -> int:
    """The key of a list ordered by a number that counts from 0 or 1; -1 (before everything) without a cursor."""
    if cursor is None:
        return -1
    key = decode_cursor(cursor)
    if not (key.isascii() and key.isdigit() and int(key) <= _LARGEST_NUMBER):
        raise _bad()
    return int(key)


def wanted(page: Page) -> int:
    """How many rows the page asks for. Raises Refused (code ``bad-page``) outside 1 to 500."""
    if not 1 <= page.limit <= LARGEST_PAGE:
        raise Refused(f"A page has 1 to {LARGEST_PAGE} rows", code="bad-page")
    return page.limit


def _check(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_CHECK, person=b"gateway-cursor").digest()


def _bad() -> Refused:
    return Refused("The cursor is not one that this list gave", code="bad-cursor")
