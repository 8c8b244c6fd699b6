"""The canonical form: one small XML document a record, written, read and validated by the schema of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from itertools import takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, NoReturn

from lxml import etree

from gateway.core.catalog import Catalog, KindInfo
from gateway.core.errors import Misconfigured, Tampered
from gateway.core.model import Content, Facts, Finding, Kind, RuleCode, Severity
from gateway.core.outline import Outline
from gateway.core.people import People
from transforms.facts import Summary
from transforms.leaves import Leaves
from transforms.people import Census
from transforms.plain_values import PlainValues
from transforms.schema_tree import Element, Place, SchemaTree, merged, shape_of
from transforms.shapes import Shape, Shapes
from transforms.usual import ESCAPED

if TYPE_CHECKING:
    from transforms.explainer import Explainer

_REMEMBERED = 50_000
"""Paths and transitions kept ready for each kind; forgotten all at once when there are more."""

TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of text (Unicode Standard Annex 9): what is shown is not what is there."""
ILLEGAL = re.compile(f"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|{TURNING.pattern}")
"""Characters that no record has: those that XML 1.0 cannot carry (section 2.2, production 2), and those marks."""
_NOT_LETTERS = re.compile("[^A-Za-z]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}

_order = attrgetter("order")


def parser() -> etree.XMLParser:
    """A parser for documents that the gate has let through or that we wrote: no entities, no network, no recovery."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )


def escape(match: re.Match[str]) -> str:
    return _ESCAPES[match[0]]


def opening(info: KindInfo) -> str:
    """The first tag of a document of a kind."""
    return f'<{info.root} xmlns="{info.namespace}">'


class KindForm:
    """One kind's schema, ready to use."""

    def __init__(self, info: KindInfo, catalog: Catalog) -> None:
        self.kind = info.kind
        schema = merged(info.xsd, catalog.xsds)
        self.tree: SchemaTree = shape_of(info, catalog.xsds)
        if self.tree.namespace != info.namespace:
            raise Misconfigured(f"schema {info.xsd} is not of the namespace {info.namespace}")
        self.open = opening(info)
        self.close = f"</{info.root}>"
        self.leaves = Leaves(self.open, self.tree)
        self._plain = PlainValues(schema)
        self._source = etree.tostring(schema)
        self.validator = _validator(info, self._source)
        self._places: dict[str, Place] = {}
        self._moves: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = {}
        self._shapes = Shapes()

    @cached_property
    def explainer(self) -> Explainer:
        """Slow and exact; loaded and built when the first document fails, since most commands never need it."""
        from transforms.explainer import Explainer  # noqa: PLC0415 - as said

        return Explainer(self.tree, self._source)

    def place(self, path: str) -> Place:
        """Raises Misconfigured for a path that the schema does not know."""
        found = self._places.get(path)
        if found is None:
            found = self.tree.place(path)
            if found is None:
                raise Misconfigured(f"kind {self.kind} has no element {path}")
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            self._places[path] = found
        return found

    def move(self, left: tuple[str, ...], entered: tuple[str, ...]) -> str:
        """The tags that close one group and open the next, and an empty element for each block that is skipped: the
        next one would be read as an earlier one without it."""
        text = self._moves.get((left, entered))
        if text is None:
            common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, entered, strict=False)))
            closing = "".join(f"</{_name(step)}>" for step in reversed(left[common:]))
            opening = "".join(f"{skipped}<{_name(step)}>" for step, skipped in _entered(left, entered, common))
            text = closing + opening
            if len(self._moves) >= _REMEMBERED:
                self._moves.clear()
            self._moves[left, entered] = text
        return text

    def shape(self, outline: Outline) -> Shape:
        """How documents with these paths are written. Raises Misconfigured for a path that the schema does not know."""
        known = self._shapes.get(outline)
        if known is None:
            known = self._shaped(outline.paths)
            self._shapes.keep(outline, known)
        return known

    def _shaped(self, paths: tuple[str, ...]) -> Shape:
        places = sorted(map(self.place, paths), key=_order)
        tags: list[str] = []
        group: tuple[str, ...] = ()
        before = self.open
        for place in places:
            tags.append(f"{before}{self.move(group, place.parents)}<{place.name}>")
            before, group = f"</{place.name}>", place.parents
        tags.append(f"{before}{self.move(group, ())}{self.close}")
        ordered = tuple(place.path for place in places)
        matchers = [match for place in places if (match := self._plain.matcher(place.type)) is not None]
        complete = tuple(matchers) if len(matchers) == len(places) else None
        return Shape(tuple(tags), ordered, ordered == paths, complete)


