"""The gate before libxml2: refuses hostile XML while it streams in, and cuts a file into its record elements.

Expat reads every byte first (it expands nothing that we did not allow: a DOCTYPE ends the reading at once), so no
entity, no external file and no bomb reaches lxml. A file is one record element, or a ``Batch`` of record elements.
What the gate refuses is a fatal finding on the file: the frames that came before it stand, nothing after it is read.

A small file is held until it is whole and then read at one glance: expat alone goes through it, without a call for each
element, once counting marks has shown that no limit can be reached. Whatever that glance does not let pass is read step
by step as if there had been none, so that findings, and frames, are the same.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from gateway.core.model import Content, Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame
from transforms.cutting import Told

BATCH_NAMESPACE = "urn:child-support-gateway:batch:1"
BATCH = f"{BATCH_NAMESPACE}}}Batch"
XINCLUDE = "http://www.w3.org/2001/XInclude"
PIECE = 32 * 1024
"""Bytes handed to expat at a time, so that a limit is noticed soon after it is passed."""

SMALL = 32 * 1024
"""Bytes up to which a file is held for a glance; at most one piece, so that a refusal comes no later than it would."""

_SIGNATURE = 2
"""Bytes at the start of a file by which expat would take it for UTF-16, whatever encoding it was told."""
DEEPEST = 32
"""Levels that no kind's schema has."""
_START = re.compile(rb'(?:<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?\?>)?[ \t\n]*')
_TAG_NAME = re.compile(rb"<[^\s/>]+")
_BATCH_MARK = b"Batch"
_DEEPER = re.compile(rb"<[^/][^<]*(?=<[^/])")
"""A tag that opens, next to which another opens."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one record document may measure; far above every real record, far below what hurts."""

    size: int = 8 * 2**20
    """Bytes."""
    depth: int = 64
    elements: int = 50_000
    attributes: int = 64
    """For each element."""
    run: int = 64 * 1024
    """Bytes between two pieces of markup: a start tag together with the text after it, a comment."""

    @property
    def covers_small(self) -> bool:
        """Whether no file that is held for a glance can reach a limit by its size."""
        return min(self.size, self.elements, self.run) >= SMALL and self.depth >= DEEPEST


Plain = Callable[[bytes], Content | None]
"""Reads a plain document of a known kind (:meth:`transforms.canonical.Canonical.glance`)."""


def _never(_document: bytes) -> None:
    """For files of which nothing is plain."""


class Turned(Exception):
    """The gate turned the document away (never leaves this module)."""

    def __init__(self, rule: str, note: str) -> None:
        super().__init__(rule)
        self.rule = RuleCode(rule)
        self.note = note


