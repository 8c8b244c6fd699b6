"""Amending: what a dead delivery carries of a record is mended by two people, beside the record itself. Pure.

The record stays as its sender sent it, and so do its proofs. What decides who sends to whom, about whom a record is and
whether it may go is fixed: whoever could amend that could send somebody's record anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.errors import Unprocessable, Unreadable
from gateway.core.four_eyes import Terms
from gateway.core.model import Content, DeliveryId, Digest, Facts, Finding, Kind, Record, RecordId
from gateway.core.people import People

MOST_CHANGES = 20
"""Elements of one amendment: a record that is wrong in more places is sent anew."""
LONGEST_VALUE = 500
"""Characters of one value."""
DOMAIN = "amendment"
"""The domain of the keyed index that stands for the amended content in what two people agree on: a plain digest would
outlive the record that it was made of."""

AMENDED = "record.amended"
"""The action of its entry, on the record: what one delivery carries is no business of the other recipients."""

_INDEX = re.compile(r"\[[0-9]+\]")
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(\[[1-9][0-9]{0,2}\])?(/[A-Za-z][A-Za-z0-9]*(\[[1-9][0-9]{0,2}\])?)*")
_FIXED_NAMES = re.compile(
    r"(ID|Identification|Identifier|FEINText)$|Locator|SSN|FamilyViolence|Nondisclosure|DisclosureProhibited"
)
"""Names of elements that are fixed in every kind: identifiers, locators, and marks of danger."""


@dataclass(frozen=True, slots=True)
class Change:
    """One element and what it shall say; an empty value takes it out."""

    path: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a delivery shall carry in place of a record. It waits sealed for the second word and is in force once that
    was used, until another one takes its place."""

    id: str
    """That of the request for the second word."""
    delivery: DeliveryId
    record: RecordId
    base: str | None
    """The amendment whose content was amended; None: the record as it was sent."""
    fields: tuple[str, ...]
    """Canonical paths of what is changed."""
    before: Digest | None
    """SHA-256 of the content that was amended; None once the record is erased."""
    after: Digest | None
    sealed: bytes | None = field(repr=False)
    """The amended canonical document, under :func:`gateway.core.labels.amendment_context`."""
    made_at: datetime
    asked_by: str
    approved_by: str | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What a delivery carries of a record at this moment."""

    record: Record
    amendment: Amendment | None = None

    @property
    def digest(self) -> Digest | None:
        return self.record.digest if self.amendment is None else self.amendment.after


class Unfit(Unreadable):
    """The amended content breaks a rule of the kind; ``findings`` say which and where."""

    code = "amend-invalid"
    title = "The amended content is not valid"


@dataclass(frozen=True, slots=True)
class Fixed:
    """Which elements nobody may amend: those that the facts of a kind are made of, and identifiers everywhere."""

    paths: Mapping[Kind, frozenset[str]]
    """Kind -> canonical paths and patterns (``[*]`` for each index)."""

    def holds(self, kind: Kind, path: str) -> bool:
        own = self.paths.get(kind, frozenset())
        name = _INDEX.sub("", path.rpartition("/")[2])
        return path in own or _INDEX.sub("[*]", path) in own or _FIXED_NAMES.search(name) is not None


def amended(content: Content, changes: Sequence[Change], fixed: Fixed) -> Content:
    """The content with the changes. Raises Unprocessable: ``amend-nothing`` when nothing would change, ``amend-path``
    for what is no path or comes twice, ``amend-value`` for a value that is too long, ``amend-fixed``."""
    _check(changes)
    for change in changes:
        if fixed.holds(content.kind, change.path):
            named = change.path if change.path in content.fields else "An element of the change"
            raise Unprocessable(f"{named} is fixed: its sender has to send the record anew.", code="amend-fixed")
    fields = {**content.fields, **{one.path: one.value.strip() for one in changes}}
    made = Content(content.kind, {path: value for path, value in fields.items() if value})
    if any(made.get(one.path) == content.get(one.path) for one in changes):
        raise Unprocessable("A change names what the record says already.", code="amend-nothing")
    if _gaps(made) - _gaps(content):  # a gap with which the record came stays
        raise Unprocessable("Repeated elements are numbered without gaps.", code="amend-path")
    return made


def _gaps(content: Content) -> frozenset[str]:
    """Blocks of which the one before has nothing."""
    blocks = {path[: found.end()] for path in content.fields for found in _INDEX.finditer(path)}
    return frozenset(block for block in blocks if not (_before(block) is None or _before(block) in blocks))


def _before(block: str) -> str | None:
    """The block before one of the same name; None of the first."""
    name, _, number = block.rstrip("]").rpartition("[")
    return f"{name}[{int(number) - 1}]" if int(number) > 1 else None


def _check(changes: Sequence[Change]) -> None:
    if not changes:
        raise Unprocessable("Nothing is changed.", code="amend-nothing")
    if len(changes) > MOST_CHANGES:
        raise Unprocessable(f"At most {MOST_CHANGES} elements are amended at once.", code="amend-path")
    if len({one.path for one in changes}) < len(changes) or not all(_PATH.fullmatch(one.path) for one in changes):
        raise Unprocessable("Each change names an element by its canonical path, once.", code="amend-path")
    if any(len(one.value) > LONGEST_VALUE for one in changes):
        raise Unprocessable(f"A value has at most {LONGEST_VALUE} characters.", code="amend-value")


def check_same(before: tuple[Facts, People], after: tuple[Facts, People]) -> None:
    """Raises Unprocessable (``amend-fixed``) unless routing, agreements, guard and search see the same record: its
    facts and the persons in it, whatever the paths are called."""
    if before != after:
        raise Unprocessable(
            "The change would make another record of it for routing or the disclosure guard.", code="amend-fixed"
        )


def check_valid(findings: Iterable[Finding]) -> None:
    """Raises Unfit when one of them blocks."""
    found = tuple(findings)
    if any(one.severity.blocks for one in found):
        raise Unfit("The amended content breaks rules of its kind.", found)


def terms(record: RecordId, content: bytes, fields: Sequence[str]) -> Terms:
    """What two people agree on besides the delivery. ``content``: the keyed index of the amended content's digest."""
    return {"record": record, "content": content.hex(), "fields": " ".join(fields)}
