"""Bridges: how records of one kind are written as another kind, for partners whose formats do not know the first.

A bridge is a table (``schemas/bridges``): one row an element of the target, taken from the record itself, from the
record that it answers (the question), or from the delivery. Pure: the same record, question and delivery give the same
content. What no row takes is a notice, never silently dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.core.model import Content, Facts, Finding, FormatName, Kind, Partner, PartnerKey, RuleCode, Severity
from gateway.core.returned_address import taken_apart

NOT_CARRIED, MARK_LOST, NO_CASE = (
    RuleCode("BRIDGE-NOT-CARRIED"),
    RuleCode("BRIDGE-MARK-LOST"),
    RuleCode("BRIDGE-NO-CASE"),
)
XML = FormatName("xml")
"""What a partner receives that names no format for a kind."""


class Stuck(StrEnum):
    """Why a record that has a route cannot cross; it is parked until it can."""

    QUESTION_UNKNOWN = "question-unknown"
    """The partner can take the record only as an answer to its own question, and that is not here."""
    NOTHING_TO_TELL = "bridge-nothing-to-tell"
    """The kind of record that the partner takes has no words for it."""


class Stamp(StrEnum):
    """What a row takes from the delivery."""

    SERIAL = "serial"
    """Twelve digits, none twice for one recipient: 9, six of the delivery's number, five of the record's place."""
    DATE = "date"
    """The day on which the delivery was made."""


@dataclass(frozen=True, slots=True)
class BridgeField:
    """One element of the target. Exactly one of ``source``, ``question``, ``constant`` and ``stamp`` is given."""

    to: str
    source: str | None = None
    """Path in the record."""
    question: str | None = None
    """Path in the question; one that ends with a slash copies every element of that group."""
    constant: str | None = None
    stamp: Stamp | None = None
    start: int = 1
    """1-based first character of the value that is taken."""
    length: int | None = None
    """How many characters; None: to the end."""
    day: bool = False
    """CCYYMMDD in the record, CCYY-MM-DD in the target; what is no such day is not carried."""
    codes: str | None = None
    """Code list that translates the value; one that it does not know is not carried."""
    form: str | None = None
    """Path in the record that says how the address in ``source`` is written; its parts become elements below ``to``."""


@dataclass(frozen=True, slots=True)
class BridgeCase:
    """The rows that hold when every condition of ``when`` and, if there are some, one of ``any`` does. A condition is a
    path that is there, ``!path`` that is not, ``path=value``, ``path:day`` (a day as CCYYMMDD) or ``path:form`` (an
    address that can be taken apart as the path ``form`` says)."""

    name: str
    when: tuple[str, ...]
    any: tuple[str, ...]
    fields: tuple[BridgeField, ...]

    def holds(self, content: Content) -> bool:
        every = all(_holds(condition, content) for condition in self.when)
        return every and (not self.any or any(_holds(condition, content) for condition in self.any))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that the conditions name."""
        return tuple(path for condition in (*self.when, *self.any) for path in _named(condition))


def _named(condition: str) -> tuple[str, ...]:
    path, sign, form = condition.removeprefix(ABSENT).partition("=")[0].partition(":")
    return (path, form) if sign and form != DAY else (path,)


def _holds(condition: str, content: Content) -> bool:
    if condition.startswith(ABSENT):
        return content.get(condition.removeprefix(ABSENT)) is None
    path, sign, wanted = condition.partition("=")
    if sign:
        return content.get(path) == wanted
    path, sign, form = condition.partition(":")
    value = content.get(path)
    if value is None or not sign:
        return value is not None
    return (_day(value) if form == DAY else taken_apart(value, content.get(form) or "")) is not None


@dataclass(frozen=True, slots=True)
class Bridge:
    """From one kind to another. Of the cases the first that holds is written, after the rows that all share."""

    kind: Kind
    to: Kind
    source: str
    fields: tuple[BridgeField, ...]
    cases: tuple[BridgeCase, ...]
    needs: tuple[str, ...] = ()
    """Tags that a record must have to cross."""
    never: tuple[str, ...] = ()
    """Tags with which a record never crosses."""
    drops: frozenset[str] = frozenset()
    """Paths left out on purpose: what the target says elsewhere or has no use for."""

    @property
    def rows(self) -> tuple[BridgeField, ...]:
        """All rows, those of the cases too."""
        return (*self.fields, *(row for case in self.cases for row in case.fields))

    @property
    def asks(self) -> bool:
        """Whether it takes anything from the question."""
        return any(row.question is not None for row in self.rows)

    def case_of(self, content: Content) -> BridgeCase | None:
        """The first case that holds."""
        return next((case for case in self.cases if case.holds(content)), None)

    def may_cross(self, facts: Facts) -> bool:
        return all(tag in facts.tags for tag in self.needs) and not any(tag in facts.tags for tag in self.never)


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a bridge takes from the delivery: its day, its running number, and the record's 1-based place in it."""

    day: date
    number: int
    place: int

    def value(self, stamp: Stamp) -> str:
        return self.day.isoformat() if stamp is Stamp.DATE else f"9{self.number % 10**6:06}{self.place % 10**5:05}"


