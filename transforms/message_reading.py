"""Reading one FHIR message: from its resources to the leaf values of a content."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from gateway.core.model import Finding, RuleCode, Severity
from gateway.core.ports.formats import Frame
from gateway.core.resource_table import Member, MessageTable, Observation, Resource, Step
from transforms.canonical import ILLEGAL
from transforms.json_text import Number
from transforms.message_parts import Parts, codings, observing, parameter, playing
from transforms.resource_steps import Astray, Node, holder, taken
from transforms.resource_values import READERS, Given

FINAL = ("final", "amended", "corrected")
"""States of an observation that is a fact (FHIR R4, ObservationStatus)."""
AROUND = frozenset(
    {"resourceType", "id", "meta", "text", "language", "status", "code", "subject", "focus", "category", "performer"}
)
"""Members that say how a resource hangs together, and its text for people."""
WITHIN = frozenset({"id", "use", "display"})
"""The like within an element of a list."""
MODIFIERS = ("modifierExtension", "implicitRules")
"""What changes the meaning of a resource for those who know it; others must not use the resource (FHIR R4)."""

Way = tuple[Step, ...]


@dataclass(slots=True)
class Reading:
    """One message on its way to fields. Findings carry the canonical path and the place in the words of the message."""

    table: MessageTable
    parts: Parts
    frame: Frame
    fields: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _used: list[Node] = field(default_factory=list)

    def read(self) -> None:
        for member in self.table.parameters:
            self._parameter(member)
        for resource in self.table.resources:
            self._resource(resource)
        for observation in self.table.observations:
            self._observation(observation)
        self._compare_year()
        self._tell_what_was_left()

    # --- the parts ---------------------------------------------------------------------------------------------------

    def _parameter(self, member: Member) -> None:
        step = member.at[0]
        found = parameter(self.parts.parameters, step.name)
        if len(found) > 1:
            self._report("FHIR-RESOURCE", step.name, member.path, "there is more than one")
        elif found:
            self._member(found[0], member, member.at[1:], step.name)

    def _resource(self, wanted: Resource) -> None:
        found = self._only(playing(self.parts.resources, wanted), wanted.role, required=wanted.required)
        if found is None:
            return
        for member in wanted.members:
            if member.path:
                self._member(found, member, member.at, f"{wanted.role}.{member.place}")

    def _observation(self, wanted: Observation) -> None:
        found = self._only(observing(self.parts.resources, wanted), wanted.role)
        if found is None:
            return
        if found.get("status") not in FINAL:
            self._report("FHIR-STATUS", wanted.role, wanted.path, "it is no final observation")
            return
        given = [*codings(found.get("valueCodeableConcept")), *_truths(found)]
        values = {code for code, coding in wanted.values.items() if coding in given}
        if len(values) == 1:
            self.fields[wanted.path] = values.pop()
        else:
            self._report("FHIR-VALUE", wanted.role, wanted.path, "none of the codes that are known, or several")

    def _only(self, found: list[Node], role: str, *, required: bool = False) -> Node | None:
        """The only resource that plays a part; None, with a finding, when it cannot be told or used."""
        if len(found) != 1:
            if found or required:
                note = f"expected one, found {len(found)}"
                self._report("FHIR-RESOURCE", role, None, note)
            return None
        self._used.append(found[0])
        if any(name in found[0] for name in MODIFIERS):
            self._report("FHIR-MODIFIER", role, None, "its meaning is changed by an extension")
            return None
        return found[0]

    # --- one value ---------------------------------------------------------------------------------------------------

    def _member(self, node: Node, member: Member, way: tuple[Step, ...], place: str) -> None:
        try:
            found = holder(node, way)
            given = _given(found, way[-1]) if found is not None else Given()
        except Astray as error:
            self._report("FHIR-VALUE", place, member.path, str(error))
            return
        if given.value is None and given.beside is None:
            return
        text = READERS[member.form](member, given)
        if text is None:
            self._report("FHIR-VALUE", place, member.path, f"expected {_expected(member)}")
        elif ILLEGAL.search(text):
            self._report("JSON-CHARACTER", place, member.path, "a character that a record cannot carry")
        elif member.path:
            self.fields[member.path] = text

    # --- the whole ---------------------------------------------------------------------------------------------------

    def _compare_year(self) -> None:
        """The parameter ``event_year`` says the year of the event once more."""
        day = self.fields.get(self.table.year, "")
        for one in parameter(self.parts.parameters, "event_year"):
            year = one.get("valueUnsignedInt")
            if day[:4].isdecimal() and not (isinstance(year, Number) and year.text == day[:4]):
                self._report("FHIR-YEAR", "event_year", self.table.year, "it is another year than that of the event")

    def _tell_what_was_left(self) -> None:
        resources = [one for one in self.parts.resources if one.get("resourceType") != "Composition"]
        left = len(resources) - len(self._used)
        members = sum(self._left_members(one) for one in self._used if one.get("resourceType") != "Observation")
        if left or members:
            note = f"{left} resources and {members} members of others"
            self.findings.append(
                Finding(RuleCode("FHIR-NOT-KEPT"), Severity.NOTICE, self.frame.ordinal, line=self.frame.line, note=note)
            )

    def _left_members(self, resource: Node) -> int:
        """How many members of a resource, or elements of its lists, no row of the table is about."""
        wanted = next(one for one in self.table.resources if resource in playing((resource,), one))
        known = AROUND | wanted.references.keys()
        return _left(resource, [member.at for member in wanted.members], known)

    def _report(self, rule: str, place: str, path: str | None, note: str) -> None:
        self.findings.append(
            Finding(
                RuleCode(rule),
                Severity.ERROR,
                record=self.frame.ordinal,
                field=place,
                path=path,
                line=self.frame.line,
                note=note,
            )
        )


def _truths(observation: Node) -> list[bool]:
    value = observation.get("valueBoolean")
    return [value] if isinstance(value, bool) else []


def _given(node: Node, step: Step) -> Given:
    beside = node.get(f"_{step.name}") if step.index is None else None
    return Given(taken(node, step), beside)


def _expected(member: Member) -> str:
    return f"{member.form} of {member.digits} digits" if member.digits else f"a {member.form}"


def _left(node: Node, ways: Sequence[Way], known: AbstractSet[str]) -> int:
    """How many members of an object, and of those below it, none of the ways leads to."""
    count = 0
    for name, value in node.items():
        own = [way for way in ways if way[0].name == name.removeprefix("_")]
        if own:
            count += sum(_left_of_element(one, own) for one in (value if isinstance(value, list) else [value]))
        elif name not in known:
            count += 1
    return count


def _left_of_element(value: object, ways: Sequence[Way]) -> int:
    """The same for one value, or one element of a list, to which the first steps of the ways may lead."""
    if not isinstance(value, dict):
        return 0
    meant = [way for way in ways if not way[0].key or value.get(way[0].key) == way[0].value]
    tails = [way[1:] for way in meant if len(way) > 1]
    if not meant:
        return 1
    return _left(value, tails, WITHIN | {way[0].key for way in meant}) if tails else 0
