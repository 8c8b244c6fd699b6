"""UUIDv7 ids (RFC 9562, section 5.7): sortable by time, from a time and random bits that come in as arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""The current time, timezone-aware UTC."""
Mint = Callable[[], str]
"""A fresh UUIDv7 as text; two calls of one process never go backwards."""
Random = Callable[[int], bytes]
"""So many random bytes, fit for keys."""


COUNTER_LIMIT = 0xFFF
"""Ids of one millisecond; 12 bits."""


def uuid7(milliseconds: int, entropy: bytes) -> str:
    """The id for a Unix time in milliseconds (48 bits) and 10 bytes of entropy (74 bits of them are used)."""
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(entropy[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def minting(clock: Clock, random: Random) -> Mint:
    """A mint whose ids sort in the order in which they were made: within one millisecond a counter (RFC 9562, 6.2,
    method 1) fills the 12 bits after the version; when it overflows, the time moves on by a millisecond."""
    last = 0
    counter = 0

    def mint() -> str:
        nonlocal last, counter
        now = int(clock().timestamp() * 1000)
        if now > last:
            last, counter = now, 0
        else:
            counter += 1
            if counter > COUNTER_LIMIT:
                last, counter = last + 1, 0
        return uuid7(last, counter.to_bytes(2, "big") + random(8))

    return mint
