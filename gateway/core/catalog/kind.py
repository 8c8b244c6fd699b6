"""What a record can be, and which record it answers."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.facts_map import FactsMap
from gateway.core.model import Kind


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
