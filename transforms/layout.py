"""A layout made ready: one pass over precomputed slices reads or writes a whole record.

On the good path no object is made but the values themselves; what goes wrong is listed as :class:`Fault` rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import compress

from gateway.core.catalog import BLANK_BLOCK, Layout, LayoutField, Need, Picture
from gateway.core.model import Content, Kind, RuleCode, Severity
from transforms.pictures import CODECS, Codec, Read, Write, flag, is_zero_date
from transforms.usual import Cut, Known, Patterns, ValueField, cutter, is_printable

FIX_CHARACTER = RuleCode("FIX-CHARACTER")
FIX_CONSTANT = RuleCode("FIX-CONSTANT")
FIX_DATE_ZERO = RuleCode("FIX-DATE-ZERO")
FIX_REQUIRED = RuleCode("FIX-REQUIRED")
FIX_RESERVED = RuleCode("FIX-RESERVED")
FIX_VALUE = RuleCode("FIX-VALUE")
FIX_WIDTH = RuleCode("FIX-WIDTH")

HIGHEST_REPEAT = 9
"""A count has one digit."""

_AS_IT_STANDS = (Picture.TEXT, Picture.DIGITS, Picture.PERSON_NAME)

Order = Callable[[str], bytes]
"""Sorts canonical paths into document order."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one record; never its value."""

    field: LayoutField
    rule: RuleCode
    path: str | None = None
    severity: Severity = Severity.ERROR
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the value fields are read under one prefix, in document order."""

    cut: Cut
    paths: tuple[str, ...]
    fields: tuple[LayoutField, ...]
    pictured: tuple[tuple[int, Read], ...]
    """Of the fields that are more than text: place among the fields, and how it is read."""
    required: tuple[int, ...]
    """Places of the fields that the layout requires, in the order of the bytes."""
    blank: str | None
    """Path of the mark that keeps a wholly blank block."""
    patterns: Patterns


@dataclass(frozen=True, slots=True)
class _Writing:
    """How a record is written under one prefix, in the order of its bytes."""

    steps: tuple[tuple[str | None, int, Write, str, LayoutField], ...]
    paths: frozenset[str]


def count_key(block: str) -> str:
    """Under which key the values of a record give the count of a block, when it is written."""
    return f"#{block}"


class CompiledLayout:
    """Reads and writes the records of one layout. Safe to share; holds nothing of a record."""

    def __init__(self, layout: Layout, order: Order) -> None:
        self.layout = layout
        self.length = layout.length
        self._order = order
        fixed = [f for f in layout.fields if f.picture in (Picture.CONSTANT, Picture.RESERVED)]
        self._fixed = tuple((_slice(f), f.constant or " " * f.length, f) for f in fixed)
        prefixes = _prefixes(layout)
        self._readings = {prefix: self._reading(prefix) for prefix in prefixes}
        self._writings = {prefix: self._writing(prefix) for prefix in prefixes}
        self._fixed_cut = cutter([place for place, _, _ in self._fixed])
        self._fixed_texts = tuple(text for _, text, _ in self._fixed)

    def _reading(self, prefix: str) -> _Reading:
        fields = sorted((f for f in self.layout.fields if f.path), key=lambda f: self._order(f"{prefix}{f.path}"))
        reads = [codec_of(f).read for f in fields]
        by_bytes = sorted(range(len(fields)), key=lambda at: fields[at].start)
        places = [
            ValueField(_slice(f), f"{prefix}{f.path}", read, f.required is Need.REQUIRED)
            for f, read in zip(fields, reads, strict=True)
        ]
        return _Reading(
            cutter([_slice(f) for f in fields]),
            tuple(f"{prefix}{f.path}" for f in fields),
            tuple(fields),
            tuple((at, read) for at, read in enumerate(reads) if read is not None),
            tuple(at for at in by_bytes if fields[at].required is Need.REQUIRED),
            f"{prefix}{BLANK_BLOCK}" if prefix and self.layout.block != "Header" else None,
            Patterns(places, [Known(place, text) for place, text, _ in self._fixed]),
        )

    def _writing(self, prefix: str) -> _Writing:
        steps = tuple((_key(f, prefix), f.length, _writer(f), _filling(f), f) for f in self.layout.fields)
        carried = {path for path, *_ in steps if path}
        return _Writing(steps, frozenset(carried | {f"{prefix}{BLANK_BLOCK}"} | self.layout.drops))

    def paths(self, prefix: str) -> frozenset[str]:
        """The canonical paths that a record under this prefix can carry, or leaves out on purpose."""
        return self._writings[prefix].paths

    def read(self, text: str, prefix: str, into: dict[str, str], *, required: bool = False) -> list[Fault]:
        """Read one record of exactly the layout's length (one character a byte) into ``into``.

        With ``required`` a blank field that the layout requires is a fault too.
        """
        reading = self._readings[prefix]
        usual = reading.patterns.latest
        if usual is not None and (usual.whole or not required) and (found := usual.values(text)) is not None:
            into.update(zip(usual.paths, found))  # noqa: B905 - one found for each; saying so costs a fifth
            return []
        return self._read(text, prefix, into, required=required)

    def content(self, text: str, kind: Kind, heading: Mapping[str, str]) -> tuple[Content, list[Fault]]:
        """Read one record of exactly the layout's length, which is all of it but for what the file's heading says."""
        patterns = self._readings[""].patterns
        usual = patterns.latest
        if usual is not None and (found := usual.values(text)) is not None:
            stencil = patterns.stencil(usual, heading)
            fields = stencil.fields.copy()
            fields.update(zip(usual.paths, found))  # noqa: B905 - one found for each; saying so costs a fifth
            plain = not ("&" in text or "<" in text or ">" in text or stencil.escaped)
            return Content.outlined(kind, fields, stencil.outline, plain=plain), []
        fields = dict(heading)
        faults = self._read(text, "", fields, required=False)
        return Content(kind, fields), faults

    def _read(self, text: str, prefix: str, into: dict[str, str], *, required: bool) -> list[Fault]:
        """The long way, which finds what is wrong."""
        reading = self._readings[prefix]
        faults: list[Fault] = []
        raws = reading.cut(text)
        if is_printable(text):
            values = list(map(str.rstrip, raws))
        else:
            faults = self._unprintable(text, prefix)
            values = [raw.rstrip(" ") if is_printable(raw) else "" for raw in raws]
        for at, read in reading.pictured:
            if values[at]:
                found = read(raws[at])
                if found is None:
                    faults.append(_unreadable(reading.fields[at], reading.paths[at], raws[at]))
                values[at] = found or ""
        into.update(compress(zip(reading.paths, values, strict=True), values))
        if self._fixed_cut(text) != self._fixed_texts:
            faults += self._unfixed(text)
        if reading.blank and not faults and not any(values):
            into[reading.blank] = "Y"
        if required:
            faults += [
                Fault(reading.fields[at], FIX_REQUIRED, reading.paths[at])
                for at in reading.required
                if not values[at] and not raws[at].strip(" ")
            ]
        if not faults:
            reading.patterns.learn(values)
        return faults

    def _unfixed(self, text: str) -> list[Fault]:
        """Constants and reserved fields that hold something else; one that is unprintable was told already."""
        return [
            Fault(field, FIX_CONSTANT if field.constant else FIX_RESERVED)
            for place, constant, field in self._fixed
            if text[place] != constant and is_printable(text[place])
        ]

    def _unprintable(self, text: str, prefix: str) -> list[Fault]:
        faults = []
        for f in self.layout.fields:
            raw = text[f.start - 1 : f.start - 1 + f.length]
            if not is_printable(raw):
                place = next(n for n, c in enumerate(raw) if not is_printable(c))
                path = f"{prefix}{f.path}" if f.path else None
                faults.append(Fault(f, FIX_CHARACTER, path, note=f"byte {place + 1} of the field"))
        return faults

    def write(self, values: Mapping[str, str], prefix: str, faults: list[Fault]) -> tuple[str, int]:
        """The record of these values, blank where one is absent or at fault; and how many values it took."""
        parts = []
        taken = 0
        get = values.get
        for path, length, write, filling, field in self._writings[prefix].steps:
            value = get(path) if path else None
            if value is None:
                parts.append(filling)
                continue
            taken += 1
            written = write(value, length)
            if written is None:
                faults.append(Fault(field, _unwritable(field, value), path))
                written = filling
            parts.append(written)
        return "".join(parts), taken


def _slice(field: LayoutField) -> slice:
    return slice(field.start - 1, field.start - 1 + field.length)


def _prefixes(layout: Layout) -> tuple[str, ...]:
    if layout.block is None:
        return ("",)
    if not layout.repeats:
        return (f"{layout.block}/",)
    return tuple(f"{layout.block}[{number}]/" for number in range(1, HIGHEST_REPEAT + 1))


def _key(field: LayoutField, prefix: str) -> str | None:
    if field.picture is Picture.COUNT:
        return count_key(field.constant or "")
    return f"{prefix}{field.path}" if field.path else None


def codec_of(field: LayoutField) -> Codec:
    """The codec of a field that has a value."""
    return flag(field.constant or "") if field.picture is Picture.FLAG else CODECS[field.picture]


def _writer(field: LayoutField) -> Write:
    return codec_of(field).write if field.picture in CODECS or field.picture is Picture.FLAG else _never


def _never(_value: str, _length: int) -> str | None:
    return None


def _filling(field: LayoutField) -> str:
    if field.picture is Picture.COUNT:
        return "0" * field.length
    constant = field.constant if field.picture is Picture.CONSTANT else None
    return constant or " " * field.length


def _unreadable(field: LayoutField, path: str, raw: str) -> Fault:
    if is_zero_date(field.picture, raw):
        return Fault(field, FIX_DATE_ZERO, path, Severity.WARNING)
    return Fault(field, codec_of(field).fault, path)


def _unwritable(field: LayoutField, value: str) -> RuleCode:
    if not is_printable(value):
        return FIX_CHARACTER
    return FIX_WIDTH if len(value) > field.length and field.picture in _AS_IT_STANDS else FIX_VALUE
