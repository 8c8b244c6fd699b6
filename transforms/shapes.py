"""Shapes: documents with the same elements are written without walking the schema again.

Records of one sender have few shapes: which optional elements are there. A shape met before costs a third of the walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SHAPES = 1_000
"""Shapes kept for each kind; forgotten all at once when there are more."""
ELEMENTS = 100
"""Bigger documents are not remembered, so that what is kept stays small whatever comes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How documents with certain paths are written: values in document order into a text with gaps."""

    text: str
    paths: tuple[str, ...]
    sorted: bool = False
    """Whether the paths came in document order, as they do from nearly every reader."""

    def fill(self, fields: Mapping[str, str]) -> str:
        """The document of escaped values."""
        values = fields.values() if self.sorted else map(fields.__getitem__, self.paths)
        return self.text % tuple(values)


class Shapes:
    """A bounded memory of shapes, by the paths of their documents in the order in which they were given."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Shape] = {}

    def get(self, paths: tuple[str, ...]) -> Shape | None:
        return self._known.get(paths)

    def keep(self, paths: tuple[str, ...], shape: Shape) -> None:
        if len(paths) > ELEMENTS:
            return
        if len(self._known) >= SHAPES:
            self._known.clear()
        self._known[paths] = shape
