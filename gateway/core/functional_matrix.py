"""What the functional matrix of CSENet (IGD v8.0, Appendix D) asks of a transaction, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How strongly the functional matrix asks for something (the reading of its marks is inferred)."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class FieldMark:
    """One field that a transaction should have filled, or filled with one of ``values``."""

    block: str
    """As a pattern: ``Participant[*]``."""
    path: str
    """Canonical path below the block."""
    name: str
    """The business name of the field."""
    level: Level
    conditional: bool
    """Whether the layout names a condition for the field; a rule of its own then holds for it."""
    values: tuple[str, ...] = ()
    only: tuple[str, str] | None = None
    """Path below the block and the value that it must have for the mark to hold."""

    def holds(self, fields: Mapping[str, str], prefix: str) -> bool:
        """Whether the mark is about the block under this prefix."""
        return self.only is None or fields.get(prefix + self.only[0]) == self.only[1]

    @property
    def place(self) -> str:
        """The canonical path as a pattern."""
        return f"{self.block}/{self.path}"


@dataclass(frozen=True, slots=True)
class BlockMark:
    """How many blocks of a name a transaction should have: none, or at least one."""

    block: str
    least: int
    level: Level


@dataclass(frozen=True, slots=True)
class Marks:
    """What the functional matrix asks of one transaction."""

    blocks: tuple[BlockMark, ...]
    fields: tuple[FieldMark, ...]
