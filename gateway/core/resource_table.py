"""How the resources of a FHIR message carry a kind, as values; ``schemas/fhir`` holds the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.model import FormatName, Kind


class Form(StrEnum):
    """How the value of a member is written."""

    TEXT = "text"
    """A string, the same as in the canonical form."""
    CODE = "code"
    """A string of ``values``."""
    NUMBER = "number"
    """A whole number; zero-filled to ``digits`` in the canonical form, X for each digit when it is not known."""
    DIGITS = "digits"
    """A string of ``digits`` digits; X for each digit when the number is not known."""
    DAY = "day"
    """A date, as far as its parts are known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a resource to a member: a name, or one element of the list of that name."""

    name: str
    key: str = ""
    """The element whose member ``key`` is ``value`` ..."""
    value: str = ""
    index: int | None = None
    """... or the element at this 0-based place ..."""
    rest: bool = False
    """... and all that follow it, as one text with spaces between."""


@dataclass(frozen=True, slots=True)
class Member:
    """One value of a resource."""

    at: tuple[Step, ...]
    path: str | None = None
    """Canonical path; None for a constant."""
    form: Form = Form.TEXT
    digits: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    """Canonical code -> code of the message."""
    constant: str = ""
    """Written beside the value at the canonical path ``beside``, always when that is None; passed over on reading."""
    beside: str | None = None

    @property
    def place(self) -> str:
        """Where it stands, in the words of the message: ``name.given``."""
        return ".".join(step.name for step in self.at)


@dataclass(frozen=True, slots=True)
class Resource:
    """One part that a resource of the message plays."""

    role: str
    type: str
    profile: str
    """The whole address of its profile."""
    required: bool
    members: tuple[Member, ...]
    references: Mapping[str, str] = field(default_factory=dict)
    """Member -> role of the resource that it refers to."""


@dataclass(frozen=True, slots=True)
class Coding:
    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A fact that is a resource of its own, known by its code."""

    role: str
    profile: str
    coding: Coding
    subject: str
    """Role of the resource that it is about."""
    focus: str | None
    path: str
    values: Mapping[str, Coding | bool]
    """Canonical code -> coding, or truth, of its value."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a document: the year of its event and the values at ``follows``, one after the other."""

    system: str
    follows: tuple[str, ...]
    """Canonical paths."""
    extensions: Mapping[str, str]
    """Canonical path -> address of the extension that tells its value apart."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a message: where it stands, by what its resource is known, its form or codes, its canonical path."""

    member: str
    known_by: str
    form: str
    path: str | None


def _shown(value: Coding | bool) -> str:  # noqa: FBT001 - one of the two that a value is
    return value.code if isinstance(value, Coding) else str(value).lower()


@dataclass(frozen=True, slots=True)
class MessageTable:
    """One kind of message: a header, parameters, and a document of resources."""

    name: FormatName
    kind: Kind
    event: str
    document_profile: str
    identifier: Identifier
    composition_profile: str
    composition_title: str
    composition: Coding
    subject: str
    """Role of the resource that the document is about."""
    parameters: tuple[Member, ...]
    """Their step is the name of the parameter and of the value's member."""
    implied: Mapping[str, str]
    """Canonical path -> the value that every such message implies; a content with another needs another message."""
    year: str
    """Canonical path of the day whose year is the parameter ``event_year``."""
    resources: tuple[Resource, ...]
    observations: tuple[Observation, ...]
    source: str
    confidence: str
    version: str

    def rows(self) -> Iterator[Row]:
        """Every value that a message can carry, for people."""
        for member in self.parameters:
            yield Row(member.at[0].name, "parameter", member.form, member.path)
        for resource in self.resources:
            known = f"{resource.type} {resource.profile.rpartition('/')[2]}"
            for member in resource.members:
                if member.path:
                    yield Row(f"{resource.role}: {member.place}", known, member.form, member.path)
        for one in self.observations:
            values = ", ".join(f"{code} = {_shown(value)}" for code, value in one.values.items())
            yield Row(one.role, f"Observation {one.coding.code}", values, one.path)

    def paths(self) -> Iterator[str]:
        """Every canonical path that a message can carry."""
        yield from (member.path for member in self.parameters if member.path)
        for resource in self.resources:
            yield from (member.path for member in resource.members if member.path)
        yield from (one.path for one in self.observations)
