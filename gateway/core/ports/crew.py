"""Port of the computing: examining frames and composing payloads, in this process or in worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Protocol

from gateway.core.labels import Label
from gateway.core.model import (
    Claimed,
    Digest,
    Facts,
    Finding,
    FormatName,
    Partner,
    RecordId,
    RuleCode,
)
from gateway.core.ports.formats import Frame, Heading
from gateway.core.swift import swift


@swift
class Examination:
    """Frames of one body, to be examined. ``ids`` are the record ids, one a frame."""

    format: FormatName
    sender: Partner
    heading: Heading
    frames: tuple[Frame, ...] = field(repr=False)
    ids: tuple[RecordId, ...]
    today: date
    lacking: RuleCode | None = None
    """The rule by which requests to find a person are refused; None: they may go."""


@swift
class Examined:
    """One frame after decoding, XSD, rules and sealing; ``sealed`` is there unless a finding blocks."""

    id: RecordId
    ordinal: int
    findings: tuple[Finding, ...]
    facts: Facts | None = None
    digest: Digest | None = None
    sealed: bytes | None = field(default=None, repr=False)
    case_index: bytes | None = field(default=None, repr=False)
    question: RecordId | None = None
    """The record that this one answers, where it was asked for and found."""
    persons: bytes | None = field(default=None, repr=False)
    """Blind indexes of the persons in it, one after the other."""
    endangered: bytes | None = field(default=None, repr=False)
    """Those of whom it says that they are in danger."""
    index_keys: str = ""
    """The keys under each of which all these indexes are, in turn; none named: one key."""
    unnumbered: frozenset[bytes] = frozenset()
    """What stands for those in danger of whom it has no number; told only of a record that is looked at again."""
    crosses: bool = True
    """False: the kind of record that its addressee takes has no words for what it says."""


@swift
class Composition:
    """A claimed delivery, to be written in the partner's format."""

    claimed: Claimed = field(repr=False)
    sender: Partner
    recipient: Partner
    questions: Mapping[RecordId, tuple[RecordId, bytes]] = field(default_factory=dict, repr=False)
    """The sealed records that those of the delivery answer, when a bridge needs them: answer -> (question, sealed)."""


@swift
class Composed:
    """The payload of a delivery, or the blocking findings for which it cannot be written."""

    body: bytes = field(repr=False)
    media_type: str
    extension: str
    digest: Digest
    findings: tuple[Finding, ...] = ()
    label: Label = Label.RECORDS
    """Under which the payload is sealed where it has to lie."""
    replaces: Digest | None = None
    """The digest of an earlier payload of the delivery in whose place this one rightly is."""


class Crew(Protocol):
    async def examine(self, task: Examination) -> tuple[Examined, ...]: ...

    async def compose(self, task: Composition) -> Composed:
        """Raises Tampered when a sealed body does not open, Unavailable when the wrapping key is missing."""
        ...

    async def close(self) -> None: ...
