"""The kinds of records of one fixed-width file, made ready: which record is which, and how each is read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.core.catalog import Catalog, Layout, LayoutField, Picture
from gateway.core.file_order import FileOrder, FileRecord, Mark, RecordRole
from gateway.core.model import Content, Severity
from transforms.controls import summed_field
from transforms.day_parts import PARTS as DAY_PARTS
from transforms.day_parts import days_of, part_key
from transforms.fixed_width import document_order
from transforms.joined import PARTS, join, split
from transforms.layout import FIX_VALUE, CompiledLayout, Fault, Order
from transforms.packed import parted

OWN = "#"
"""Begins the keys of values that belong to the file and not to a record."""
ANY = "?"


@dataclass(frozen=True, slots=True)
class _Place:
    """A mark as a slice."""

    at: slice
    text: str

    def fits(self, body: str) -> bool:
        found = body[self.at]
        return found == self.text or (
            ANY in self.text
            and len(found) == len(self.text)
            and all(want in (ANY, got) for want, got in zip(self.text, found, strict=True))
        )


class Record:
    """One kind of record."""

    def __init__(self, record: FileRecord, layout: Layout, order: Order) -> None:
        self.record = record
        self.role = record.role
        self.name = layout.name
        self.length = layout.length
        self.fill: Mapping[str, tuple[LayoutField, str]] = {
            f.path or f"{OWN}{f.name}": (f, record.fill[f.name]) for f in layout.fields if f.name in record.fill
        }
        self._places = tuple(_place(mark) for mark in record.marks)
        self._names = tuple(f for f in layout.fields if f.picture is Picture.PERSON_NAME)
        self._days = tuple(days_of(layout.fields))
        self._unkept = tuple(f for f in layout.fields if f.picture is Picture.UNKEPT)
        keyed = _keyed(layout)
        self.packed = parted(keyed.fields)
        self.compiled = CompiledLayout(_as_text(keyed), order)
        parts = {f"{f.path}/{part}" for f in self._names for part in PARTS} | {day.path for day in self._days}
        parts |= {f.path or "" for f in (self.packed.fields if self.packed else ()) if OWN not in (f.path or "")}
        self.paths = frozenset(path for path in self.compiled.paths("") if OWN not in path and path) | parts

    def fits(self, body: str) -> bool:
        return all(place.fits(body) for place in self._places)

    def whole(self, body: str) -> str:
        """A line whose blank end was left out, at the record's full length; any other text as it is."""
        shortest, length = self.record.shortest, self.length
        if not shortest or len(body) < shortest:
            return body
        return body.ljust(length) if len(body) <= length else body[:length] + body[length:].rstrip(" ")

    def read(self, body: str, into: dict[str, str]) -> list[Fault]:
        """The values of a record of the right length, and its faults."""
        packed: list[Fault] = []
        if self.packed is not None:
            body = self.packed.read(body, into, packed)
        faults = self.compiled.read(body, "", into, required=True) + packed
        for field in self._names:
            text = into.pop(f"{field.path}{OWN}", "")
            into.update({f"{field.path}/{part}": value for part, value in split(text).items()})
        for day in self._days:
            day.join(into, faults)
        return [_told(fault) for fault in faults]

    def unkept(self, body: str) -> list[LayoutField]:
        """The filled fields that the kind has no place for."""
        return [f for f in self._unkept if not body[f.start - 1 : f.start - 1 + f.length].isspace()]

    def write(self, values: Mapping[str, str], faults: list[Fault]) -> str:
        for field in self._names:
            values = self._with_name(field, values, faults)
        for day in self._days:
            values = day.split(values, faults)
        text, _ = self.compiled.write(values, "", faults)
        return text if self.packed is None else self.packed.write(text, values, faults)

    def _with_name(self, field: LayoutField, values: Mapping[str, str], faults: list[Fault]) -> Mapping[str, str]:
        parts = {part: value for part in PARTS if (value := values.get(f"{field.path}/{part}"))}
        if not parts:
            return values
        name = join(parts)
        if name is None:
            faults.append(Fault(field, FIX_VALUE, field.path))
            return values
        if len(parts.get(PARTS[1], "")) > 1:
            faults.append(
                Fault(field, FIX_VALUE, f"{field.path}/{PARTS[1]}", Severity.WARNING, "only the initial fits")
            )
        return {**values, f"{field.path}{OWN}": name}


