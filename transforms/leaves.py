"""The short way from a document to its fields, for documents that keep to the shape of their kind to the letter.

Nearly every document does. Expat parses it into plain elements, which are walked once along steps that were made ready
for the kind: no path is put together twice. Anything out of the way gives None, and the caller takes the long way, which
says what is wrong and where; so a finding is the same as if there were no short way.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element as Node  # noqa: S405 - the type of what the parser below makes
from xml.etree.ElementTree import ParseError, XMLParser  # noqa: S405 - a document type is never parsed, see below

from transforms.schema_tree import Element, SchemaTree

_BLANK = " \t\r\n"
_BLOCKS = 64
"""Blocks of one element whose paths are kept ready; a record that has more takes the long way."""


class _Block:
    """The only or the n-th element of its name: its path and, for a group, the steps to its children."""

    __slots__ = ("path", "steps")

    def __init__(self, element: Element, path: str) -> None:
        self.path = path
        self.steps = None if element.leaf else _steps(element, path + "/")


class _Step:
    """One name in a group: where it stands among its siblings, and its blocks by number."""

    __slots__ = ("_blocks", "_element", "_path", "position")

    def __init__(self, element: Element, path: str) -> None:
        self.position = element.position
        self._element = element
        self._path = path
        self._blocks = {1: _Block(element, f"{path}[1]" if element.repeated else path)}

    def block(self, number: int) -> _Block | None:
        found = self._blocks.get(number)
        if found is None and self._element.repeated and number <= _BLOCKS:
            found = self._blocks[number] = _Block(self._element, f"{self._path}[{number}]")
        return found


def _steps(group: Element, prefix: str) -> Mapping[str, _Step]:
    return {tag: _Step(child, prefix + child.name) for tag, child in group.tagged.items()}


class Leaves:
    """The leaf values of one kind's documents."""

    def __init__(self, tag: str, shape: SchemaTree) -> None:
        self._tag = tag
        self._steps = _steps(shape.root, "")

    def read(self, root: Node) -> dict[str, str] | None:
        """Canonical path -> text, in document order. None when there is text between elements, or an element that is
        unknown, empty, in the wrong place or there too often. Attributes are the business of :func:`plain`."""
        fields: dict[str, str] = {}
        return fields if root.tag == self._tag and _gather(root, self._steps, fields) else None


def _gather(group: Node, steps: Mapping[str, _Step], fields: dict[str, str]) -> bool:
    last, number = -1, 0
    if group.text and group.text.strip(_BLANK):
        return False
    for child in group:
        step = steps.get(child.tag)
        if step is None or step.position < last or (child.tail and child.tail.strip(_BLANK)):
            return False
        number = number + 1 if step.position == last else 1
        last = step.position
        block = step.block(number)
        if block is None or not _member(child, block, fields):
            return False
    return True


def _member(child: Node, block: _Block, fields: dict[str, str]) -> bool:
    if block.steps is not None:
        return _gather(child, block.steps, fields)
    text = child.text
    if not text or len(child):
        return False
    fields[block.path] = text
    return True


def plain(body: bytes) -> Node | None:
    """The root of a document without attributes, document type and processing instructions; None for any other.

    One equals sign is the root's namespace; a second may be an attribute. Without ``<!`` and ``<?`` nothing can declare
    an entity, so there is none to expand.
    """
    if body.count(b"=") != 1 or b"<!" in body or b"<?" in body:
        return None
    parser = XMLParser(encoding="utf-8")  # noqa: S314 - see above: neither document type nor entity gets here
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError):
        return None
