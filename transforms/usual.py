"""The short way through a fixed-width record: like the one before it, with the same fields filled.

Files are uniform. Where the same fields are filled, everything else is known text (constants, fillers, blanks), which
is compared in a few long stretches; only the filled fields are cut out. A record that differs in any way, or that has
a fault, is not read here: the caller takes the long way, which says what is wrong. A property test holds the two alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from gateway.core.outline import Outline, outline
from transforms.pictures import Read, read_digits

PATTERNS = 100
"""Kept for each layout and place in the record; forgotten all at once when there are more."""

ESCAPED = re.compile("[&<>\r]")
"""Characters that XML writes otherwise."""
_PRINTABLE = bytes(range(0x20, 0x7F))
Cut = Callable[[str], tuple[str, ...]]
"""Cuts the fields out of a record, in one call that runs no Python."""


def is_printable(text: str) -> bool:
    """Whether a text is of printable ASCII. Two calls that look at all characters at once; ``str.isprintable`` asks the
    Unicode tables for each and takes five times as long."""
    return text.isascii() and not text.encode().translate(None, _PRINTABLE)


def cutter(places: Sequence[slice]) -> Cut:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda text: tuple(text[place] for place in places)


def _chosen(places: Sequence[int]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda raws: tuple(raws[place] for place in places)


@dataclass(frozen=True, slots=True)
class Known:
    """A stretch of a record whose text is known."""

    place: slice
    text: str


@dataclass(frozen=True, slots=True)
class ValueField:
    """Where a value stands in a record."""

    place: slice
    path: str
    read: Read | None
    """None: the text without its spaces at the end."""
    required: bool


@dataclass(frozen=True, slots=True)
class Usual:
    """How records with certain fields filled are read."""

    paths: tuple[str, ...]
    whole: bool
    """Whether all fields are filled that the layout requires."""
    known_cut: Cut
    known_texts: tuple[str, ...]
    cut: Cut
    digits: Callable[[tuple[str, ...]], tuple[str, ...]]
    """Of what was cut, the fields that are digits and nothing else."""
    pictured: tuple[tuple[int, Read], ...]
    """The other fields that are more than text: place among those cut, and how it is read."""

    def values(self, text: str) -> list[str] | None:
        """The values of ``paths``; None for a record of another pattern or with a fault."""
        # The second half is is_printable, without the call: this runs for every record.
        if self.known_cut(text) != self.known_texts or not text.isascii() or text.encode().translate(None, _PRINTABLE):
            return None
        raws = self.cut(text)
        values = list(map(str.rstrip, raws))
        digits = "".join(self.digits(raws))
        if not all(values) or (digits and not digits.isdecimal()):
            return None
        for at, read in self.pictured:
            found = read(raws[at])
            if not found:
                return None
            values[at] = found
        return values


@dataclass(frozen=True, slots=True)
class Stencil:
    """What the usual records of one file share. No path of the heading is one of the record."""

    usual: Usual
    heading: Mapping[str, str]
    """What the file says for all its records; it comes first."""
    fields: dict[str, str]
    """The fields before their values are known, to be copied: filling in known paths is quicker than adding them."""
    outline: Outline
    """Of the heading and the record."""
    escaped: bool
    """Whether a value of the heading holds a character that XML writes otherwise."""


class Patterns:
    """The usual records of one layout under one prefix, and which of them came last."""

    def __init__(self, fields: Sequence[ValueField], fixed: Iterable[Known]) -> None:
        self._fields = fields
        self._fixed = tuple(fixed)
        self._known: dict[tuple[bool, ...], Usual] = {}
        self.latest: Usual | None = None
        self._stencil: Stencil | None = None

    def __len__(self) -> int:
        return len(self._known)

    def stencil(self, usual: Usual, heading: Mapping[str, str]) -> Stencil:
        """Where to fill in the values of a usual record of the file with this heading. The latest is kept."""
        kept = self._stencil
        if kept is None or kept.usual is not usual or kept.heading is not heading:
            fields = {**heading, **dict.fromkeys(usual.paths, "")}
            escaped = bool(ESCAPED.search("".join(heading.values())))
            kept = self._stencil = Stencil(usual, heading, fields, outline(tuple(fields)), escaped)
        return kept

    def learn(self, values: Sequence[str]) -> None:
        """What a record without a fault, read the long way, says of the next: in the order of the fields."""
        filled = tuple(map(bool, values))
        usual = self._known.get(filled)
        if usual is None and any(filled):
            usual = self._made(filled)
            if len(self._known) >= PATTERNS:
                self._known.clear()
            self._known[filled] = usual
        self.latest = usual

    def _made(self, filled: tuple[bool, ...]) -> Usual:
        fields = [field for field, there in zip(self._fields, filled, strict=True) if there]
        blank = [field for field, there in zip(self._fields, filled, strict=True) if not there]
        blanks = [Known(field.place, " " * (field.place.stop - field.place.start)) for field in blank]
        known = _joined([*self._fixed, *blanks])
        return Usual(
            tuple(field.path for field in fields),
            not any(field.required for field in blank),
            cutter([one.place for one in known]),
            tuple(one.text for one in known),
            cutter([field.place for field in fields]),
            _chosen([at for at, field in enumerate(fields) if field.read is read_digits]),
            tuple((at, field.read) for at, field in enumerate(fields) if field.read not in (None, read_digits)),
        )


def _joined(known: Iterable[Known]) -> list[Known]:
    """Neighbours as one stretch."""
    joined: list[Known] = []
    for one in sorted(known, key=lambda one: one.place.start):
        before = joined[-1] if joined else None
        if before is not None and before.place.stop == one.place.start:
            joined[-1] = Known(slice(before.place.start, one.place.stop), before.text + one.text)
        else:
            joined.append(one)
    return joined
