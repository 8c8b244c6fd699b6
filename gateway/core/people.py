"""The persons of a record: social security numbers while it is judged, blind indexes of them wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

INDEX_BYTES = 16
"""Length of one blind index."""
DOMAIN = "person"
"""The domain of the blind indexes: equal numbers meet, whoever sends them, in whatever kind of record."""
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class People:
    """Social security numbers: of everybody in a record, and of those of whom it says that they are in danger."""

    everybody: tuple[str, ...] = field(repr=False)
    endangered: tuple[str, ...] = field(repr=False)


def usable(number: str) -> bool:
    """Whether a number tells one person from another: nine digits, not all the same (placeholders)."""
    return len(number) == _DIGITS and number.isdigit() and number != number[0] * _DIGITS


def packed(indexes: Iterable[bytes]) -> bytes | None:
    """Blind indexes in one value; None for none."""
    return b"".join(indexes) or None


def unpacked(value: bytes | None) -> Iterator[bytes]:
    """The blind indexes that :func:`packed` put together."""
    if value:
        for start in range(0, len(value), INDEX_BYTES):
            yield value[start : start + INDEX_BYTES]
