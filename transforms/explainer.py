"""What a schema has against a document, in our own words and with its place; slow and exact, by xmlschema."""

from __future__ import annotations

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


class Explainer:
    """Explains documents of one kind that libxml2 has found invalid."""

    def __init__(self, shape: SchemaTree, source: bytes) -> None:
        """``source``: a schema that libxml2 has taken. Whether it keeps to the schema of schemas is not checked again:
        that takes ten times as long as all the rest, and a test does it."""
        self._shape = shape
        self._schema = xmlschema.XMLSchema10(source.decode(), validation="skip")

    def findings(self, root: etree._Element, ordinal: int) -> tuple[Finding, ...]:
        """What is wrong, each place once. The words of xmlschema may hold values: they are never passed on."""
        found = (
            self._translated(error, ordinal)
            for error in self._schema.iter_errors(root)
            if isinstance(error, xmlschema.XMLSchemaValidationError)
        )
        by_path = {finding.path: finding for finding in found}  # a date of a bad form fails its pattern and its type
        return tuple(by_path.values()) or (_finding("XSD-INVALID", ordinal, None, _NOTES["XSD-INVALID"]),)

    def _translated(self, error: xmlschema.XMLSchemaValidationError, ordinal: int) -> Finding:
        path = self._path(error.elem) if etree.iselement(error.elem) else None
        if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
            return self._structural(error, path, ordinal)
        rule = next((code for facet, code in _FACETS if isinstance(error.validator, facet)), None)
        if rule is None:
            rule = "XSD-TYPE" if isinstance(error, xmlschema.XMLSchemaDecodeError) else "XSD-INVALID"
        return _finding(rule, ordinal, path, _NOTES[rule])

    def _structural(self, error: xmlschema.XMLSchemaChildrenValidationError, path: str | None, ordinal: int) -> Finding:
        """A missing element is reported where it should be, an unexpected one where it is."""
        name = getattr(error.particle, "local_name", None)
        if error.occurs < error.particle.min_occurs and name:
            missing = f"{path}/{name}" if path else name
            return _finding("XSD-MISSING", ordinal, missing, "a required element is missing")
        if error.invalid_tag and etree.iselement(error.elem):
            path = self._path(error.elem[error.index])
        return _finding("XSD-UNEXPECTED", ordinal, path, "an element stands where it may not, or too often")

    def _path(self, element: etree._Element) -> str | None:
        """The canonical path of an element; None for the root."""
        chain = [element, *element.iterancestors()][:-1]
        node = self._shape.root
        steps: list[str] = []
        for step in reversed(chain):
            name = etree.QName(step).localname
            child = node.children.get(name)
            if child is None:
                return "/".join(steps) or None
            index = sum(1 for _ in step.itersiblings(step.tag, preceding=True)) + 1
            steps.append(f"{name}[{index}]" if child.repeated else name)
            node = child
        return "/".join(steps) or None


def _finding(rule: str, ordinal: int, path: str | None, note: str) -> Finding:
    field = path.rpartition("/")[2].partition("[")[0] if path else None
    return Finding(RuleCode(rule), Severity.ERROR, record=ordinal, field=field, path=path, note=note)
