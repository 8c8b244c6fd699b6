"""What a schema has against a document, in our own words and with its place; slow and exact, by xmlschema."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import xmlschema
from lxml import etree
from xmlschema.validators import XsdEnumerationFacets, XsdMaxLengthFacet, XsdMinLengthFacet, XsdPatternFacets

from gateway.core.model import Finding, RuleCode, Severity
from transforms.schema_tree import SchemaTree

_FACETS: tuple[tuple[type, str], ...] = (
    (XsdPatternFacets, "XSD-PATTERN"),
    (XsdEnumerationFacets, "XSD-VALUE"),
    (XsdMinLengthFacet, "XSD-LENGTH"),
    (XsdMaxLengthFacet, "XSD-LENGTH"),
)
_NOTES = {
    "XSD-PATTERN": "the value does not have the form that its type asks for",
    "XSD-VALUE": "the value is not one of those that its type allows",
    "XSD-LENGTH": "the value is shorter or longer than its type allows",
    "XSD-TYPE": "the value is not of its type (a date, a time, a number)",
    "XSD-INVALID": "the element does not keep to the schema",
}


EXPLAINED = 1_000
"""Faults of one record that are told: who made thousands mends them by the first."""
LOOKED_AT = 5_000
"""Elements of one record that are looked at, a second of work: everybody else waits for it."""


class _Numbers:
    """Which of the siblings of its name an element is; each group is counted once."""

    def __init__(self) -> None:
        self._known: dict[etree._Element, int] = {}

    def of(self, element: etree._Element) -> int:
        parent = element.getparent()
        if element not in self._known and parent is not None:
            counts: Counter[str] = Counter()
            for sibling in parent.iterchildren(etree.Element):
                counts[sibling.tag] += 1
                self._known[sibling] = counts[sibling.tag]
        return self._known.get(element, 1)


class _Patience:
    """Has the rest of a document passed over once enough of it was looked at."""

    def __init__(self) -> None:
        self._looked_at = 0

    def __call__(self, _element: object, _type: object) -> bool:
        self._looked_at += 1
        return self._looked_at > LOOKED_AT


class Explainer:
    """Explains documents of one kind that libxml2 has found invalid."""

    def __init__(self, shape: SchemaTree, source: bytes) -> None:
        """``source``: a schema that libxml2 has taken. Whether it keeps to the schema of schemas is not checked again:
        that takes ten times as long as all the rest, and a test does it."""
        self._shape = shape
        self._schema = xmlschema.XMLSchema10(source.decode(), validation="skip")

    def findings(self, root: etree._Element, ordinal: int) -> tuple[Finding, ...]:
        """What is wrong, each place once. The words of xmlschema may hold values: they are never passed on."""
        numbers = _Numbers()
        found = (
            self._translated(error, ordinal, numbers)
            for error in islice(self._schema.iter_errors(root, validation_hook=_Patience()), EXPLAINED)
            if isinstance(error, xmlschema.XMLSchemaValidationError)
        )
        by_path = {finding.path: finding for finding in found}  # a date of a bad form fails its pattern and its type
        return tuple(by_path.values()) or (_finding("XSD-INVALID", ordinal, None, _NOTES["XSD-INVALID"]),)

    def _translated(self, error: xmlschema.XMLSchemaValidationError, ordinal: int, numbers: _Numbers) -> Finding:
        path = self._path(error.elem, numbers) if etree.iselement(error.elem) else None
        if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
            return self._structural(error, path, ordinal, numbers)
        rule = next((code for facet, code in _FACETS if isinstance(error.validator, facet)), None)
        if rule is None:
            rule = "XSD-TYPE" if isinstance(error, xmlschema.XMLSchemaDecodeError) else "XSD-INVALID"
        return _finding(rule, ordinal, path, _NOTES[rule])

    def _structural(
        self, error: xmlschema.XMLSchemaChildrenValidationError, path: str | None, ordinal: int, numbers: _Numbers
    ) -> Finding:
        """A missing element is reported where it should be, an unexpected one where it is."""
        name = getattr(error.particle, "local_name", None)
        if error.occurs < error.particle.min_occurs and name:
            missing = f"{path}/{name}" if path else name
            return _finding("XSD-MISSING", ordinal, missing, "a required element is missing")
        if error.invalid_tag and etree.iselement(error.elem):
            path = self._path(error.elem[error.index], numbers)
        return _finding("XSD-UNEXPECTED", ordinal, path, "an element stands where it may not, or too often")

    def _path(self, element: etree._Element, numbers: _Numbers) -> str | None:
        """The canonical path of an element; None for the root."""
        chain = [element, *element.iterancestors()][:-1]
        node = self._shape.root
        steps: list[str] = []
        for step in reversed(chain):
            name = etree.QName(step).localname
            child = node.children.get(name)
            if child is None:
                return "/".join(steps) or None
            steps.append(f"{name}[{numbers.of(step)}]" if child.repeated else name)
            node = child
        return "/".join(steps) or None


def _finding(rule: str, ordinal: int, path: str | None, note: str) -> Finding:
    field = path.rpartition("/")[2].partition("[")[0] if path else None
    return Finding(RuleCode(rule), Severity.ERROR, record=ordinal, field=field, path=path, note=note)
