"""The shape of a kind, read from its XSD: element names, order, occurrence, leaf or group.

Only the profile that ``schemas/xsd`` keeps to is understood: one target namespace, one global root element, named
complex types made of one sequence of elements, simple types by restriction, a chameleon include of shared types.
Anything else is Misconfigured at start.

A canonical path names elements from below the root: ``Participant[2]/PersonName/PersonSurName``. A step of an element
that may repeat always carries its 1-based index, a step of any other element never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from gateway.core.catalog import KindInfo
from gateway.core.errors import Misconfigured

XS = "http://www.w3.org/2001/XMLSchema"
_STEP = re.compile(r"([A-Za-z_][\w.-]*)(?:\[([1-9][0-9]{0,8})\])?", re.ASCII)
_REFERENCES = ("type", "base")
BLANK = " \t\r\n"
"""White space of XML (XML 1.0, production 3)."""
_UNBOUNDED = 10**9
_KEPT = frozenset({"string", "normalizedString"})
"""Built-in types whose values keep the white space around them."""
_KINDS = 200
"""Shapes that are kept: of all kinds that are shipped, and room."""
_IGNORED = frozenset({f"{{{XS}}}annotation", f"{{{XS}}}include"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the profile. A leaf has no children."""

    name: str
    type: str
    """Local name of its type: of the schema's own, or of XSD's."""
    required: bool
    repeated: bool
    position: int
    """0-based place among its siblings."""
    children: Mapping[str, Element]
    """By name, in schema order."""
    tagged: Mapping[str, Element]
    """The children by qualified tag, ``{namespace}name``."""
    collapsed: bool = False
    """Whether white space around a value is none of it, as with days and amounts (XSD 1.0 part 2, section 4.3.6)."""
    most: int = 1
    """How often it may come."""

    def crowded(self, number: int) -> bool:
        """Whether elements of this number are read over: one too many is read, for which the schema refuses the record,
        and no rule has to look at thousands more."""
        return number > self.most + 1

    @property
    def leaf(self) -> bool:
        return not self.children

    def value(self, text: str) -> str:
        """What a leaf with this text says. One of white space alone keeps it, so that the schema refuses it."""
        return (text.strip(BLANK) or text) if self.collapsed else text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path stands in its document. ``order`` sorts paths into document order."""

    path: str
    order: bytes
    parents: tuple[str, ...]
    """Steps from below the root to the group that holds the leaf."""
    name: str
    type: str
    """Of the leaf's value (:attr:`Element.type`)."""
    collapsed: bool
    """See :attr:`Element.collapsed`."""


@dataclass(frozen=True, slots=True)
class SchemaTree:
    """One kind's shape."""

    namespace: str
    root: Element

    def place(self, path: str) -> Place | None:
        """The place of a leaf path, None when the schema knows no such leaf."""
        node = self.root
        order = bytearray()
        steps = path.split("/")
        for step in steps:
            found = _STEP.fullmatch(step)
            child = node.children.get(found[1]) if found else None
            if found is None or child is None or child.repeated is (found[2] is None):
                return None
            order += child.position.to_bytes(2, "big") + int(found[2] or 0).to_bytes(4, "big")
            node = child
        return Place(path, bytes(order), tuple(steps[:-1]), node.name, node.type, node.collapsed) if node.leaf else None

    def knows(self, path: str) -> bool:
        return self.place(path) is not None

    def leaves(self) -> Iterator[str]:
        """Every leaf path once, in document order, repeated elements with index 1."""
        return _leaves(self.root, "")


def _leaves(group: Element, prefix: str) -> Iterator[str]:
    for child in group.children.values():
        path = f"{prefix}{child.name}[1]" if child.repeated else f"{prefix}{child.name}"
        if child.leaf:
            yield path
        else:
            yield from _leaves(child, path + "/")


def shape_of(info: KindInfo, texts: Mapping[str, bytes]) -> SchemaTree:
    """The shape of a kind. Worked out once for the same texts: every format of a kind asks for it, and so does what
    checks the catalog's paths. Misconfigured when the profile is left."""
    return _shape(info.xsd, info.root, tuple(texts.items()))


@lru_cache(maxsize=_KINDS)
def _shape(name: str, root: str, texts: tuple[tuple[str, bytes], ...]) -> SchemaTree:
    return tree(merged(name, dict(texts)), root)


