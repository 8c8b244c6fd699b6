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


def uuid7(milliseconds: int, entropy: bytes) -> str:
    """The id for a Unix time in milliseconds (48 bits) and 10 bytes of entropy (74 bits of them are used)."""
    head = (milliseconds & 0xFFFFFFFFFFFF).to_bytes(6, "big")
    marked = bytes((0x70 | entropy[0] & 0x0F, entropy[1], 0x80 | entropy[2] & 0x3F))  # version 7, variant 10
    text = (head + marked + entropy[3:10]).hex()
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
        return uuid7(last, counter.to_bytes(2, "big") + random(8))

    return mint
