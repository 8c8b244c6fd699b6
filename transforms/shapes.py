"""Shapes: documents with the same elements are written without walking the schema again.

Records of one sender have few shapes: which optional elements are there. A shape met before costs a third of the walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import call

from gateway.core.outline import Outline
from transforms.plain_values import Matcher

SHAPES = 1_000
"""Shapes kept for each kind; forgotten all at once when there are more."""
ELEMENTS = 100
"""Bigger documents are not remembered, so that what is kept stays small whatever comes."""


@dataclass(slots=True)
class Shape:
    """How documents with certain paths are written: values in document order into the gaps between tags."""

    tags: tuple[str, ...]
    """What stands before the first value, between two, and after the last."""
    paths: tuple[str, ...]
    sorted: bool = False
    """Whether the paths came in document order, as they do from nearly every reader."""
    matchers: tuple[Matcher, ...] | None = None
    """What tells plain values of each path; None when one of them has none."""
    proven: bool = False
    """The schema took a document of this shape, so its elements are in order whatever their values."""
    _frame: list[str] = field(init=False, repr=False)
    """The tags with empty places for the values between them."""

    def __post_init__(self) -> None:
        self._frame = [""] * (len(self.tags) + len(self.paths))
        self._frame[::2] = self.tags

    def fill(self, fields: Mapping[str, str]) -> str:
        """The document of escaped values. Joining its parts takes a quarter of the time of filling in a text."""
        parts = self._frame.copy()
        parts[1::2] = self._ordered(fields)
        return "".join(parts)

    def takes(self, fields: Mapping[str, str]) -> bool:
        """Whether a document of these fields is valid for certain; False: the schema has to be asked."""
        if not self.proven or self.matchers is None:
            return False
        return all(map(call, self.matchers, self._ordered(fields)))  # a match is true, even that of an empty value

    def _ordered(self, fields: Mapping[str, str]) -> Iterable[str]:
        return fields.values() if self.sorted else map(fields.__getitem__, self.paths)


class Shapes:
    """A bounded memory of shapes, by the paths of their documents in the order in which they were given."""

    def __init__(self) -> None:
        self._known: dict[Outline, Shape] = {}
        self.get = self._known.get
        """The shape of an outline, if it was met."""

    def keep(self, outline: Outline, shape: Shape) -> None:
        if len(outline.paths) > ELEMENTS:
            return
        if len(self._known) >= SHAPES:
            self._known.clear()
        self._known[outline] = shape
