"""The policy of the disclosure guard as values: what ``schemas/disclosure`` says. Empty, it lets nothing leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from gateway.core.model import Kind, Partner, Role

IV_D, TRIBAL = "IV-D", "tribal-IV-D"
IRS = "IRS"
"""The label of federal tax information."""


def program_of(partner: Partner) -> str:
    """The program of a partner as the policy knows it: a tribe's IV-D agency may have less than a state's."""
    return TRIBAL if partner.program == IV_D and partner.role is Role.TRIBE else partner.program


class Cell(NamedTuple):
    """One question to the release table."""

    label: str
    program: str
    purpose: str
    requester: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table says of a cell, and the row that says it."""

    allowed: bool
    row: str
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """Cells that one sentence of law is about; an empty member stands for all."""

    id: str
    labels: frozenset[str]
    programs: frozenset[str]
    purposes: frozenset[str]
    requesters: frozenset[str]
    source: str

    def covers(self, cell: Cell) -> bool:
        members = (self.labels, self.programs, self.purposes, self.requesters)
        return all(not wanted or value in wanted for wanted, value in zip(members, cell, strict=True))


@dataclass(frozen=True, slots=True)
class Label:
    """Where a value comes from, and for how many months it may be kept (None: the policy sets no ceiling)."""

    name: str
    title: str
    source: str
    keep_months: int | None = None
    verified_as: str = ""
    """The label as which it may leave when a second source has confirmed what it says; empty: never."""


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """Who may have a kind of record at all, and what is in every record of it."""

    programs: frozenset[str]
    labels: frozenset[str]
    source: str
    sides: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Type of a document -> who may have it; empty: the kind has no sides."""
    always_tells: bool = False
    tells_action: frozenset[str] = frozenset()
    """Action, the fifth character of the transaction, of records that say what was found."""
    tells_type: frozenset[str] = frozenset()
    """Record type, the first two characters of the transaction, of records that do."""
    told_of_danger: frozenset[str] = frozenset()
    """Programs outside IV-D that the law tells of a person in danger."""
    verified: frozenset[str] = frozenset()
    """Programs besides that may have it once a second source has confirmed it."""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One row of the matrix of federal tax information. Without programs it stands for nobody that can be a partner."""

    number: int
    recipient: str
    programs: frozenset[str]
    requesters: frozenset[str]
    purposes: frozenset[str]
    allowed: bool
    may: str
    limits: str
    without_approval: bool = False
    """It is about partners without an approval in force."""
    since: date | None = None
    old: bool = False
    """From an older copy of the matrix; to be checked against the present page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Why something was not sent, in words: requirement, sentence, what would have to change, source."""

    rule: str
    title: str
    change: str
    source: str


@dataclass(frozen=True)
class Policy:
    """All tables of the guard. Frozen and picklable."""

    version: str = "none"
    digest: str = ""
    """SHA-256 of its files, one after the other."""
    kinds: Mapping[Kind, KindPolicy] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tag of the facts -> the label that it adds."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Program -> the purpose for which its partners receive, unless the agreement names another."""
    purposes: frozenset[str] = frozenset()
    requesters: frozenset[str] = frozenset()
    locate_types: Mapping[str, str] = field(default_factory=dict)
    """Type of a federal locate request -> the purpose that it names."""
    releases: tuple[Row, ...] = ()
    refusals: tuple[Row, ...] = ()
    """Of several the first counts; the last covers everything."""
    tax: tuple[TaxRow, ...] = ()
    tax_source: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By the code of the reason."""

    def release(self, cell: Cell) -> Verdict:
        """What the release table says of a cell, and on which ground."""
        for rows, allowed in ((self.releases, True), (self.refusals, False)):
            for row in rows:
                if row.covers(cell):
                    return Verdict(allowed, row.id, row.source)
        return Verdict(allowed=False, row="none", source="45 CFR 303.21(c)")

    @cached_property
    def released(self) -> Mapping[Cell, str]:
        """Every cell that may leave, with its row: looked up for every record, so made once."""
        cells = (
            Cell(label, program, purpose, requester)
            for label in self.labels
            for program in self.programs
            for purpose in self.purposes
            for requester in self.requesters
        )
        return {cell: found.row for cell in cells if (found := self.release(cell)).allowed}

    def tax_row(self, cell: Cell, *, approved: bool, day: date) -> TaxRow | None:
        """The row of the matrix for who asks; None: it has none, which means nothing may go."""
        for row in self.tax:
            if _of_row(row, cell, approved=approved) and (row.since is None or row.since <= day):
                return row
        return next((row for row in reversed(self.tax) if not row.programs and not row.requesters), None)


def _of_row(row: TaxRow, cell: Cell, *, approved: bool) -> bool:
    if not row.programs and not row.requesters:
        return False
    if row.without_approval and approved:
        return False
    members = ((row.programs, cell.program), (row.requesters, cell.requester), (row.purposes, cell.purpose))
    return all(not wanted or value in wanted for wanted, value in members)