def _told(fault: Fault) -> Fault:
    """The fault at the path that a reader knows, not at a key of the engine."""
    if fault.path is None or OWN not in fault.path:
        return fault
    return replace(fault, path=fault.path.partition(OWN)[0] or None)


def _place(mark: Mark) -> _Place:
    return _Place(slice(mark.start - 1, mark.start - 1 + len(mark.text)), mark.text)


def _keyed(layout: Layout) -> Layout:
    """The layout with a key for every value of the file and for every name in one field."""
    fields = []
    for f in layout.fields:
        if f.picture is Picture.PERSON_NAME:
            fields.append(replace(f, path=f"{f.path}{OWN}"))
        elif f.picture in DAY_PARTS:
            fields.append(replace(f, path=part_key(f)))
        elif f.path is None and f.picture not in _MUTE:
            fields.append(replace(f, path=f"{OWN}{f.name}"))
        else:
            fields.append(f)
    return replace(layout, fields=tuple(fields))


def _as_text(layout: Layout) -> Layout:
    """The layout without the fields that are bytes: they are read and written apart."""
    fields = (
        replace(f, picture=Picture.UNREAD, path=None) if f.picture is Picture.PACKED else f for f in layout.fields
    )
    return replace(layout, fields=tuple(fields))


_MUTE = frozenset({Picture.CONSTANT, Picture.RESERVED, Picture.UNREAD, Picture.UNKEPT, Picture.COUNT})


class Records:
    """All kinds of records of a file."""

    def __init__(self, catalog: Catalog, order: FileOrder) -> None:
        self.order = order
        known = document_order(catalog, order.kind)

        def sort(path: str) -> bytes:
            if path.startswith(OWN):
                return b""
            plain, key, part = path.partition(OWN)
            return known(f"{plain}/{PARTS[0]}") if key and not part else known(plain)

        self.all = tuple(Record(one, catalog.layouts[one.layout], sort) for one in order.records)
        self.header = self._only(RecordRole.HEADER)
        self.group = self._only(RecordRole.GROUP)
        self.group_end = self._only(RecordRole.GROUP_END)
        self.trailer = self._only(RecordRole.TRAILER)
        self.charset = "latin-1" if any(one.packed for one in self.all) else "ascii"
        """In which what is written becomes bytes: packed numbers are bytes of any value, one character each."""
        self.written_trailer = self.trailer if self.trailer and not self.trailer.record.read_only else None
        self.details = {one.name: one for one in self.all if one.role is RecordRole.DETAIL}
        sources = (source for one in self.all for _, source in one.fill.values())
        self.amounts = frozenset(name for name in map(summed_field, sources) if name)
        """Names of the detail fields that a header, group record or trailer adds up."""
        around = [one.paths for one in (self.header, self.group) if one is not None]
        self.around: frozenset[str] = frozenset(order.given).union(*around)
        self.ranks = {path: known(path) for one in self.all for path in one.paths if "BlankIndicator" not in path}
        self.ranks |= {path: known(path) for path in order.given}

    def _only(self, role: RecordRole) -> Record | None:
        return next((one for one in self.all if one.role is role), None)

    def recognise(self, body: str) -> Record | None:
        """Which kind of record a text is; None when its marks are those of none."""
        return next((one for one in self.all if one.fits(body)), None)

    def begins(self, body: str) -> bool:
        """Whether a text begins like a record; never without marks."""
        return any(one.record.marks and one.fits(body) for one in self.all)

    def writable(self, content: Content) -> Record | None:
        """The kind of detail that a content is written as; None for one that says otherwise than the whole format."""
        if any(content.fields.get(path, value) != value for path, value in self.order.given.items()):
            return None
        return next((self.details[one.layout] for one in self.order.of(content)), None)
