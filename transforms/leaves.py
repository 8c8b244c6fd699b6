"""The short way from a plain document to its fields.

Plain is how we write the canonical form, and most partners theirs: no prefixes, attributes, references, comments or
empty elements, no white space around days and amounts, every element known to the schema and in its place. Such a
document is read by cutting it at its tags and following steps that were made ready for the kind, so that no path is
put together twice. Anything else gives None, and the caller takes the long way through libxml2, which says what is
wrong and where: a document that is read here would be read alike there (a property test holds the two together).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise

from transforms.schema_tree import Element, SchemaTree
from transforms.shapes import ELEMENTS, SHAPES

LONGEST = 64 * 1024
"""Bytes; a larger document takes the long way, whose limits are those of libxml2."""
_BLANK = " \t\n"
_SPACED = re.compile(f"[{_BLANK}]")
_BLOCKS = 64
"""Blocks of one element whose paths are kept ready; a record that has more, or more than its schema allows, takes the
long way."""

_ORDINARY = bytes({9, 10, *range(32, 256)} - set(b"<>&"))
_FORBIDDEN = b"\xef\xbf"
"""How the two characters begin that are no controls and yet may not stand in XML, U+FFFE and U+FFFF."""
_TAGS = 4 * ELEMENTS
"""Documents with more tags are not remembered."""
_Pieces = Iterator[tuple[str, str]]
"""Tags, without their brackets, with the text that follows them."""


class _Block:
    """The only or the n-th element of its name: its path, the tag that ends it and, for a group, its steps."""

    __slots__ = ("collapsed", "end", "path", "steps")

    def __init__(self, element: Element, path: str) -> None:
        self.end = f"/{element.name}"
        self.collapsed = element.collapsed
        self.path = path
        self.steps = None if element.leaf else _steps(element, path + "/")


class _Step:
    """One name in a group: where it stands among its siblings, and its blocks by number."""

    __slots__ = ("_blocks", "_element", "_path", "first", "position")

    def __init__(self, element: Element, path: str) -> None:
        self.position = element.position
        self._element = element
        self._path = path
        self._blocks: dict[int, _Block] = {}
        self.first = _Block(element, f"{path}[1]" if element.repeated else path)

    def further(self, number: int) -> _Block | None:
        found = self._blocks.get(number)
        if found is None and self._element.repeated and number <= min(_BLOCKS, self._element.most):
            found = self._blocks[number] = _Block(self._element, f"{self._path}[{number}]")
        return found


_Steps = Mapping[str, _Step]


def _steps(group: Element, prefix: str) -> _Steps:
    return {name: _Step(child, prefix + name) for name, child in group.children.items()}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the texts of documents with certain tags are: the values of these paths, and blanks between elements."""

    paths: tuple[str, ...]
    values: tuple[bool, ...]
    """For the text after each tag: whether it is a value."""
    blanks: tuple[bool, ...]
    collapsed: tuple[bool, ...]
    """Whether it is a value that loses the white space around it."""

    def read(self, texts: Sequence[str]) -> dict[str, str] | None:
        if "".join(compress(texts, self.blanks)).strip(_BLANK) or _SPACED.search(
            "".join(compress(texts, self.collapsed))
        ):
            return None
        fields = dict(zip(self.paths, compress(texts, self.values), strict=True))
        return None if "" in fields.values() else fields


class Leaves:
    """The leaf values of one kind's plain documents. ``opening`` is the root's tag as we write it.

    Documents with the same tags as one before are not followed through the steps again.
    """

    def __init__(self, opening: str, shape: SchemaTree) -> None:
        self._opening = opening[1:-1]
        self._end = f"/{shape.root.name}"
        self._steps = _steps(shape.root, "")
        self._shape = shape
        self._known: dict[tuple[str, ...], _Known] = {}

    def read(self, document: bytes) -> dict[str, str] | None:
        """Canonical path -> value, in document order; None when the document is not plain."""
        parts = _parts(document)
        tags, texts = tuple(parts[0::2]), parts[1::2]
        known = self._known.get(tags)
        if known is not None:
            return known.read(texts)
        fields = self._followed(tags, texts)
        if fields is not None:
            self._keep(tags, tuple(fields))
        return fields

    def _followed(self, tags: Sequence[str], texts: Sequence[str]) -> dict[str, str] | None:
        pieces: _Pieces = zip(tags, texts, strict=True)
        opening, text = next(pieces, ("", ""))
        if opening != self._opening or text.strip(_BLANK):
            return None
        fields: dict[str, str] = {}
        try:
            whole = _gather(pieces, self._steps, self._end, fields)
        except StopIteration:  # the document ends within a leaf
            return None
        return fields if whole and next(pieces, None) is None else None

    def _keep(self, tags: tuple[str, ...], paths: tuple[str, ...]) -> None:
        """A value stands between a tag and the one that ends it; a plain document has no other such pairs."""
        if len(tags) > _TAGS:
            return
        if len(self._known) >= SHAPES:
            self._known.clear()
        values = (*(after == f"/{tag}" for tag, after in pairwise(tags)), False)
        places = iter(map(self._shape.place, paths))
        collapsed = tuple(value and (place := next(places)) is not None and place.collapsed for value in values)
        self._known[tags] = _Known(paths, values, tuple(not value for value in values), collapsed)


def _parts(document: bytes) -> Sequence[str]:
    """The document cut at its brackets, tags and texts by turns; nothing when it has to be read by a parser.

    When nothing is left but brackets that open and close by turns, there are no references, no line ends to be
    normalised, no brackets in texts or attributes, and cutting at either bracket gives tags and texts by turns.
    """
    marks = document.translate(None, _ORDINARY)
    if len(document) > LONGEST or marks != b"<>" * (len(marks) // 2) or _FORBIDDEN in document:
        return ()
    try:
        text = document.decode()
    except UnicodeDecodeError:
        return ()
    before, *parts = text.replace(">", "<").split("<")
    return () if before else parts


def _gather(pieces: _Pieces, steps: _Steps, end: str, fields: dict[str, str]) -> bool:
    """Read a group to its end and the blank after it."""
    last, number = -1, 1
    for tag, text in pieces:
        step = steps.get(tag)
        if step is None:
            return tag == end and not text.strip(_BLANK)
        if step.position > last:
            last, number = step.position, 1
            block: _Block | None = step.first
        else:
            number += 1
            block = step.further(number) if step.position == last else None
        if block is None:
            return False
        if block.steps is not None:
            known = len(fields)
            if text.strip(_BLANK) or not _gather(pieces, block.steps, block.end, fields) or len(fields) == known:
                return False
            continue
        closing, tail = next(pieces)
        if closing != block.end or not text or (tail and tail.strip(_BLANK)):
            return False
        if block.collapsed and _SPACED.search(text):
            return False
        fields[block.path] = text
    return False
