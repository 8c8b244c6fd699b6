"""How the records of a fixed-width format make up a file, as values; ``schemas/files`` holds the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.model import Content, FormatName, Kind


class RecordRole(StrEnum):
    """What a record does in its file."""

    HEADER = "header"
    """Once, first; what it says holds for every record."""
    GROUP = "group"
    """Holds for the details that follow it, up to the next one or to the end of the group."""
    GROUP_END = "group-end"
    """Closes the group before it; with it every group is closed."""
    ASIDE = "aside"
    """Known by its marks alone, anywhere in the file: read over, never written."""
    DETAIL = "detail"
    TRAILER = "trailer"
    """Once, last."""
    CONTROL = "control"
    """At most once, before or after the details: counts them where no source tells which."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Text by which a record is known. ``start`` is 1-based; ``?`` stands for any byte."""

    start: int
    text: str
    path: str | None = None
    """Canonical path of the field that holds it, when it has one: chooses the layout on writing."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One kind of record of a fixed-width file."""

    layout: str
    role: RecordRole
    marks: tuple[Mark, ...] = ()
    """All of them must be there; none: any record."""
    optional: bool = False
    """Whether a header or trailer may be absent."""
    shortest: int = 0
    """Bytes of the shortest line that counts as this record, the blanks at its end left out; 0: all of its bytes."""
    fill: Mapping[str, str] = field(default_factory=dict)
    """Field name -> what is written there (``transforms.controls``); counts and sums are checked on reading too."""
    read_only: bool = False
    """Never written, because its layout is not known as a whole."""


@dataclass(frozen=True, slots=True)
class FileOrder:
    """How the records of a fixed-width format make up a file; all of one length, unless ``by_line``."""

    name: FormatName
    kind: Kind
    length: int
    records: tuple[FileRecord, ...]
    encoding: str = "ascii"
    """Name of a codec: ascii, cp037, cp1140."""
    line_end: str = "\n"
    """Written after each record; on reading any line end or none will do."""
    open_end: bool = False
    """Records are longer than their layouts say; the rest is read over."""
    by_line: bool = False
    """Each record is a line of its own length; ``length`` is that of the longest."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Canonical path -> value that every record has by being of this format, without a place in the file."""

    def of(self, content: Content) -> tuple[FileRecord, ...]:
        """The kinds of detail that a content can be written as, the best first; none when it does not belong under the
        header or the group record of this file."""
        around = (record for record in self.records if record.role in (RecordRole.HEADER, RecordRole.GROUP))
        if not all(agrees(record, content) for record in around):
            return ()
        return tuple(record for record in self.records if record.role is RecordRole.DETAIL and agrees(record, content))


def agrees(record: FileRecord, content: Content) -> bool:
    """Whether the marks that have a path say what the content says there."""
    return all(like(mark.text, content.fields.get(mark.path, "")) for mark in record.marks if mark.path)


def like(pattern: str, text: str) -> bool:
    """Whether a text is that of a mark, ``?`` being any character."""
    return len(pattern) == len(text) and all(want in ("?", got) for want, got in zip(pattern, text, strict=True))
