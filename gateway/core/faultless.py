"""What need not be asked again: rules about paths alone, when a record with the same paths broke no rule."""

from __future__ import annotations

BY_PATHS = frozenset(
    {
        "known-triple",
        "core-triple",
        "filled",
        "any-filled",
        "filled-in-block",
        "together",
        "blocks",
        "layout-required",
        "matrix-blocks",
    }
)
"""Checks that look at the transaction and at which paths are filled, never at a value: what they say of one record they
say of every other with the same paths."""

REMEMBERED = 2_000
"""Shapes kept; forgotten all at once when there are more."""
LONGEST = 100
"""Bigger shapes are not kept, so that the memory stays small whatever comes."""

Shape = tuple[object, ...]
"""Kind, format, transaction and day, then the paths of a record."""


class Faultless:
    """A bounded memory of the shapes of records about which no rule had anything to say."""

    def __init__(self) -> None:
        self._shapes: set[Shape] = set()

    def __len__(self) -> int:
        return len(self._shapes)

    def __contains__(self, shape: Shape) -> bool:
        return shape in self._shapes

    def keep(self, shape: Shape) -> None:
        if len(shape) > LONGEST:
            return
        if len(self._shapes) >= REMEMBERED:
            self._shapes.clear()
        self._shapes.add(shape)