def _name(step: str) -> str:
    return step.partition("[")[0]


def _entered(left: tuple[str, ...], entered: tuple[str, ...], common: int) -> Iterator[tuple[str, str]]:
    """The steps that are entered, each with the empty elements of its name before it."""
    before = left[common] if len(left) > common else ""
    for step in entered[common:]:
        name, number = _name(step), _number(step)
        known = _number(before) if _name(before) == name else 0
        yield step, f"<{name}/>" * (number - known - 1)
        before = ""


def _number(step: str) -> int:
    """Which block of its name a step is; 0 where there is only one."""
    return int(step.partition("[")[2].rstrip("]") or 0)


def _validator(info: KindInfo, source: bytes) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.fromstring(source))
    except etree.XMLSchemaParseError as error:
        raise Misconfigured(f"schema {info.xsd} is not a valid XSD: {error}") from error


class KindForms:
    """The schemas of a catalog's kinds, each made ready when a record of it is first met: they take over a megabyte
    each, and most processes meet a few kinds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._made: dict[Kind, KindForm] = {}
        self._by_tag = {f"{{{info.namespace}}}{info.root}": kind for kind, info in catalog.kinds.items()}
        self._by_opening = {opening(info).encode(): kind for kind, info in catalog.kinds.items()}

    def of(self, kind: Kind) -> KindForm | None:
        """None for a kind that the catalog does not know. Raises Misconfigured for a schema that cannot be used."""
        made = self._made.get(kind)
        if made is None and (info := self._catalog.kinds.get(kind)) is not None:
            made = self._made[kind] = KindForm(info, self._catalog)
        return made

    def of_tag(self, tag: str) -> KindForm | None:
        """The kind whose root element has this qualified tag (``{namespace}name``)."""
        kind = self._by_tag.get(tag)
        return self.of(kind) if kind is not None else None

    def of_opening(self, first_tag: bytes) -> KindForm | None:
        """The kind whose documents that we write begin so."""
        kind = self._by_opening.get(first_tag)
        return self.of(kind) if kind is not None else None

    def warm(self) -> None:
        """Make the schema of every kind ready now. What explains failing documents is made when one is met."""
        for kind in self._catalog.kinds:
            self.of(kind)


@lru_cache(maxsize=4)
def kind_forms(catalog: Catalog) -> KindForms:
    """The schemas of this catalog, shared by everything in a process that reads or writes documents."""
    return KindForms(catalog)


class Canonical:
    """:class:`gateway.core.ports.formats.CanonicalForm` of all kinds of a catalog. Pickles as its catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._parser = parser()
        self._forms = kind_forms(catalog)
        self._form = self._forms.of
        self._summaries = {info.kind: Summary(info, catalog.codes) for info in catalog.kinds.values()}
        self._censuses = {info.kind: Census(info) for info in catalog.kinds.values()}

    def __reduce__(self) -> tuple[Callable[[Catalog], Canonical], tuple[Catalog]]:
        return Canonical, (self._catalog,)

    def warm(self) -> None:
        """Make every kind ready, for processes that serve."""
        self._forms.warm()

    def form(self, kind: Kind) -> KindForm | None:
        return self._forms.of(kind)

    def form_of_tag(self, tag: str) -> KindForm | None:
        """See :meth:`KindForms.of_tag`."""
        return self._forms.of_tag(tag)

    def glance(self, document: bytes) -> Content | None:
        """The content of a plain document, read the short way (:mod:`transforms.leaves`); None: take the long way."""
        form = self._forms.of_opening(document[: document.find(b">") + 1])
        fields = form.leaves.read(document) if form else None
        return Content(form.kind, fields) if form and fields is not None else None

    # --- write -------------------------------------------------------------------------------------------------------

    def write(self, content: Content) -> bytes:
        """See the port. Raises Misconfigured for a kind or a path that no schema knows: decoders make known ones only.

        A character that XML cannot carry is written as it is: the document then fails :meth:`validate`.
        """
        form = self._form(content.kind) or self._unknown(content.kind)
        fields = content.fields
        if not content.plain:
            values = "".join(fields.values())
            if "&" in values or "<" in values or ">" in values or "\r" in values:
                fields = {path: ESCAPED.sub(escape, value) for path, value in fields.items()}
        return form.shape(content.outline).fill(fields).encode("utf-8", "surrogatepass")

    def _unknown(self, kind: Kind) -> NoReturn:
        raise Misconfigured(f"there is no kind {kind}")

    # --- read --------------------------------------------------------------------------------------------------------

    def read(self, document: bytes) -> Content:
        """See the port. An element that the schema does not know is Tampered as well: we never write one."""
        if (content := self.glance(document)) is not None:
            return content
        try:
            root = etree.fromstring(document, self._parser)
        except etree.XMLSyntaxError:
            raise Tampered("a canonical document is not well formed") from None
        form = self._forms.of_tag(root.tag)
        if form is None:
            raise Tampered("a canonical document has an unknown root element")
        fields: dict[str, str] = {}
        _collect(root, form.tree.root, "", fields)
        return Content(form.kind, fields)

    # --- validate ----------------------------------------------------------------------------------------------------

    def validate(self, document: bytes, ordinal: int) -> tuple[Finding, ...]:
        """See the port. Rules: ``XML-CHARACTER`` (not a document at all), ``XSD-KIND``, ``XSD-MISSING``,
        ``XSD-UNEXPECTED``, ``XSD-PATTERN``, ``XSD-VALUE``, ``XSD-LENGTH``, ``XSD-TYPE``, ``XSD-INVALID``."""
        try:
            root = etree.fromstring(document, self._parser)
        except etree.XMLSyntaxError:
            return (_whole("XML-CHARACTER", ordinal, "the record holds a character that XML cannot carry"),)
        form = self._forms.of_tag(root.tag)
        if form is None:
            return (_whole("XSD-KIND", ordinal, "the record is of no known kind"),)
        if form.validator.validate(root):
            return ()
        return form.explainer.findings(root, ordinal)

    def confirm(self, content: Content, document: bytes, ordinal: int) -> tuple[Finding, ...]:
        """See the port. libxml2 sees the first document of each shape, and every one whose values are not plain."""
        form = self._form(content.kind) or self._unknown(content.kind)
        shape = form.shape(content.outline)
        if shape.takes(content.fields):
            return ()
        findings = self.validate(document, ordinal)
        shape.proven = shape.proven or not findings
        return findings

    def valid(self, document: bytes) -> bool:
        """See the port."""
        try:
            root = etree.fromstring(document, self._parser)
        except etree.XMLSyntaxError:
            return False
        form = self._forms.of_tag(root.tag)
        return form is not None and bool(form.validator.validate(root))

    # --- facts -------------------------------------------------------------------------------------------------------

    def people(self, content: Content) -> People:
        return self._censuses[content.kind].people(content)

    def unnumbered(self, content: Content) -> tuple[str, ...]:
        return self._censuses[content.kind].unnumbered(content)

    def facts(self, content: Content) -> Facts:
        return self._summaries[content.kind].facts(content)


def _collect(
    element: etree._Element,
    group: Element,
    prefix: str,
    fields: dict[str, str],
) -> None:
    counts: dict[str, int] = {}
    for child in element:
        node = group.tagged.get(child.tag)
        if node is None:
            raise Tampered("a canonical document has an unknown element")
        path = prefix + node.name
        if node.repeated:
            counts[path] = counts.get(path, 0) + 1
            path = f"{path}[{counts[path]}]"
        if node.children:
            _collect(child, node, path + "/", fields)
        elif child.text:
            fields[path] = child.text


def _whole(rule: str, ordinal: int, note: str) -> Finding:
    return Finding(RuleCode(rule), Severity.ERROR, record=ordinal, note=note)


def shown(name: str) -> str:
    """The sender's name for something that no schema knows, fit for a finding: letters only, cut to a sane length."""
    return _NOT_LETTERS.sub("?", name[:60])