@dataclass(frozen=True, slots=True)
class Bridging:
    """All bridges of a catalog, and what each format can carry."""

    bridges: Mapping[Kind, Bridge] = field(default_factory=dict)
    carries: Mapping[FormatName, frozenset[Kind]] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def between(self, kind: Kind, format: FormatName) -> Bridge | None:
        """The bridge that a record of the kind crosses to be written in the format; None when it needs none."""
        bridge = self.bridges.get(kind)
        if bridge is None or kind in self.carries.get(format, frozenset()):
            return None
        return bridge if bridge.to in self.carries.get(format, frozenset()) else None

    def format_of(self, partner: Partner, kind: Kind) -> FormatName:
        """The format in which a partner gets records of a kind: the one that it names for the kind, else the one for
        the kind to which a bridge leads, else canonical XML."""
        chosen = partner.formats.get(kind)
        if chosen is None and (bridge := self.bridges.get(kind)):
            chosen = partner.formats.get(bridge.to)
        return chosen or XML

    def format_among(self, partners: Mapping[PartnerKey, Partner]) -> Callable[[PartnerKey, Kind], FormatName | None]:
        """The same for partners by key; None for one that is not among them."""

        def format_of(key: PartnerKey, kind: Kind) -> FormatName | None:
            partner = partners.get(key)
            return None if partner is None else self.format_of(partner, kind)

        return format_of

    def cross(
        self, bridge: Bridge, content: Content, question: Content | None, crossing: Crossing
    ) -> tuple[Content, tuple[Finding, ...]]:
        """The content as the other kind, with what could not be taken over. A blocking finding means: do not send."""
        case = bridge.case_of(content)
        if case is None:
            return Content(bridge.to, {}), (Finding(NO_CASE, Severity.ERROR, record=crossing.place),)
        work = _Work(self, content, question, crossing)
        for row in (*bridge.fields, *case.fields):
            work.row(row)
        return Content(bridge.to, work.fields), (*work.findings, *work.left(bridge.drops))


PROTECTIVE_MARK = "FamilyViolenceIndicator"
DAY, ABSENT = "day", "!"
_DAY = re.compile("[0-9]{8}")


class _Work:
    """One record on its way over a bridge."""

    def __init__(self, bridging: Bridging, content: Content, question: Content | None, crossing: Crossing) -> None:
        self._bridging, self._content, self._question, self._crossing = bridging, content, question, crossing
        self._taken: set[str] = set()
        self.fields: dict[str, str] = {}
        self.findings: list[Finding] = []

    def row(self, row: BridgeField) -> None:
        if row.question is not None and row.question.endswith("/"):
            self._group(row)
            return
        if row.form is not None:
            self._address(row, row.source or "", row.form)
            return
        value = self._value(row)
        if value is not None and row.codes is not None:
            value = self._bridging.codes[row.codes].get(value)
        elif value is not None and row.day:
            value = _day(value)
        if value is None:
            self._taken.discard(row.source or "")
        elif value:
            self.fields[row.to] = value

    def _group(self, row: BridgeField) -> None:
        prefix = row.question or ""
        found = self._question.fields if self._question else {}
        self.fields.update({row.to + p[len(prefix) :]: value for p, value in found.items() if p.startswith(prefix)})

    def _address(self, row: BridgeField, source: str, form: str) -> None:
        """What cannot be taken apart is not carried; neither is what is left of one that can, which is told."""
        found = taken_apart(self._content.get(source) or "", self._content.get(form) or "")
        if found is None:
            return
        self._taken |= {source, form}
        self.fields.update({row.to + leaf: value for leaf, value in found.leaves.items()})
        if not found.whole:
            self.findings.append(self._finding(NOT_CARRIED, Severity.NOTICE, source))

    def _value(self, row: BridgeField) -> str | None:
        if row.constant is not None:
            return row.constant
        if row.stamp is not None:
            return self._crossing.value(row.stamp)
        if row.question is not None:
            value = self._question.get(row.question) if self._question else None
        else:
            path = row.source or ""
            self._taken.add(path)
            value = self._content.get(path)
        if value is None:
            return None
        end = None if row.length is None else row.start - 1 + row.length
        return value[row.start - 1 : end].strip()

    def left(self, drops: frozenset[str]) -> list[Finding]:
        """A finding for every element that no row has taken."""
        found: list[Finding] = []
        for path, value in self._content.fields.items():
            if path in self._taken or path in drops:
                continue
            if value == "Y" and path.rpartition("/")[2] == PROTECTIVE_MARK:
                found.append(self._finding(MARK_LOST, Severity.ERROR, path))
            else:
                found.append(self._finding(NOT_CARRIED, Severity.NOTICE, path))
        return found

    def _finding(self, rule: RuleCode, severity: Severity, path: str) -> Finding:
        return Finding(rule, severity, record=self._crossing.place, path=path)


def _day(text: str) -> str | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat() if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def gathered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of many records: one for each element that was not carried, with the number of records."""
    lost = Counter(finding.path for finding in findings if finding.rule == NOT_CARRIED)
    others = [finding for finding in findings if finding.rule != NOT_CARRIED]
    notices = [Finding(NOT_CARRIED, Severity.NOTICE, path=path, note=f"{n} times") for path, n in lost.items()]
    return (*others, *notices)
