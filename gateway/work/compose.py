"""Composing: the sealed records of a delivery are opened and written in the partner's format. Pure computing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeGuard, overload

from gateway.core.bridge import Bridge, Bridging, Crossing, gathered
from gateway.core.errors import Unprocessable
from gateway.core.labels import Label, named_label, open_carried, strictest
from gateway.core.model import Content, Digest, Finding, FormatName, Kind, RecordId
from gateway.core.ports.crew import Composed, Composition
from gateway.core.ports.formats import CanonicalForm, Cover, Encoded, Format, Wrapping
from gateway.core.ports.keys import Sealer
from gateway.core.size_class import filled

Amended = Mapping[RecordId, str]
"""Record -> the amendment that is carried in its place."""
_AS_SENT: Amended = {}
AS_LONG_AS_THEY_SAY = frozenset({FormatName("xml"), FormatName("json")})
"""Formats of no fixed width."""
AT_ONCE = 100
"""Records of a delivery that may all lie open in memory; of more, one is open at a time."""


@dataclass(frozen=True, slots=True)
class Composer:
    """The bytes are a function of the sealed records and the delivery's row alone: a retry writes the same bytes."""

    formats: Mapping[FormatName, Format]
    canonical: CanonicalForm
    sealer: Sealer
    bridging: Bridging = field(default_factory=Bridging)
    classed: frozenset[Kind] = frozenset()
    """Kinds of which a payload whose length follows its content fills whole size classes (V03)."""

    def compose(self, task: Composition) -> Composed:
        delivery = task.claimed.delivery
        format_ = self.formats.get(delivery.format)
        if format_ is None:
            raise Unprocessable(f"There is no format {delivery.format}.")
        lost: tuple[Finding, ...] = ()
        if bridge := self.bridging.between(delivery.kind, delivery.format):
            contents, lost = self._crossed(bridge, task)
            encoded = format_.encode(contents, _cover(task))
        else:
            encoded = self._encoded(format_, task)
        body, before = encoded.body, None
        if delivery.kind in self.classed and delivery.format in AS_LONG_AS_THEY_SAY:
            body, before = filled(body), _digest(body)
        findings = (*lost, *encoded.findings)
        return Composed(
            body, encoded.media_type, encoded.extension, _digest(body), findings, self._label(task), replaces=before
        )

    def _crossed(self, bridge: Bridge, task: Composition) -> tuple[list[Content], tuple[Finding, ...]]:
        """The records as the kind that the format knows; they keep to its schema, or a finding blocks."""
        contents: list[Content] = []
        findings: list[Finding] = []
        delivery = task.claimed.delivery
        for place, (record, sealed) in enumerate(task.claimed.records, 1):
            question = self.open(*task.questions[record]) if record in task.questions else None
            crossing = Crossing(delivery.created_at.date(), delivery.number, place)
            answer = self.open(record, sealed, task.claimed.amended)
            content, found = self.bridging.cross(bridge, answer, question, crossing)
            findings += found
            if not any(finding.severity.blocks for finding in found):
                findings += self.canonical.validate(self.canonical.write(content), place)
                contents.append(content)
        return contents, gathered(findings)

    def _encoded(self, format_: Format, task: Composition) -> Encoded:
        records, amended = task.claimed.records, task.claimed.amended
        if len(records) <= AT_ONCE and _wraps(format_):
            return format_.wrap([self.document(record, sealed, amended) for record, sealed in records])
        contents = _Opened(self, records, amended)
        return format_.encode(contents if len(contents) > AT_ONCE else list(contents), _cover(task))

    def _label(self, task: Composition) -> Label:
        """The payload is as sensitive as the most sensitive record that it is made of."""
        records, questions = task.claimed.records, task.questions
        if len(records) == 1 and not questions:
            return named_label(self.sealer, records[0][1])
        return strictest({named_label(self.sealer, sealed) for _, sealed in (*records, *questions.values())})

    def document(self, record: RecordId, sealed: bytes, amended: Amended = _AS_SENT) -> bytes:
        """The canonical document of one sealed record, or of what is carried in its place."""
        return open_carried(self.sealer, record, sealed, amended.get(record))

    def open(self, record: RecordId, sealed: bytes, amended: Amended = _AS_SENT) -> Content:
        """The content of one sealed record, or of what is carried in its place."""
        return self.canonical.read(self.document(record, sealed, amended))


def _wraps(format_: Format) -> TypeGuard[Wrapping]:
    return _is_wrapping(type(format_))


@cache
def _is_wrapping(kind: type[Format]) -> bool:
    """Asked once for each class: looking whether an object has what a protocol wants takes longer than wrapping."""
    return issubclass(kind, Wrapping)


def _digest(body: bytes) -> Digest:
    return Digest(hashlib.sha256(body).hexdigest())


def _cover(task: Composition) -> Cover:
    delivery = task.claimed.delivery
    return Cover(task.sender, task.recipient, delivery.created_at, delivery.number)


class _Opened(Sequence[Content]):
    """The contents of sealed records, each opened whenever it is asked for: memory stays flat, a format that looks
    twice pays twice."""

    def __init__(self, composer: Composer, sealed: Sequence[tuple[RecordId, bytes]], amended: Amended) -> None:
        self._composer, self._sealed, self._amended = composer, sealed, amended

    def __len__(self) -> int:
        return len(self._sealed)

    def __iter__(self) -> Iterator[Content]:
        return (self._composer.open(record, sealed, self._amended) for record, sealed in self._sealed)

    @overload
    def __getitem__(self, index: int) -> Content: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Content]: ...

    def __getitem__(self, index: int | slice) -> Content | Sequence[Content]:
        if isinstance(index, slice):
            return _Opened(self._composer, self._sealed[index], self._amended)
        return self._composer.open(*self._sealed[index], self._amended)
