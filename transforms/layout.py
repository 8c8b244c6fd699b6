"""A layout made ready: one pass over precomputed slices reads or writes a whole record.

On the good path no object is made but the values themselves; what goes wrong is listed as :class:`Fault` rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.core.catalog import BLANK_BLOCK, Layout, LayoutField, Need, Picture
from gateway.core.model import RuleCode, Severity
from transforms.pictures import CODECS, Codec, Read, Write, flag, is_zero_date

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

    steps: tuple[tuple[int, int, str, Read | None, LayoutField], ...]
    blank: str | None
    """Path of the mark that keeps a wholly blank block."""


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
        prefixes = _prefixes(layout)
        self._readings = {prefix: self._reading(prefix) for prefix in prefixes}
        self._writings = {prefix: self._writing(prefix) for prefix in prefixes}
        self._fixed = tuple(
            (f.start - 1, f.start - 1 + f.length, f.constant or " " * f.length, f)
            for f in layout.fields
            if f.picture in (Picture.CONSTANT, Picture.RESERVED)
        )

    def _reading(self, prefix: str) -> _Reading:
        fields = sorted((f for f in self.layout.fields if f.path), key=lambda f: self._order(f"{prefix}{f.path}"))
        return _Reading(
            tuple((f.start - 1, f.start - 1 + f.length, f"{prefix}{f.path}", codec_of(f).read, f) for f in fields),
            f"{prefix}{BLANK_BLOCK}" if prefix and self.layout.block != "Header" else None,
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
        faults = [] if text.isascii() and text.isprintable() else self._unprintable(text, prefix)
        bad = {fault.field.name for fault in faults}
        before = len(into)
        reading = self._readings[prefix]
        for start, end, path, read, field in reading.steps:
            raw = text[start:end]
            value = raw.rstrip(" ")
            if not value or (bad and field.name in bad):
                continue
            if read is not None:
                found = read(raw)
                if found is None:
                    faults.append(_unreadable(field, path, raw))
                    continue
                value = found
            into[path] = value
        for start, end, constant, field in self._fixed:
            if text[start:end] != constant and field.name not in bad:
                faults.append(Fault(field, FIX_CONSTANT if field.constant else FIX_RESERVED))
        if reading.blank and len(into) == before and not faults:
            into[reading.blank] = "Y"
        return faults + self._missing(text, prefix) if required else faults

    def _missing(self, text: str, prefix: str) -> list[Fault]:
        return [
            Fault(f, FIX_REQUIRED, f"{prefix}{f.path}")
            for f in self.layout.fields
            if f.path and f.required is Need.REQUIRED and not text[f.start - 1 : f.start - 1 + f.length].strip(" ")
        ]

    def _unprintable(self, text: str, prefix: str) -> list[Fault]:
        faults = []
        for f in self.layout.fields:
            raw = text[f.start - 1 : f.start - 1 + f.length]
            if not (raw.isascii() and raw.isprintable()):
                place = next(n for n, c in enumerate(raw) if not (c.isascii() and c.isprintable()))
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
    if not (value.isascii() and value.isprintable()):
        return FIX_CHARACTER
    return FIX_WIDTH if len(value) > field.length and field.picture in _AS_IT_STANDS else FIX_VALUE
