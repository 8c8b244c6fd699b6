"""From TOML documents to the tables of FHIR messages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.core.model import FormatName, Kind
from gateway.core.resource_table import Coding, Form, Identifier, Member, MessageTable, Observation, Resource, Step
from schemas.document import Document
from schemas.tables import choice, own_name

_STEP = re.compile(r"(\w+)(?:\[(\w+)=([^\]]+)\]|\[(\d+)(:?)\])?", re.ASCII)
_BAR = "|"


def message(one: Document) -> MessageTable:
    """One table. Raises Misconfigured naming file and key."""
    implied = one.table("implied")
    found = MessageTable(
        name=FormatName(own_name(one, "fhir")),
        kind=Kind(one.text("kind")),
        event=one.text("event"),
        document_profile=one.text("document_profile"),
        identifier=_identifier(one.table("identifier")),
        composition_profile=one.text("composition_profile"),
        composition_title=one.text("composition_title"),
        composition=_coding(one, one.text("composition")),
        subject=one.text("subject"),
        parameters=tuple(_members(one, "parameter")),
        implied={path: implied.text(path) for path, _ in implied.items()},
        year=one.text("year"),
        resources=tuple(_resource(row) for row in one.tables("resource")),
        observations=tuple(_observation(row) for row in one.tables("observation")),
        source=one.text("source"),
        confidence=one.text("confidence"),
        version=one.text("version"),
    )
    one.finish()
    _check(one, found)
    return found


def _check(one: Document, found: MessageTable) -> None:
    roles = {resource.role for resource in found.resources}
    named = [found.subject, *(role for resource in found.resources for role in resource.references.values())]
    named += [role for each in found.observations for role in (each.subject, each.focus) if role]
    unknown = sorted(set(named) - roles)
    if unknown:
        raise one.fault(f"no resource has the role {unknown[0]}")
    paths = list(found.paths())
    doubled = sorted({path for path in paths if paths.count(path) > 1})
    if doubled:
        raise one.fault(f"{doubled[0]} is there more than once")


def _identifier(row: Document) -> Identifier:
    extensions = row.table("extensions")
    found = Identifier(
        system=row.text("system"),
        follows=row.texts("follows"),
        extensions={path: extensions.text(path) for path, _ in extensions.items()},
    )
    row.finish()
    return found


def _resource(row: Document) -> Resource:
    references = row.table("references")
    found = Resource(
        role=row.text("role"),
        type=row.text("type"),
        profile=row.text("profile"),
        required=row.flag("required"),
        members=tuple(_members(row, "member")),
        references={name: references.text(name) for name, _ in references.items()},
    )
    row.finish()
    return found


def _members(row: Document, key: str) -> Iterator[Member]:
    for one in row.tables(key):
        values = one.table("values")
        found = Member(
            at=tuple(_step(one, text) for text in one.texts("at")),
            path=one.text("path", "") or None,
            form=choice(one, "form", Form) if one.text("form", "") else Form.TEXT,
            digits=one.number("digits") if one.text("form", "") in (Form.NUMBER, Form.DIGITS) else 0,
            values={code: values.text(code) for code, _ in values.items()},
            constant=one.text("constant", ""),
            beside=one.text("beside", "") or None,
        )
        one.finish()
        if bool(found.path) is bool(found.constant) or not found.at:
            raise one.fault("expected at, and either a path or a constant")
        yield found


def _step(row: Document, text: str) -> Step:
    found = _STEP.fullmatch(text)
    if found is None:
        raise row.fault(f"the step {text} is not of the form name, name[0], name[1:] or name[key=value]")
    name, key, value, index, rest = found.groups()
    return Step(name, key or "", value or "", int(index) if index else None, rest=bool(rest))


def _observation(row: Document) -> Observation:
    values = row.table("values")
    found = Observation(
        role=row.text("role"),
        profile=row.text("profile"),
        coding=_coding(row, row.text("coding")),
        subject=row.text("subject"),
        focus=row.text("focus", "") or None,
        path=row.text("path"),
        values={code: _value(row, value) for code, value in values.items()},
    )
    row.finish()
    return found


def _value(row: Document, value: object) -> Coding | bool:
    return value if isinstance(value, bool) else _coding(row, str(value))


def _coding(row: Document, text: str) -> Coding:
    system, bar, code = text.partition(_BAR)
    if not (system and bar and code):
        raise row.fault(f"{text} is not of the form system|code")
    return Coding(system, code)
