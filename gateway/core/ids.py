"""UUIDv7 ids (RFC 9562, section 5.7): sortable by time, from a time and random bits that come in as arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _NONE = timedelta(milliseconds=1), timedelta()

Clock = Callable[[], datetime]
"""The current time, timezone-aware UTC."""
Mint = Callable[[], str]
"""A fresh UUIDv7 as text; two calls of one process never go backwards."""
Random = Callable[[int], bytes]
"""So many random bytes, fit for keys."""


FORM = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""How an id is written, as a regular expression."""
_FORM = re.compile(FORM)
COUNTER_LIMIT = 0xFFF
"""Ids of one millisecond; 12 bits."""


_COUNTED = [f"{counter:03x}-" for counter in range(COUNTER_LIMIT + 1)]
"""12 bits as an id has them: writing them anew takes as long as the rest of an id."""
_VARIANT = {digit: f"{0b1000 | int(digit, 16) & 0b11:x}" for digit in "0123456789abcdef"}
"""A random hexadecimal digit -> the one whose first two bits say that the id is of RFC 9562."""


def is_id(text: str) -> bool:
    """Whether the text has the form of an id."""
    return _FORM.fullmatch(text) is not None


def uuid7(milliseconds: int, entropy: bytes) -> str:
    """The id for a Unix time in milliseconds (48 bits) and 10 bytes of entropy (74 bits of them are used)."""
    counter = int.from_bytes(entropy[:2], "big") & COUNTER_LIMIT
    return _text(_beginning(milliseconds & 0xFFFFFFFFFFFF), counter, entropy[2:])


def first_id(at: datetime, shift: timedelta = _NONE) -> str:
    """An id that is not above any UUIDv7 of this millisecond or a later one. ``shift`` moves the time, beyond the first
    and the last that a datetime can say, too: people ask for all since the year 1."""
    return uuid7(max(0, (at - _EPOCH + shift) // _MILLISECOND), bytes(10))


def _beginning(milliseconds: int) -> str:
    """Of an id: its time and its version."""
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-7"


def _text(beginning: str, counter: int, random: bytes) -> str:
    """Fields of RFC 9562, section 5.7: 48 bits and the version, 12 bits, and 62 bits of 8 bytes. Put together from
    texts, since each record needs half a dozen ids: a number of 128 bits takes twice as long."""
    digits = random.hex("-", 6)
    return f"{beginning}{_COUNTED[counter]}{_VARIANT[digits[0]]}{digits[1:]}"


def minting(clock: Clock, random: Random) -> Mint:
    """A mint whose ids sort in the order in which they were made: within one millisecond a counter (RFC 9562, 6.2,
    method 1) fills the 12 bits after the version; when it overflows, the time moves on by a millisecond."""
    last, beginning = 0, _beginning(0)
    counter = 0

    def mint() -> str:
        nonlocal last, beginning, counter
        passed = clock() - _EPOCH
        now = (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000
        counter += 1
        if now > last or counter > COUNTER_LIMIT:
            last, counter = max(now, last + 1), 0
            beginning = _beginning(last)
        return _text(beginning, counter, random(8))

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
