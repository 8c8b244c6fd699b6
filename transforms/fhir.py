"""FHIR messages as tables describe them (``schemas/fhir``): one Bundle of type message for each record.

A file is one message, or messages one after the other (newline-delimited JSON), both in UTF-8. What the table has no
row for is left out on reading, with a notice that says how much it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms.fixed_width import Leftovers, document_order
from transforms.json_cutter import JsonCutter
from transforms.json_text import parsed, unreadable
from transforms.layout import Order
from transforms.message_parts import Misshapen, parts_of
from transforms.message_reading import Reading
from transforms.message_writing import Writing


class FhirFormat:
    """The port ``Format`` over one table. Pickles as its catalog and name."""

    def __init__(self, catalog: Catalog, name: FormatName) -> None:
        self._catalog = catalog
        self._name = name
        self._info = catalog.formats[name]
        self._table = catalog.messages[name]
        self._carried = frozenset(self._table.paths()) | self._table.implied.keys()

    @classmethod
    def named(cls, name: str) -> Callable[[Catalog], FhirFormat]:
        """The constructor of one format, for the table of formats."""
        return lambda catalog: cls(catalog, FormatName(name))

    def __reduce__(self) -> tuple[type[FhirFormat], tuple[Catalog, FormatName]]:
        return FhirFormat, (self._catalog, self._name)

    @property
    def name(self) -> FormatName:
        return self._name

    @cached_property
    def _order(self) -> Order:
        return document_order(self._catalog, self._table.kind)

    def reader(self) -> Reader:
        return JsonCutter()

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - a port's signature; JSON has no heading
        """Rules: those of ``transforms.json_text`` and ``JSON-DUPLICATE``; ``FHIR-MESSAGE``, ``FHIR-EVENT``,
        ``FHIR-RESOURCE``, ``FHIR-MODIFIER``, ``FHIR-STATUS``, ``FHIR-VALUE``, ``FHIR-YEAR``, ``JSON-CHARACTER``
        (errors); ``FHIR-NOT-KEPT`` (notice)."""
        found = parsed(frame)
        if isinstance(found, Decoded):
            return found
        try:
            parts = parts_of(found, self._table)
        except Misshapen as error:
            return unreadable(frame, error.rule, error.note)
        reading = Reading(self._table, parts, frame)
        reading.read()
        fields = {path: reading.fields[path] for path in sorted(reading.fields, key=self._order)}
        return Decoded(Content(self._table.kind, fields), tuple(reading.findings))

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:
        lines, findings, leftovers = [], list[Finding](), Leftovers()
        for ordinal, content in enumerate(contents, 1):
            if content.kind != self._table.kind:
                raise Unprocessable(f"format {self._name} cannot write kind {content.kind}")
            writing = Writing(self._table, content, cover, ordinal)
            lines.append(json.dumps(writing.message(), ensure_ascii=False, separators=(",", ":")) + "\n")
            findings += writing.findings
            leftovers.add(content, self._carried, ordinal)
        findings += leftovers.findings()
        return Encoded("".join(lines).encode(), self._info.media_type, self._info.extension, tuple(findings))
