"""Format ``xml``: the canonical XML as partners post and receive it.

A file is one record, whose root element is that of a kind (``<NewHire xmlns="urn:child-support-gateway:new-hire:1">``),
or a batch of records of one or more kinds::

    <Batch xmlns="urn:child-support-gateway:batch:1">
      <CaseTransfer xmlns="urn:child-support-gateway:case-transfer:1">...</CaseTransfer>
      <Locate xmlns="urn:child-support-gateway:locate:1">...</Locate>
    </Batch>

Prefixes may be used as one likes. Text in a leaf is kept to the character, but for white space around days and amounts,
which the schema does not count. Comments are read over, processing
instructions and DOCTYPE are refused (:mod:`transforms.gate`), attributes are refused but for ``xsi`` hints, which are
ignored. We write a declaration, no prefixes and no white space between elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from lxml import etree

from gateway.core.catalog import Catalog
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Finding, FormatName, RuleCode, Severity
from gateway.core.ports.formats import Cover, Decoded, Encoded, Frame, Heading, Reader
from transforms.canonical import TURNING, Canonical, parser, shown
from transforms.gate import BATCH_NAMESPACE, Gate, Limits
from transforms.schema_tree import BLANK, Element

NAME = FormatName("xml")
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_BATCH_OPEN = f'<Batch xmlns="{BATCH_NAMESPACE}">\n'.encode()
_BATCH_CLOSE = b"</Batch>\n"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class XmlFormat:
    """See the module. Pickles as its catalog."""

    def __init__(self, catalog: Catalog, limits: Limits | None = None) -> None:
        self._catalog = catalog
        self._limits = limits or Limits()
        self._canonical = Canonical(catalog)
        self._parser = parser()
        self._info = catalog.formats[NAME]

    def __reduce__(self) -> tuple[Callable[[Catalog, Limits], XmlFormat], tuple[Catalog, Limits]]:
        return XmlFormat, (self._catalog, self._limits)

    @property
    def name(self) -> FormatName:
        return NAME

    def reader(self) -> Reader:
        return Gate(self._limits, self._canonical.glance)

    def decode(self, frame: Frame, heading: Heading) -> Decoded:  # noqa: ARG002 - a port's signature; XML has no heading
        """Rules: ``XML-DOCTYPE``, ``XML-MALFORMED``, ``XML-KIND``, ``XML-UNKNOWN``, ``XML-ORDER``, ``XML-REPEATED``,
        ``XML-TEXT``, ``XML-ATTRIBUTE``, ``XML-CHARACTER`` (errors) and ``XML-EMPTY`` (warning: counts as absent)."""
        if (content := frame.content or self._canonical.glance(frame.body)) is not None and _is_straight(
            frame, content
        ):
            return Decoded(content)
        if b"<!DOCTYPE" in frame.body:
            return _unreadable(frame, "XML-DOCTYPE", "a document type declaration is not accepted")
        try:
            root = etree.fromstring(frame.body, self._parser)
        except (etree.XMLSyntaxError, ValueError):
            return _unreadable(frame, "XML-MALFORMED", "the record is not well-formed XML")
        form = self._canonical.form_of_tag(root.tag)
        if form is None:
            return _unreadable(frame, "XML-KIND", "the root element is that of no known kind")
        reading = _Reading(frame)
        reading.attributes(root, "")
        reading.group(root, form.tree.root, "")
        return Decoded(Content(form.kind, reading.fields), tuple(reading.findings))

    def encode(self, contents: Sequence[Content], cover: Cover) -> Encoded:  # noqa: ARG002 - nothing of the cover is written
        for content in contents:
            if content.kind not in self._info.kinds:
                raise Unprocessable(f"format {NAME} cannot write kind {content.kind}")
        return self._wrapped(len(contents), map(self._canonical.write, contents))

    def wrap(self, documents: Sequence[bytes]) -> Encoded:
        """See the port ``Wrapping``."""
        return self._wrapped(len(documents), documents)

    def _wrapped(self, count: int, documents: Iterable[bytes]) -> Encoded:
        lines = (part for document in documents for part in (document, b"\n"))
        parts = lines if count == 1 else chain((_BATCH_OPEN,), lines, (_BATCH_CLOSE,))
        return Encoded(b"".join(chain((_DECLARATION,), parts)), self._info.media_type, self._info.extension)


def _is_straight(frame: Frame, content: Content) -> bool:
    """Whether nothing turns the direction of text; a record in ASCII cannot. The long way says where something does."""
    return frame.body.isascii() or not TURNING.search("".join(content.fields.values()))


def _unreadable(frame: Frame, rule: str, note: str) -> Decoded:
    return Decoded(None, (Finding(RuleCode(rule), Severity.ERROR, frame.ordinal, line=frame.line, note=note),))


@dataclass(slots=True)
class _Reading:
    """One record on its way from elements to fields."""

    frame: Frame
    fields: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def group(self, element: etree._Element, group: Element, prefix: str) -> None:
        counts: dict[str, int] = {}
        last = -1
        self._no_text(element.text, element, prefix)
        for child in element:
            self._no_text(child.tail, child, prefix)
            node = group.tagged.get(child.tag)
            if node is None:
                self._report("XML-UNKNOWN", child, f"{prefix}{_local(child)}", "the schema has no such element here")
                continue
            count = counts.get(node.name, 0) + 1
            if node.repeated and node.crowded(count):
                continue
            path = f"{prefix}{node.name}[{count}]" if node.repeated else f"{prefix}{node.name}"
            self._place(child, node, count, last, path)
            last = max(last, node.position)
            known = len(self.fields)
            self._member(child, node, path)
            if not node.repeated or len(self.fields) > known:  # what counts as absent takes no number
                counts[node.name] = count

    def _place(self, child: etree._Element, node: Element, count: int, last: int, path: str) -> None:
        if node.position < last:
            self._report("XML-ORDER", child, path, "the element stands after one that must follow it")
        if count > 1 and not node.repeated:
            self._report("XML-REPEATED", child, path, "the element may come only once")

    def _member(self, child: etree._Element, node: Element, path: str) -> None:
        self.attributes(child, path)
        if not node.leaf:
            self.group(child, node, path + "/")
            if not len(child) and not (child.text or "").strip(BLANK):
                self._report("XML-EMPTY", child, path, "an empty element counts as absent", Severity.WARNING)
        elif len(child):
            self._report("XML-UNKNOWN", child, path, "the element holds text only")
        elif child.text and TURNING.search(child.text):
            self._report("XML-CHARACTER", child, path, "a mark that turns the direction of text")
        elif child.text:
            self.fields.setdefault(path, node.value(child.text))
        else:
            self._report("XML-EMPTY", child, path, "an empty element counts as absent", Severity.WARNING)

    def attributes(self, element: etree._Element, path: str) -> None:
        if element.attrib and not all(str(name).startswith(_XSI) for name in element.attrib):
            self._report("XML-ATTRIBUTE", element, path, "the schema has no attributes")

    def _no_text(self, text: str | None, element: etree._Element, prefix: str) -> None:
        if text and text.strip(BLANK):
            self._report("XML-TEXT", element, prefix.rstrip("/"), "text between elements")

    def _report(
        self, rule: str, element: etree._Element, path: str, note: str, severity: Severity = Severity.ERROR
    ) -> None:
        below = getattr(element, "sourceline", None) or 1  # the stubs of lxml do not give it a type
        line = (self.frame.line or 1) + int(below) - 1
        self.findings.append(
            Finding(
                RuleCode(rule),
                severity,
                record=self.frame.ordinal,
                field=path.rpartition("/")[2].partition("[")[0] or None,
                path=path or None,
                line=line,
                note=note,
            )
        )


def _local(element: etree._Element) -> str:
    return shown(etree.QName(element).localname)
