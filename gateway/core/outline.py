"""Outlines: one object for all records with the same fields filled.

Records of one sender have few outlines, and what is planned for a record's fields (facts, rules, the document's tags)
is kept by outline. An outline is compared and hashed as the object that it is, which costs nothing; a tuple of forty
paths is walked each time.
"""

from __future__ import annotations

from collections.abc import Callable

REMEMBERED = 5_000
"""Outlines kept; forgotten all at once when there are more. A forgotten one goes on being itself where it is held."""


class Outline:
    """The paths of a record in the order in which it has them. Made by :func:`outline` only; pickles as its paths."""

    __slots__ = ("paths",)

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths

    def __reduce__(self) -> tuple[Callable[[tuple[str, ...]], Outline], tuple[tuple[str, ...]]]:
        return outline, (self.paths,)


_known: dict[tuple[str, ...], Outline] = {}
"""Paths are of schemas, so nothing about a person is here."""


def outline(paths: tuple[str, ...]) -> Outline:
    """The outline of these paths: the same object for the same paths, as long as it is remembered."""
    found = _known.get(paths)
    if found is None:
        if len(_known) >= REMEMBERED:
            _known.clear()
        found = _known.setdefault(paths, Outline(paths))
    return found
