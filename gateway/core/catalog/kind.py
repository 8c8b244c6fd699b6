"""What a record can be, and which record it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.facts_map import FactsMap
from gateway.core.model import Content, Kind


@dataclass(frozen=True, slots=True)
class Question:
    """Which records a record of a kind answers. They are of the asker's and of the case that the answer names
    (``other_case_id`` of its facts)."""

    kind: Kind
    transactions: frozenset[str] = frozenset()
    """Empty: all."""
    same: tuple[tuple[str, str], ...] = ()
    """Path in the answer, path in the question: both are there and equal, or it is not the question."""


@dataclass(frozen=True, slots=True)
class Prohibited:
    """What is told instead of an answer that may not be told: the echo of the request, and the code that says so."""

    keeps: frozenset[str]
    """First elements of the paths that repeat the request; nothing else is told."""
    says: Mapping[str, str]
    """Path -> value."""

    def instead_of(self, answer: Content) -> Content:
        kept = {path: value for path, value in answer.fields.items() if _first(path) in self.keeps}
        return Content(answer.kind, kept | dict(self.says))


def _first(path: str) -> str:
    """The first element of a path, without its number."""
    return path.partition("/")[0].partition("[")[0]


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind of record: its schema and where its facts are."""

    kind: Kind
    title: str
    xsd: str
    """File name in :attr:`Catalog.xsds`."""
    root: str
    namespace: str
    facts: FactsMap
    question: Question | None = None
    """What a record of this kind answers."""
    prohibited: Prohibited | None = None
    """What is told instead of one about somebody in danger; None: nothing can be."""
