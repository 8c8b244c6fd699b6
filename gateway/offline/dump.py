"""One record of a file, field by field, with its values masked unless somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.core.catalog import Catalog, Picture
from gateway.core.errors import NotFound
from gateway.core.model import Finding, FormatName
from gateway.core.ports.formats import Frame
from gateway.offline.judging import Validator, frames, known_format
from gateway.offline.layouts import Block, blocks_of
from transforms.delimited import cells
from transforms.x12_segments import ISA_LENGTH, fits_isa, segments

_LARGE, _SMALL, _DIGIT = "X", "x", "9"


@dataclass(frozen=True, slots=True)
class Line:
    """One field: where it stands (``start`` 1-based, bytes; in a delimited file the column's number), and its value."""

    name: str
    start: int | None
    length: int | None
    value: str = field(repr=False)
    path: str | None
    personal: bool = True
    """False: the layout itself fixes the value."""

    def shown(self, *, unmask: bool) -> str:
        return self.value if unmask or not self.personal else masked(self.value)


@dataclass(frozen=True, slots=True)
class Dump:
    """A record as its layout cuts it, and what is wrong with it."""

    format: FormatName
    record: int
    line: int | None
    size: int
    blocks: tuple[tuple[str, tuple[Line, ...]], ...]
    findings: tuple[Finding, ...]


def masked(value: str) -> str:
    """The same length and kinds of characters: ``Ada 1`` becomes ``Xxx 9``. Spaces and punctuation stay."""
    return "".join(_mask(character) for character in value)


def _mask(character: str) -> str:
    if character.isdigit():
        return _DIGIT
    if character.isalpha():
        return _LARGE if character.isupper() else _SMALL
    return character if character.isascii() and character.isprintable() else "?"


def dump(validator: Validator, file: Path, name: FormatName, number: int) -> Dump:
    """The record of that number, 1-based. Raises NotFound when the file has fewer that can be cut out of it."""
    format_ = known_format(validator.spoken, name)
    reader = format_.reader()
    for frame in frames(file, reader, lambda _: None):
        if frame.ordinal == number:
            judged = validator.judge(format_, frame, reader.heading)
            fields = judged.content.fields if judged.content else {}
            blocks = tuple(_blocks(validator.spoken.catalog, name, frame)) or (
                ("", tuple(Line(path.rpartition("/")[2], None, None, value, path) for path, value in fields.items())),
            )
            return Dump(name, number, frame.line, len(frame.body), blocks, judged.findings)
    raise NotFound(f"{file.name} has no record {number} that can be read.")


def _blocks(catalog: Catalog, name: FormatName, frame: Frame) -> Iterator[tuple[str, tuple[Line, ...]]]:
    if name in catalog.columns:
        yield "", tuple(_columns(catalog, name, frame))
        return
    text = frame.body.decode("latin-1")
    if name in catalog.x12:
        yield from _segments(text)
        return
    for block in blocks_of(catalog, name, text):
        lines = tuple(_fields(block, text))
        if lines:
            yield block.title, lines


def _columns(catalog: Catalog, name: FormatName, frame: Frame) -> Iterator[Line]:
    order = catalog.columns[name]
    columns = order.columns
    for number, cell in enumerate(cells(order, frame.body.decode("utf-8", "replace"), strict=False), 1):
        known = columns[number - 1] if number <= len(columns) else None
        yield Line(known.name if known else "(one too many)", number, len(cell), cell, known.path if known else None)


def _segments(text: str) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """Segment by segment, the header of the set and the levels above among them; empty elements are left out."""
    if len(text) < ISA_LENGTH or not fits_isa(text):
        return
    for cut in segments(text)[1]:
        found = (
            Line(f"{cut.tag}{number:02d}", None, len(value), value, None)
            for number, value in enumerate(cut.parts[1:], 1)
            if value
        )
        yield cut.tag, tuple(found)


def _fields(block: Block, text: str) -> Iterator[Line]:
    for one in block.layout.fields:
        value = block.cut(text, one)
        if value:
            personal = one.picture is not Picture.CONSTANT or value != one.constant
            yield Line(one.name, block.place(one), one.length, value, one.path, personal)
