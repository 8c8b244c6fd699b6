"""Rewriting a file in another format, record after record: all of it, or nothing when one record has a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway.clock import utc_now
from gateway.core.errors import Unprocessable, Unreadable
from gateway.core.model import AdapterName, Content, Endpoint, Finding, FormatName, Partner, PartnerKey, Role
from gateway.core.ports.formats import Cover, Format, Reader
from gateway.core.receipt import Tally, blocked
from gateway.offline.judging import Advance, Explained, Validator, explained, known_format
from gateway.tools import Speech

CHUNK = 1_000
"""Records that are written at once."""
WHOLE_LIMIT = 50_000
"""Records of a file that can be written only at once, because its ends depend on all of them."""
STATE_DIGITS = 2
EMPLOYER_DIGITS = 9
_NOBODY = Endpoint(AdapterName.MAILBOX)

Write = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """How it went. ``written`` False: findings stand against it and what was written is to be thrown away."""

    written: bool
    records: int
    findings: tuple[Explained, ...]


class _Source:
    """The contents of a file, with a note of whether all is well."""

    def __init__(self, validator: Validator, file: Path, format_: Format, read: Advance) -> None:
        self.tally = Tally()
        self.faulty = False
        self.records = 0
        self._reader: Reader = format_.reader()
        self._judged = validator.judged(file, format_, self._reader, read)

    def __iter__(self) -> Iterator[Content]:
        for judged in self._judged:
            self.tally.add(judged.findings)
            self.faulty = self.faulty or judged.refused
            if judged.content is not None:
                self.records += 1
                yield judged.content
        self.tally.add(self._reader.findings)
        self.faulty = self.faulty or blocked(self._reader.findings)


def rewrite(validator: Validator, file: Path, name: FormatName, to: str, write: Write, read: Advance) -> Rewritten:
    """Write the records of a file in another format. Raises Unreadable when it has none, Unprocessable when the other
    format cannot carry their kind."""
    spoken = validator.spoken
    source, target = known_format(spoken, name), known_format(spoken, to)
    if not spoken.catalog.formats[target.name].writes:
        raise Unprocessable(f"Format {to} is read only.")
    contents = _Source(validator, file, source, read)
    chunks = chunked(iter(contents))
    first = next(chunks, None)
    if first is None:
        raise Unreadable("No record of the file can be read.")
    for piece in encoded(target, _again(first, chunks), _cover(spoken, first[0], utc_now()), contents.tally):
        write(piece)
    groups = contents.tally.groups()
    faulty = contents.faulty or any(group.severity.blocks for group in groups)
    return Rewritten(not faulty, contents.records, tuple(explained(spoken, group) for group in groups))


def chunked(contents: Iterator[Content], size: int = CHUNK) -> Iterator[list[Content]]:
    """Lists of at least ``size`` contents, but for a file that has fewer: no last list of one record alone, which some
    formats write differently."""
    held: list[Content] = []
    for content in contents:
        held.append(content)
        if len(held) == 2 * size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held


def _again(first: list[Content], rest: Iterator[list[Content]]) -> Iterator[list[Content]]:
    yield first
    yield from rest


def encoded(format_: Format, chunks: Iterator[list[Content]], cover: Cover, tally: Tally) -> Iterator[bytes]:
    """The bytes of one file, made chunk by chunk. What stands around the records is what a file without records is;
    where that does not hold (a trailer with counts), the file is made at once.

    Raises Unprocessable when such a file has more than 50,000 records."""
    first = next(chunks)
    second = next(chunks, None)
    if second is None:
        yield _whole(format_, first, cover, tally)
        return
    ends = _Ends.of(format_, first, cover)
    if ends is None:
        yield _whole(format_, _gathered(format_, [*first, *second], chunks), cover, tally)
        return
    yield ends.head
    yield ends.inside(_whole(format_, first, cover, tally))
    for chunk in _again(second, chunks):
        yield ends.between + ends.inside(_whole(format_, chunk, cover, tally))
    yield ends.tail


def _whole(format_: Format, contents: list[Content], cover: Cover, tally: Tally) -> bytes:
    made = format_.encode(contents, cover)
    tally.add([_named(one) for one in made.findings])
    return made.body


def _named(finding: Finding) -> Finding:
    """An element that the other format has no field for goes by its path, so that each is told."""
    return finding if finding.field else replace(finding, field=finding.path)


def _gathered(format_: Format, contents: list[Content], rest: Iterator[list[Content]]) -> list[Content]:
    for chunk in rest:
        contents += chunk
        if len(contents) > WHOLE_LIMIT:
            raise Unprocessable(f"Format {format_.name} can be written with at most {WHOLE_LIMIT} records here.")
    return contents


@dataclass(frozen=True, slots=True)
class _Ends:
    """What a format writes before and after its records, learnt from a file without any."""

    head: bytes
    tail: bytes
    between: bytes

    @classmethod
    def of(cls, format_: Format, chunk: list[Content], cover: Cover) -> _Ends | None:
        empty, body = format_.encode([], cover).body, format_.encode(chunk, cover).body
        same = next(
            (n for n, (a, b) in enumerate(zip(empty, body, strict=False)) if a != b), min(len(empty), len(body))
        )
        ends = cls(empty[:same], empty[same:], b"," if empty[:same].endswith(b"[") else b"")
        return ends if body.endswith(ends.tail) and ends._join(format_, chunk[:2], cover) else None

    def _join(self, format_: Format, some: list[Content], cover: Cover) -> bool:
        """Whether records written apart are, one behind the other, what they are written together: not where something
        counts them that a file without records does not have."""
        whole, *parts = (format_.encode(one, cover).body for one in (some, *([each] for each in some)))
        if not all(body.startswith(self.head) and body.endswith(self.tail) for body in (whole, *parts)):
            return True  # their headers differ, which ``inside`` tells
        return self.inside(whole) == self.between.join(map(self.inside, parts))

    def inside(self, body: bytes) -> bytes:
        if not (body.startswith(self.head) and body.endswith(self.tail)):
            raise Unprocessable("The records do not share one file header; convert them in files of their own.")
        return body[len(self.head) : len(body) - len(self.tail)]


def _cover(spoken: Speech, first: Content, at: datetime) -> Cover:
    """A cover in the name of the first record's sender: a state by its number, else an employer."""
    facts = spoken.canonical.facts(first)
    role = Role.EMPLOYER if len(facts.sender) == EMPLOYER_DIGITS else Role.STATE
    locator = facts.sender[:STATE_DIGITS] if role is Role.STATE else facts.sender
    sender = Partner(PartnerKey("sender"), "", role, "", frozenset({locator}), _NOBODY)
    recipient = Partner(PartnerKey("recipient"), "", Role.STATE, "", frozenset({facts.recipient or ""}), _NOBODY)
    return Cover(sender, recipient, at, 1)
