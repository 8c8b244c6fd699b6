"""The persons of a record: social security numbers while it is judged, blind indexes of them wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.core.swift import swift

INDEX_BYTES = 16
"""Length of one blind index."""
DOMAIN = "person"
"""The domain of the blind indexes: equal numbers meet, whoever sends them, in whatever kind of record."""
_DIGITS = 9


@swift
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


@dataclass(frozen=True, slots=True)
class Renewal:
    """Indexes of one record under keys that are being replaced, each with the one that takes its place."""

    key: str
    """The key of the latter."""
    cases: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    persons: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)


def under(indexes: bytes | None, keys: str, number: int = 0) -> bytes | None:
    """Of indexes that were made under each of the keys in turn, value by value: those under one of them."""
    if not indexes or " " not in keys:
        return indexes
    return packed(list(unpacked(indexes))[number :: len(keys.split())])


def renewed(indexes: bytes | None, keys: str) -> tuple[tuple[bytes, bytes], ...]:
    """Of the same: each index under another key with the one under the active key."""
    if not indexes or " " not in keys:
        return ()
    new = tuple(unpacked(under(indexes, keys)))
    others = [unpacked(under(indexes, keys, number)) for number in range(1, len(keys.split()))]
    return tuple([pair for old in others for pair in zip(old, new, strict=True)])


def keyed(indexes: bytes | None, keys: str) -> dict[bytes, str]:
    """Of the same: under which key each index was made."""
    ids = keys.split()
    return {one: ids[place % len(ids)] for place, one in enumerate(unpacked(indexes))} if ids else {}


def renewal(case: bytes | None, persons: bytes | None, keys: str) -> Renewal | None:
    """Of one record's indexes; None while there is one key."""
    if " " not in keys:
        return None
    return Renewal(keys.partition(" ")[0], renewed(case, keys), renewed(persons, keys))
