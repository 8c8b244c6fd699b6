"""UUIDv7 ids (RFC 9562, section 5.7): sortable by time, from a time and random bits that come in as arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[], datetime]
"""The current time, timezone-aware UTC."""
Mint = Callable[[], str]
"""A fresh UUIDv7 as text; two calls of one process never go backwards."""
Random = Callable[[int], bytes]
"""So many random bytes, fit for keys."""


COUNTER_LIMIT = 0xFFF
"""Ids of one millisecond; 12 bits."""


_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_NODE = (1 << 62) - 1


def uuid7(milliseconds: int, entropy: bytes) -> str:
    """The id for a Unix time in milliseconds (48 bits) and 10 bytes of entropy (74 bits of them are used)."""
    random = int.from_bytes(entropy, "big")
    return _text(milliseconds & 0xFFFFFFFFFFFF, random >> 64 & 0xFFF, random)


def _text(milliseconds: int, counter: int, random: int) -> str:
    """Fields of RFC 9562, section 5.7: 48 bits, 12 bits, and 62 bits of ``random``."""
    text = f"{milliseconds << 80 | _VERSION | counter << 64 | _VARIANT | random & _NODE:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def minting(clock: Clock, random: Random) -> Mint:
    """A mint whose ids sort in the order in which they were made: within one millisecond a counter (RFC 9562, 6.2,
    method 1) fills the 12 bits after the version; when it overflows, the time moves on by a millisecond."""
    last = 0
    counter = 0

    def mint() -> str:
        nonlocal last, counter
        passed = clock() - _EPOCH
        now = (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000
        if now > last:
            last, counter = now, 0
        else:
            counter += 1
            if counter > COUNTER_LIMIT:
                last, counter = last + 1, 0
        return _text(last, counter, int.from_bytes(random(8), "big"))

    return mint


DRAWN = 4096
"""Bytes drawn at once: a call of the operating system for each of a record's ids costs more than all else in them."""


def drawn_ahead(random: Random) -> Random:
    """The same randomness, drawn in large pieces and given out once; for ids and salts, and for one thread."""
    pool, at = b"", 0

    def draw(count: int) -> bytes:
        nonlocal pool, at
        if count > len(pool) - at:
            pool, at = random(max(DRAWN, count)), 0
        at += count
        return pool[at - count : at]

    return draw
