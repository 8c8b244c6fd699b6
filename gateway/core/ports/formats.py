"""Ports of ``transforms``: bytes in, canonical content out, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from gateway.core.model import Content, Facts, Finding, FormatName, Kind, Partner
from gateway.core.people import People
from gateway.core.swift import swift


@swift
class Frame:
    """One record's bytes as they came (line ends cut), and where they stood in the file."""

    ordinal: int
    """1-based number of the record in the submission."""
    body: bytes = field(repr=False)
    line: int | None = None
    """1-based line in the file, for formats that have lines."""
    content: Content | None = field(default=None, repr=False)
    """What the record says, when cutting it out has read it already and found nothing wrong."""


@swift
class Heading:
    """What a file's header record says for all its records (canonical path -> value). Empty when there is none."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it says, by the names of its own fields; those that say something of the file alone are among them."""


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What one header of a file says of the file, by the names of its own fields."""

    told: Mapping[str, str] = field(repr=False)
    line: int = 1
    """Where it stands in the file, as in findings."""


@swift
class Decoded:
    """One frame read: its content (None when it is not readable at all) and what is wrong with it."""

    content: Content | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """What is written around the records of one delivery. All of it stays the same for every attempt."""

    sender: Partner
    recipient: Partner
    created_at: datetime
    number: int
    """Running number of the delivery for (recipient, sender, kind); batch numbers of file formats derive from it."""


@swift
class Encoded:
    """One payload. Findings tell what the format could not carry; a blocking one means: do not send."""

    body: bytes = field(repr=False)
    media_type: str
    extension: str
    """File name ending, with the dot: ``.xml``."""
    findings: tuple[Finding, ...] = ()


class Reader(Protocol):
    """Cuts a file into frames, piece by piece (sans I/O). Memory is bounded by one record, never by the file.

    A fault in one record is a frame all the same (``decode`` finds it); only what makes the rest unreadable is a fatal
    finding in ``findings``, after which no more frames come. Feeding after ``finish`` is an error of the caller.
    """

    def feed(self, data: bytes) -> list[Frame]: ...

    def finish(self) -> list[Frame]: ...

    @property
    def heading(self) -> Heading:
        """The file's header; complete once the first frame has come."""
        ...

    @property
    def headers(self) -> Sequence[FileHeader]:
        """The headers that have come so far, of which most files have one and a file of interchanges one for each.
        None of a file that says nothing of itself."""
        ...

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong with the file as a whole (missing header, trailer count, cut off record)."""
        ...


class Format(Protocol):
    """A partner's way of writing one or more kinds. Pure; safe to use from several processes."""

    @property
    def name(self) -> FormatName: ...

    def reader(self) -> Reader: ...

    def decode(self, frame: Frame, heading: Heading) -> Decoded:
        """Never raises for bad bytes: everything wrong with them is a finding."""
        ...

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        """The bytes for one delivery, a pure function of its arguments.

        Raises Unprocessable for a kind that the format cannot write."""
        ...


@runtime_checkable
class Wrapping(Protocol):
    """A format that carries canonical documents as they are: nothing has to be read to be written."""

    def wrap(self, documents: Sequence[bytes]) -> Encoded:
        """What ``encode`` gives for the contents of these documents, of kinds that the format can write."""
        ...


class CanonicalForm(Protocol):
    """The canonical XML of every kind."""

    def warm(self) -> None:
        """Make every kind ready now, which is otherwise done when a record of it is first met. Raises Misconfigured
        for a schema that cannot be used."""
        ...

    def write(self, content: Content) -> bytes:
        """The XML document of one record: UTF-8, no declaration, elements in schema order."""
        ...

    def read(self, document: bytes) -> Content:
        """The content of a document that :meth:`write` made. Raises Tampered when it is not well formed."""
        ...

    def validate(self, document: bytes, ordinal: int) -> tuple[Finding, ...]:
        """XSD validation of one canonical document; findings carry the canonical path, never the value."""
        ...

    def confirm(self, content: Content, document: bytes, ordinal: int) -> tuple[Finding, ...]:
        """The same for a document that :meth:`write` made of the content, quicker for one like others before it."""
        ...

    def valid(self, document: bytes) -> bool:
        """Whether :meth:`validate` would find nothing: quick for documents of any faults, since none is explained."""
        ...

    def facts(self, content: Content) -> Facts:
        """What routing needs. A missing sender is an empty string."""
        ...

    def people(self, content: Content) -> People:
        """The persons that it names by number, and those of whom it says that they are in danger."""
        ...

    def unnumbered(self, content: Content) -> tuple[str, ...]:
        """The groups of elements that say that somebody is in danger of whom there is no number."""
        ...


class Rules(Protocol):
    """The business rules of all kinds and formats."""

    def judge(
        self, content: Content, facts: Facts, format: FormatName, ordinal: int, today: date
    ) -> tuple[Finding, ...]: ...


class FormatState(StrEnum):
    """How much of a format is there."""

    COMPLETE = "complete"
    """Converts, validates and round-trips in the tests."""
    PARTIAL = "partial"
    """Usable; ``missing`` says what is not there and why."""
    DRAFT = "draft"
    """Built on facts that nobody official has confirmed; loads only when a setting allows it."""


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """One line of the catalog of formats."""

    name: FormatName
    title: str
    kinds: tuple[Kind, ...]
    media_type: str
    extension: str
    reads: bool
    writes: bool
    confidence: str
    """``official, confirmed``, ``official``, ... : the mark of the layout's source."""
    state: FormatState = FormatState.COMPLETE
    missing: str = ""
    """What is not there and why; empty for a complete format."""
