"""How the facts of a kind are taken from its content, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when a path of the pattern is there and, unless ``equals`` is None, has that value. A path that ends with a
    slash (``Address/``) is a group: it is there when any of its leaves is."""

    path: str
    equals: str | None = None


@dataclass(frozen=True, slots=True)
class FactsMap:
    """How the facts of a kind are taken from its content.

    A template is text with canonical paths in braces (``{Header/Function} {Header/Action}``); an absent path gives
    nothing, the result is stripped. ``{path|list}`` translates the value by a code list. A member with several
    templates takes the first that is not empty; no templates, or only empty results, mean that the member is absent. A
    flag is ``Y`` when any of its conditions holds, else the tag is absent.
    """

    sender: tuple[str, ...]
    recipient: tuple[str, ...] = ()
    transaction: tuple[str, ...] = ()
    serial: tuple[str, ...] = ()
    case_id: tuple[str, ...] = ()
    other_case_id: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    family_violence: tuple[Condition, ...] = ()
    nondisclosure: tuple[Condition, ...] = ()
    persons: tuple[str, ...] = ()
    """Where the social security numbers of persons stand."""
    endangers: tuple[tuple[str, str], ...] = ()
    """Mark of danger, number of whom it is about; a mark that is not here is about its own group."""
