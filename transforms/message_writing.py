"""Writing one FHIR message: from the leaf values of a content to header, parameters and document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from gateway.core.model import Content, Finding, RuleCode, Severity
from gateway.core.ports.formats import Cover
from gateway.core.resource_table import Coding, Member, MessageTable, Observation, Resource, Step
from transforms.partial_days import parsed
from transforms.resource_steps import Astray, Node, opened, put
from transforms.resource_values import WRITERS, Given

OURS = uuid5(NAMESPACE_URL, "urn:child-support-gateway")
PARTNER = "urn:child-support-gateway:partner:"
"""Before the key of a partner: where a message is from and where it goes."""


@dataclass(slots=True)
class Writing:
    """One content on its way to a message. What cannot be written is a finding, and is not in the message."""

    table: MessageTable
    content: Content
    cover: Cover
    ordinal: int
    findings: list[Finding] = field(default_factory=list)

    def message(self) -> Node:
        for path, value in self.table.implied.items():
            if self.content.fields.get(path, value) != value:
                self._report(path, path.rpartition("/")[2], "it needs a message of another event")
        parameters, document = self._parameters(), self._document()
        header: Node = {
            "resourceType": "MessageHeader",
            "id": self._id("header"),
            "eventUri": self.table.event,
            "destination": [{"endpoint": f"{PARTNER}{self.cover.recipient.key}"}],
            "source": {"endpoint": f"{PARTNER}{self.cover.sender.key}"},
            "focus": [_reference(parameters), _reference(document)],
        }
        return {
            "resourceType": "Bundle",
            "id": self._id("message"),
            "type": "message",
            "timestamp": self._timestamp(),
            "entry": [_entry(one) for one in (header, parameters, document)],
        }

    # --- the parts ---------------------------------------------------------------------------------------------------

    def _parameters(self) -> Node:
        listed: list[Node] = []
        for member in self.table.parameters:
            one: Node = {"name": member.at[0].name}
            self._member(one, member, member.at[1:])
            if len(one) > 1:
                listed.append(one)
        if year := self._year():
            listed.append({"name": "event_year", "valueUnsignedInt": int(year)})
        return {"resourceType": "Parameters", "id": self._id("parameters"), "parameter": listed}

    def _document(self) -> Node:
        roles = {one.role: self._resource(one) for one in self.table.resources if self._is_needed(one)}
        for wanted in self.table.resources:
            for name, role in wanted.references.items():
                if wanted.role in roles and role in roles:
                    roles[wanted.role][name] = _reference(roles[role])
        facts = [self._observation(one, roles) for one in self.table.observations if one.path in self.content.fields]
        resources = [*roles.values(), *(fact for fact in facts if fact is not None)]
        return {
            "resourceType": "Bundle",
            "id": self._id("document"),
            "meta": {"profile": [self.table.document_profile]},
            "identifier": self._identifier(),
            "type": "document",
            "timestamp": self._timestamp(),
            "entry": [_entry(one) for one in (self._composition(resources, roles), *resources)],
        }

    def _composition(self, resources: list[Node], roles: Mapping[str, Node]) -> Node:
        made: Node = {
            "resourceType": "Composition",
            "id": self._id("composition"),
            "meta": {"profile": [self.table.composition_profile]},
            "status": "final",
            "type": _concept(self.table.composition),
            "date": self._timestamp(),
            "author": [{"display": self.cover.sender.name or self.cover.sender.key}],
            "title": self.table.composition_title,
            "section": [{"entry": [_reference(one) for one in resources]}],
        }
        if self.table.subject in roles:
            made["subject"] = _reference(roles[self.table.subject])
        return made

    def _identifier(self) -> Node:
        wanted, fields = self.table.identifier, self.content.fields
        apart = [{"url": url, "valueString": fields[path]} for path, url in wanted.extensions.items() if path in fields]
        return {**({"extension": apart} if apart else {}), "system": wanted.system, "value": self._named()}

    def _named(self) -> str:
        return "".join((self._year(), *(self.content.get(path) or "" for path in self.table.identifier.follows)))

    def _is_needed(self, wanted: Resource) -> bool:
        return wanted.required or any(member.path in self.content.fields for member in wanted.members if member.path)

    def _resource(self, wanted: Resource) -> Node:
        made: Node = {
            "resourceType": wanted.type,
            "id": self._id(wanted.role),
            "meta": {"profile": [wanted.profile]},
        }
        for member in wanted.members:
            if member.path:
                self._member(made, member, member.at)
            elif member.beside is None or member.beside in self.content.fields:
                put(opened(made, member.at), member.at[-1], member.constant)
        return made

    def _observation(self, wanted: Observation, roles: Mapping[str, Node]) -> Node | None:
        value = wanted.values.get(self.content.fields[wanted.path])
        if value is None:
            self._report(wanted.path, wanted.role)
            return None
        made: Node = {
            "resourceType": "Observation",
            "id": self._id(wanted.role),
            "meta": {"profile": [wanted.profile]},
            "status": "final",
            "code": _concept(wanted.coding),
        }
        if isinstance(value, bool):
            made["valueBoolean"] = value
        else:
            made["valueCodeableConcept"] = _concept(value)
        if wanted.subject in roles:
            made["subject"] = _reference(roles[wanted.subject])
        if wanted.focus and wanted.focus in roles:
            made["focus"] = [_reference(roles[wanted.focus])]
        return made

    # --- one value ---------------------------------------------------------------------------------------------------

    def _member(self, node: Node, member: Member, way: tuple[Step, ...]) -> None:
        text = self.content.get(member.path or "")
        if text is None:
            return
        given = WRITERS[member.form](member, text)
        if given is None:
            self._report(member.path, member.place, "the value has another form")
            return
        try:
            _place(node, way, given)
        except Astray as error:
            self._report(member.path, member.place, str(error))

    def _report(self, path: str | None, place: str, note: str | None = None) -> None:
        rule = RuleCode("FHIR-UNWRITABLE")
        self.findings.append(Finding(rule, Severity.ERROR, record=self.ordinal, field=place, path=path, note=note))

    def _year(self) -> str:
        day = parsed(self.content.get(self.table.year) or "")
        return (day.year or "") if day else ""

    def _timestamp(self) -> str:
        return self.cover.created_at.isoformat(timespec="milliseconds")

    def _id(self, role: str) -> str:
        """The same for every attempt, and another for every record of every delivery."""
        cover = self.cover
        names = (cover.sender.key, cover.recipient.key, str(cover.number), str(self.ordinal), role, self._named())
        return str(uuid5(OURS, "/".join(names)))


def _place(node: Node, way: tuple[Step, ...], given: Given) -> None:
    """Write a value and what stands beside it. Raises Astray."""
    into, last = opened(node, way), way[-1]
    if given.value is not None:
        put(into, last, given.value)
    if given.beside is not None:
        into[f"_{last.name}"] = given.beside


def _entry(resource: Node) -> Node:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def _reference(resource: Node) -> Node:
    return {"reference": f"urn:uuid:{resource['id']}"}


def _concept(coding: Coding) -> Node:
    return {"coding": [{"system": coding.system, "code": coding.code}]}