def merged(name: str, texts: Mapping[str, bytes]) -> etree._Element:
    """The schema document ``name`` with its includes written into it: one document that needs no resolver.

    A chameleon include takes the target namespace of the schema that includes it (XSD 1.0, section 4.2.1), so its
    unprefixed type references get that namespace's prefix.
    """
    schema = _parsed(name, texts)
    prefix = next((p for p, uri in schema.nsmap.items() if uri == schema.get("targetNamespace")), None)
    for include in schema.findall(f"{{{XS}}}include"):
        included = _parsed(include.get("schemaLocation") or "", texts)
        for part in list(included):  # each leaves it for the other document
            if isinstance(part.tag, str) and part.tag not in _IGNORED:
                schema.append(_adopted(part, prefix))
        schema.remove(include)
    return schema


def _parsed(name: str, texts: Mapping[str, bytes]) -> etree._Element:
    if name not in texts:
        raise Misconfigured(f"schema {name} does not exist")
    try:
        return etree.fromstring(texts[name], etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise Misconfigured(f"schema {name} is not well formed: line {error.lineno}") from error


def _adopted(part: etree._Element, prefix: str | None) -> etree._Element:
    for element in part.iter(etree.Element):
        for attribute in _REFERENCES:
            reference = element.get(attribute)
            if reference and ":" not in reference and prefix:
                element.set(attribute, f"{prefix}:{reference}")
    return part


def tree(schema: etree._Element, root: str) -> SchemaTree:
    """The shape of the global element ``root`` of a merged schema. Misconfigured when the profile is left."""
    return SchemaTree(schema.get("targetNamespace") or "", _Walker(schema).root(root))


class _Walker:
    """Follows type references from the root; refuses types that contain themselves."""

    def __init__(self, schema: etree._Element) -> None:
        self._schema = schema
        self._namespace = schema.get("targetNamespace") or ""
        self._groups = {t.get("name"): t for t in schema.findall(f"{{{XS}}}complexType")}
        self._values = {t.get("name"): t for t in schema.findall(f"{{{XS}}}simpleType")}

    def root(self, name: str) -> Element:
        for element in self._schema.findall(f"{{{XS}}}element"):
            if element.get("name") == name:
                return self._element(element, 0, ())
        raise Misconfigured(f"the schema of {self._schema.get('targetNamespace')} has no global element {name}")

    def _element(self, element: etree._Element, position: int, within: tuple[str, ...]) -> Element:
        name, reference = element.get("name"), element.get("type")
        if element.tag != f"{{{XS}}}element" or not name or not reference:
            raise Misconfigured(f"schema line {element.sourceline}: expected an element with a name and a type")
        children = self._children(element, reference, within)
        most = element.get("maxOccurs", "1")
        return Element(
            name=name,
            type=reference.rpartition(":")[2],
            required=element.get("minOccurs", "1") != "0",
            repeated=most != "1",
            position=position,
            children=children,
            tagged={f"{{{self._namespace}}}{child.name}": child for child in children.values()},
            collapsed=not children and self._collapses(reference),
            most=_UNBOUNDED if most == "unbounded" else int(most),
        )

    def _collapses(self, reference: str) -> bool:
        """Whether values of a simple type lose the white space around them before they are looked at."""
        local = reference.rpartition(":")[2]
        declared = self._values.get(local)
        if declared is None:
            return local not in _KEPT
        restriction, union = declared.find(f"{{{XS}}}restriction"), declared.find(f"{{{XS}}}union")
        bases = [restriction.get("base") or ""] if restriction is not None else []
        bases += (union.get("memberTypes") or "").split() if union is not None else []
        return any(map(self._collapses, bases))

    def _children(self, element: etree._Element, reference: str, within: tuple[str, ...]) -> Mapping[str, Element]:
        prefix, _, local = reference.rpartition(":")
        if element.nsmap.get(prefix or None) == XS or local in self._values:
            return {}
        group = self._groups.get(local)
        if group is None or local in within:
            raise Misconfigured(f"schema line {element.sourceline}: type {reference} is unknown or contains itself")
        parts = [part for part in group if isinstance(part.tag, str) and part.tag not in _IGNORED]
        if len(parts) != 1 or parts[0].tag != f"{{{XS}}}sequence" or not len(parts[0]):
            raise Misconfigured(f"schema type {local}: expected one sequence of elements")
        members = [part for part in parts[0] if isinstance(part.tag, str) and part.tag not in _IGNORED]
        elements = [self._element(part, n, (*within, local)) for n, part in enumerate(members)]
        return {child.name: child for child in elements}
