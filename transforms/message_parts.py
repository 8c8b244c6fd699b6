"""What a FHIR message is made of: its header, its parameters and the resources of its document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.core.resource_table import Coding, MessageTable, Observation, Resource
from transforms.json_text import Doubled
from transforms.resource_steps import Node


class Misshapen(Exception):
    """What was sent is not the message that is wanted: a rule and a note."""

    def __init__(self, rule: str, note: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.note = note


@dataclass(frozen=True, slots=True)
class Parts:
    parameters: Node
    resources: tuple[Node, ...]
    """Those of the document, its composition among them."""


def parts_of(message: Node, table: MessageTable) -> Parts:
    """The parts of a message. Raises Misshapen when it is none, or one of another event."""
    if has_doubled(message):
        raise Misshapen("JSON-DUPLICATE", "an object names a member twice")
    if message.get("resourceType") != "Bundle" or message.get("type") != "message":
        raise Misshapen("FHIR-MESSAGE", "expected a Bundle of type message")
    resources = _resources(message)
    header = resources[0] if resources else {}
    if header.get("resourceType") != "MessageHeader" or header.get("eventUri") != table.event:
        raise Misshapen("FHIR-EVENT", f"expected a MessageHeader with the event {table.event}")
    parameters = [one for one in resources if one.get("resourceType") == "Parameters"]
    documents = [one for one in resources if one.get("resourceType") == "Bundle" and one.get("type") == "document"]
    if len(parameters) != 1 or len(documents) != 1:
        raise Misshapen("FHIR-MESSAGE", "expected one Parameters resource and one document")
    return Parts(parameters[0], _resources(documents[0]))


def has_doubled(value: object) -> bool:
    """Whether any object below names a member twice."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Doubled):
            return True
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def _resources(bundle: Node) -> tuple[Node, ...]:
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return ()
    found = (entry.get("resource") for entry in entries if isinstance(entry, dict))
    return tuple(one for one in found if isinstance(one, dict))


def playing(resources: tuple[Node, ...], wanted: Resource) -> list[Node]:
    """The resources that play a part: of its type, with its profile in whatever version or place."""
    name = wanted.profile.rpartition("/")[2]
    return [one for one in resources if one.get("resourceType") == wanted.type and name in _profiles(one)]


def observing(resources: tuple[Node, ...], wanted: Observation) -> list[Node]:
    """The observations of a code."""
    of_type = (one for one in resources if one.get("resourceType") == "Observation")
    return [one for one in of_type if wanted.coding in codings(one.get("code"))]


def _profiles(resource: Node) -> Iterator[str]:
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        if isinstance(profile, str):
            yield profile.partition("|")[0].rpartition("/")[2].removeprefix("StructureDefinition-")


def codings(concept: object) -> list[Coding]:
    """The codings of a CodeableConcept."""
    found = concept.get("coding") if isinstance(concept, dict) else None
    listed = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [Coding(_text(one.get("system")), _text(one.get("code"))) for one in listed]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def parameter(parameters: Node, name: str) -> list[Node]:
    """The parameters of a name."""
    listed = parameters.get("parameter")
    return (
        [one for one in listed if isinstance(one, dict) and one.get("name") == name] if isinstance(listed, list) else []
    )
