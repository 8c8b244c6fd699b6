"""Format ``json``: the canonical form as JSON.

A record is an object: ``kind`` names the kind, every other member is named as the XML element it stands for. A group is
an object, an element that may repeat is an array, every leaf is a string, written and read exactly as in the XML::

    {"kind": "new-hire", "Employee": {"PersonName": {"PersonSurName": "Example"}}, "HireDate": "2026-01-31"}

A file is one such object, ``{"records": [...]}``, or objects one after the other (newline-delimited JSON). We write one
object for one record and the ``records`` form for several. UTF-8 only (RFC 8259, section 8.1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, Kind, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms.canonical import ILLEGAL, Canonical, KindForm, shown
from transforms.json_cutter import JsonCutter
from transforms.json_text import Doubled, parsed, unreadable
from transforms.schema_tree import Element

NAME = FormatName("json")


class JsonFormat:
    """See the module. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._canonical = Canonical(catalog)
        self._info = catalog.formats[NAME]

    def __reduce__(self) -> tuple[Callable[[Catalog], JsonFormat], tuple[Catalog]]:
        return JsonFormat, (self._catalog,)

    @property
    def name(self) -> FormatName:
        return NAME

    def reader(self) -> Reader:
        return JsonCutter()

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - a port's signature; JSON has no heading
        """Rules: ``JSON-SIZE``, ``JSON-ENCODING``, ``JSON-MALFORMED``, ``JSON-CONSTANT``, ``JSON-DEPTH``,
        ``JSON-SHAPE``, ``JSON-KIND``, ``JSON-DUPLICATE``, ``JSON-UNKNOWN``, ``JSON-TYPE``, ``JSON-CHARACTER`` (errors)
        and ``JSON-EMPTY`` (warning: counts as absent). The path of a finding is a JSON pointer within the record."""
        found = parsed(frame)
        if isinstance(found, Decoded):
            return found
        kind = found.get("kind")
        form = self._canonical.form(Kind(kind)) if isinstance(kind, str) else None
        if form is None:
            return unreadable(frame, "JSON-KIND", "the member kind names no known kind")
        reading = _Reading(frame)
        reading.group(found, form.tree.root, "", "", frozenset({"kind"}))
        return Decoded(Content(form.kind, reading.fields), tuple(reading.findings))

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:  # noqa: ARG002 - nothing of the cover is written
        records = [self._record(content) for content in contents]
        body: object = records[0] if len(records) == 1 else {"records": records}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return Encoded((text + "\n").encode(), self._info.media_type, self._info.extension)

    def _record(self, content: Content) -> dict[str, object]:
        form = self._canonical.form(content.kind)
        if form is None or content.kind not in self._info.kinds:
            raise Unprocessable(f"format {NAME} cannot write kind {content.kind}")
        return {"kind": content.kind, **_nested(form, content.fields)}


def _nested(form: KindForm, fields: Mapping[str, str]) -> dict[str, object]:
    """The fields as nested members, in schema order; a repeated element becomes an array in the order of its index."""
    top: dict[str, object] = {}
    open_groups: dict[tuple[str, ...], dict[str, object]] = {(): top}
    for place in sorted((form.place(path) for path in fields), key=lambda place: place.order):
        parent = _opened(place.parents, open_groups)
        leaf = place.path.rpartition("/")[2]
        _put(parent, leaf, fields[place.path])
    return top


def _opened(steps: tuple[str, ...], open_groups: dict[tuple[str, ...], dict[str, object]]) -> dict[str, object]:
    group = open_groups.get(steps)
    if group is None:
        group = {}
        _put(_opened(steps[:-1], open_groups), steps[-1], group)
        open_groups[steps] = group
    return group


def _put(parent: dict[str, object], step: str, value: object) -> None:
    name, bracket, _ = step.partition("[")
    if not bracket:
        parent[name] = value
        return
    members = parent.setdefault(name, [])
    if isinstance(members, list):
        members.append(value)


@dataclass(slots=True)
class _Reading:
    """One record on its way from members to fields. Paths are canonical, pointers are JSON pointers (RFC 6901)."""

    frame: Frame
    fields: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def group(
        self, members: dict[str, object], group: Element, prefix: str, pointer: str, extra: frozenset[str] = frozenset()
    ) -> None:
        if isinstance(members, Doubled):
            self._report("JSON-DUPLICATE", pointer, "an object names a member twice")
        for name in members.keys() - group.children.keys() - extra:
            self._report("JSON-UNKNOWN", f"{pointer}/{shown(name)}", "the schema has no such member here")
        for name, node in group.children.items():
            if name in members:
                self._member(members[name], node, prefix + name, f"{pointer}/{name}")

    def _member(self, value: object, node: Element, path: str, pointer: str) -> None:
        if not node.repeated:
            self._one(value, node, path, pointer)
        elif isinstance(value, list):
            number = 1
            for index, item in enumerate(value):
                if node.crowded(number):
                    break
                known = len(self.fields)
                self._one(item, node, f"{path}[{number}]", f"{pointer}/{index}")
                number += len(self.fields) > known  # what counts as absent takes no number
        else:
            self._report("JSON-TYPE", pointer, "expected an array")

    def _one(self, value: object, node: Element, path: str, pointer: str) -> None:
        if node.leaf:
            self._leaf(value, node, path, pointer)
        elif isinstance(value, dict):
            self.group(value, node, path + "/", pointer)
            if not value:
                self._report("JSON-EMPTY", pointer, "an empty object counts as absent", Severity.WARNING)
        else:
            self._report("JSON-TYPE", pointer, "expected an object")

    def _leaf(self, value: object, node: Element, path: str, pointer: str) -> None:
        if not isinstance(value, str):
            self._report("JSON-TYPE", pointer, "expected a string")
        elif ILLEGAL.search(value):
            self._report("JSON-CHARACTER", pointer, "the text holds a character that a record cannot carry")
        elif value:
            self.fields[path] = node.value(value)
        else:
            self._report("JSON-EMPTY", pointer, "an empty string counts as absent", Severity.WARNING)

    def _report(self, rule: str, pointer: str, note: str, severity: Severity = Severity.ERROR) -> None:
        name = next((step for step in reversed(pointer.split("/")) if step and not step.isdigit()), None)
        self.findings.append(
            Finding(
                RuleCode(rule),
                severity,
                record=self.frame.ordinal,
                field=name,
                path=pointer or "/",
                line=self.frame.line,
                note=note,
            )
        )
