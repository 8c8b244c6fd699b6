"""What can be wrong with a stored log, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    GAP = "gap"
    ORDER = "order"
    LEAF = "leaf"
    TILE = "tile"
    ROOT = "root"
    TRUNCATED = "truncated"
    UNCOVERED = "uncovered"
    NOTE = "note"
    ROLLBACK = "rollback"
    REWRITTEN = "rewritten"


MEANING: Mapping[FaultKind, str] = {
    FaultKind.GAP: "entries with these numbers are missing",
    FaultKind.ORDER: "an entry carries a number that came before",
    FaultKind.LEAF: "the entry does not give its stored leaf hash",
    FaultKind.TILE: "the entries do not give the hashes stored in a tile",
    FaultKind.ROOT: "the entries do not give the root that a checkpoint signed",
    FaultKind.TRUNCATED: "the log ends before its newest checkpoint",
    FaultKind.UNCOVERED: "entries are numbered that no checkpoint covers",
    FaultKind.NOTE: "the note of a checkpoint is not signed by the log or does not say what is stored beside it",
    FaultKind.ROLLBACK: "the log ends before a checkpoint that was kept outside",
    FaultKind.REWRITTEN: "the entries do not give the root of a checkpoint that was kept outside",
}
"""Every kind of fault and what it says; docs/audit-log.md shows this table."""


@dataclass(frozen=True, slots=True)
class LogFault:
    """One fault, somewhere in the entries ``first`` to ``last`` (both included)."""

    kind: FaultKind
    first: int
    last: int

    def __str__(self) -> str:
        place = f"entry {self.first}" if self.first == self.last else f"entries {self.first} to {self.last}"
        return f"{place}: {MEANING[self.kind]}"

    @property
    def width(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class LogReport:
    """What verifying a whole log gave. ``size`` and ``root`` come from the entries alone."""

    size: int
    root: bytes | None
    """None when entries are missing, so that no root can be told."""
    checkpoints: int
    tiles: int
    faults: tuple[LogFault, ...]
    """Closest located first."""

    @property
    def ok(self) -> bool:
        return not self.faults