class Gate(Told):
    """A :class:`gateway.core.ports.formats.Reader` of XML files. Memory is bounded by one record."""

    def __init__(self, limits: Limits | None = None, plain: Plain = _never) -> None:
        super().__init__()
        self._limits = limits or Limits()
        self._plain = plain if self._limits.covers_small else _never
        self._frames: list[Frame] = []
        self._ordinal = 0
        self._buffer = bytearray()
        self._base = 0
        """Offset in the file of the first byte in the buffer."""
        self._held = b""
        """Bytes of a character, or of a file, that has only begun."""
        self._fed = 0
        self._mark = 0
        """Offset of the last piece of markup."""
        self._depth = 0
        self._floor = 0
        """Depth at which records stand: 0 for a single record, 1 in a batch."""
        self._elements = 0
        self._record: tuple[int, int] | None = None
        """Offset and line at which the open record begins."""
        self._declared: dict[str | None, str] = {}
        """Namespaces declared for the element about to start."""
        self._outer: Mapping[str | None, str] = {}
        """Namespaces in scope from the batch element."""
        self._own: frozenset[str | None] = frozenset()
        self._whole: bytes | None = b""
        """A small file as far as it has come; None once it is read step by step."""

    @cached_property
    def _expat(self) -> expat.XMLParserType:
        parser = _parser()
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CommentHandler = self._comment
        return parser

    # --- Reader ------------------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> list[Frame]:
        if self._whole is not None:
            data = self._whole + data
            if len(data) <= SMALL and _BATCH_MARK not in data:
                self._whole = data
                return []
            self._whole = None
        self._step_through(data)
        return self._drain()

    def _step_through(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if self._findings:
                break
            self._take(self._held + data[start : start + PIECE])

    def finish(self) -> list[Frame]:
        if self._whole is not None:
            if frame := plain_record(self._whole, self._plain) or glance(self._whole, self._limits):
                return [frame]
            self._step_through(self._whole)
            self._whole = None
        if not self._findings:
            self._parse(self._held, last=True)
        return self._drain()

    def _take(self, data: bytes) -> None:
        """Expat gets whole characters only, so that it finds the same faults whatever the pieces."""
        whole, valid = _whole_characters(data)
        if valid and self._fed == 0 and whole < _SIGNATURE:
            self._held = data
            return
        self._held = data[whole:]
        if b"\0" in data[: max(_SIGNATURE - self._fed, 0)]:
            self._refuse("XML-ENCODING", "only UTF-8 is accepted", 1)
            return
        self._parse(data[:whole], last=False)
        if not valid and not self._findings:
            self._refuse("XML-ENCODING", "only UTF-8 is accepted", self._expat.CurrentLineNumber)

    def _drain(self) -> list[Frame]:
        frames, self._frames = self._frames, []
        return frames

    def _parse(self, piece: bytes, *, last: bool) -> None:
        self._buffer += piece
        self._fed += len(piece)
        try:
            self._expat.Parse(piece, last)
            self._watch()
        except Turned as turned:
            self._refuse(turned.rule, turned.note, self._expat.CurrentLineNumber)
        except expat.ExpatError as error:
            rule = "XML-MALFORMED" if not last else "XML-CUT" if self._fed else "XML-EMPTY-FILE"
            self._refuse(rule, expat.ErrorString(error.code), error.lineno)
        self._forget()

    def _refuse(self, rule: str, note: str, line: int) -> None:
        self._findings.append(Finding(RuleCode(rule), Severity.FATAL, line=line, note=note))
        self._buffer.clear()

    def _watch(self) -> None:
        """Limits that have no event of their own: a tag or a record that does not end."""
        if self._fed - self._mark > 2 * self._limits.run:
            raise Turned("XML-RUN", f"more than {self._limits.run} bytes without markup")
        if self._record is not None and self._fed - self._record[0] > self._limits.size + self._limits.run:
            raise Turned("XML-SIZE", f"a record of more than {self._limits.size} bytes")

    def _forget(self) -> None:
        keep = self._record[0] if self._record else min(max(self._expat.CurrentByteIndex, self._base), self._fed)
        del self._buffer[: keep - self._base]
        self._base = keep

    # --- what expat reports ------------------------------------------------------------------------------------------

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        _no_inclusion(prefix, uri)
        self._declared[prefix] = uri or ""

    def _step(self) -> int:
        at = self._expat.CurrentByteIndex
        if at - self._mark > self._limits.run:
            raise Turned("XML-RUN", f"more than {self._limits.run} bytes without markup")
        self._mark = at
        return at

    def _comment(self, _text: str) -> None:
        self._step()

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        at = self._step()
        limits = self._limits
        if len(attributes) > limits.attributes:
            raise Turned("XML-ATTRIBUTES", f"more than {limits.attributes} attributes")
        if self._depth >= limits.depth:
            raise Turned("XML-DEPTH", f"more than {limits.depth} elements deep")
        if self._depth == 0 and name == BATCH:
            self._open_batch()
        elif self._depth == self._floor:
            self._open_record(at)
        else:
            self._elements += 1
        if self._elements > limits.elements:
            raise Turned("XML-ELEMENTS", f"more than {limits.elements} elements")
        self._depth += 1
        if self._declared:
            self._declared = {}

    def _open_batch(self) -> None:
        self._floor = 1
        self._outer = self._declared
        self._expat.CharacterDataHandler = _between

    def _open_record(self, at: int) -> None:
        self._record = (at, self._expat.CurrentLineNumber)
        self._elements = 1
        self._own = frozenset(self._declared)
        self._expat.CharacterDataHandler = None

    def _end(self, _name: str) -> None:
        opened_at = self._mark
        at = self._step()
        self._depth -= 1
        if self._depth == self._floor and self._record is not None:
            self._close_record(self._record, opened_at, at)

    def _close_record(self, record: tuple[int, int], opened_at: int, at: int) -> None:
        start, line = record
        if at - start > self._limits.size:
            raise Turned("XML-SIZE", f"a record of more than {self._limits.size} bytes")
        self._ordinal += 1
        self._frames.append(Frame(self._ordinal, self._slice(start, opened_at, at), line))
        self._record = None
        if self._floor:
            self._expat.CharacterDataHandler = _between

    def _slice(self, start: int, opened_at: int, at: int) -> bytes:
        """The record's bytes as they came, with the namespaces that it has from the batch written into its tag."""
        begin, end = start - self._base, at - self._base
        empty = opened_at == start and self._buffer[begin:end].endswith(b"/>")
        if not empty:
            end = self._buffer.index(b">", end) + 1
        body = bytes(self._buffer[begin:end])
        inherited = [(prefix, uri) for prefix, uri in self._outer.items() if prefix not in self._own]
        if not inherited:
            return body
        name = _TAG_NAME.match(body)
        cut = name.end() if name else 0
        return body[:cut] + "".join(_attribute(prefix, uri) for prefix, uri in inherited).encode() + body[cut:]


def plain_record(body: bytes, plain: Plain) -> Frame | None:
    """The only record of a small file that says nothing but a plain document of a known kind, perhaps declared.

    Reading it so finds everything that expat would refuse: what is plain has no markup but the kind's own elements.
    """
    start = _START.match(body)
    begin = start.end() if start else 0
    document = body[begin:].rstrip(b" \t\n")
    content = plain(document)
    return None if content is None else Frame(1, document, 1 + body.count(b"\n", 0, begin), content)


def glance(body: bytes, limits: Limits) -> Frame | None:
    """The only record of a small file; None when the file has to be read step by step."""
    if not _clear(body, limits):
        return None
    parser = _parser()
    parser.StartNamespaceDeclHandler = _no_inclusion
    begin, line = 0, 1

    def root(_name: str, _attributes: Mapping[str, str]) -> None:
        nonlocal begin, line
        begin, line = parser.CurrentByteIndex, parser.CurrentLineNumber
        parser.StartElementHandler = None

    parser.StartElementHandler = root
    try:
        body.decode()
        parser.Parse(body, True)  # noqa: FBT003 - expat takes it by position only
    except (Turned, expat.ExpatError, UnicodeDecodeError):
        return None
    return Frame(1, body[begin : body.rindex(b">") + 1], line)


def _clear(body: bytes, limits: Limits) -> bool:
    """Whether no limit can be reached: each mark is counted as the worst that it can stand for.

    An element is deeper than the one before it only when its tag comes next after that one's, so there are no more
    levels than such pairs of tags. Comments may follow the record's end, and so stand in the way of finding it.
    """
    return (
        len(body) <= min(limits.run, limits.size)
        and body.count(b"<") <= limits.elements
        and body.count(b"=") <= limits.attributes
        and _BATCH_MARK not in body
        and b"<!" not in body
        and b"\0" not in body
        and (body.count(b"<") - body.count(b"</") <= limits.depth or len(_DEEPER.findall(body)) < limits.depth)
    )


def _parser() -> expat.XMLParserType:
    """Expat with what is refused wherever it stands."""
    parser = expat.ParserCreate("utf-8", "}")
    parser.XmlDeclHandler = _declaration
    parser.StartDoctypeDeclHandler = _doctype
    parser.ProcessingInstructionHandler = _instruction
    return parser


def _declaration(version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in ("utf-8", "utf8"):
        raise Turned("XML-ENCODING", "only UTF-8 is accepted")
    if version != "1.0":
        raise Turned("XML-MALFORMED", "only XML 1.0 is accepted")


def _no_inclusion(_prefix: str | None, uri: str | None) -> None:
    if uri == XINCLUDE:
        raise Turned("XML-XINCLUDE", "XInclude is not accepted")


def _attribute(prefix: str | None, uri: str) -> str:
    return f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}"


def _doctype(*_: object) -> None:
    raise Turned("XML-DOCTYPE", "a document type declaration is not accepted")


def _instruction(_target: str, _text: str) -> None:
    raise Turned("XML-INSTRUCTION", "a processing instruction is not accepted")


def _between(text: str) -> None:
    if not text.isspace():
        raise Turned("XML-TEXT", "text between the records of a batch")


def _whole_characters(data: bytes) -> tuple[int, bool]:
    """How many bytes from the start are whole characters of UTF-8, and whether what follows may become one."""
    try:
        return codecs.utf_8_decode(data, "strict", False)[1], True  # noqa: FBT003 - codecs takes it by position only
    except UnicodeDecodeError as error:
        return error.start, False
