"""What a check of the business rules is asked and what it answers; ``gateway.core.checks`` holds the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.core.catalog import Catalog, Rule, count_blocks
from gateway.core.model import Content, Facts


class Question:
    """One record before the rules."""

    __slots__ = ("_blocks", "_prefixes", "content", "facts", "today")

    def __init__(self, content: Content, facts: Facts, today: date) -> None:
        self.content, self.facts, self.today = content, facts, today
        self._blocks: Mapping[str, int] | None = None
        self._prefixes: dict[str, tuple[str, ...]] | None = None

    @property
    def blocks(self) -> Mapping[str, int]:
        """How many blocks of each name the record has."""
        if self._blocks is None:
            self._blocks = count_blocks(self.content)
        return self._blocks

    def present(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Every filled place of a pattern, with its value."""
        for path in self.places(pattern):
            if (value := self.content.fields.get(path)) is not None:
                yield path, value

    def prefixes(self, block: str) -> tuple[str, ...]:
        """The path prefix of each block of that name that the record has; ``Participant[*]`` names a repeated one,
        the empty name the record."""
        if not block:
            return ("",)
        if "/" in block:
            head, _, tail = block.partition("/")
            return tuple(f"{prefix}{tail}/" for prefix in self.prefixes(head))
        if self._prefixes is None:
            self._prefixes = {}
        found = self._prefixes.get(block)
        if found is None:
            name, star, _ = block.partition("[*]")
            count = self.blocks.get(name, 0)
            found = tuple(f"{name}[{n}]/" for n in range(1, count + 1)) if star else (f"{name}/",) * count
            self._prefixes[block] = found
        return found

    def places(self, pattern: str) -> tuple[str, ...]:
        """Every place of a pattern: the path itself, or one path for each block that the record has."""
        head, star, tail = pattern.partition("[*]")
        if not star:
            return (pattern,)
        count = self.blocks.get(head, 0)
        return tuple(f"{head}[{number}]{tail}" for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a rule is broken; ``note`` holds codes and counts, never values of the record."""

    path: str | None
    note: str | None = None


Ask = Callable[[Question], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Check:
    """How a kind of rule is checked and which parameters it needs."""

    prepare: Callable[[Rule, Catalog], Ask]
    parameters: frozenset[str]
    echoes: bool = False
    """Its faults may repeat what a rule of its own says about the same place; then that rule alone is told."""


def texts(rule: Rule, key: str) -> tuple[str, ...]:
    """A list of texts among the parameters, or one text alone."""
    value = rule.parameters.get(key, ())
    return value if isinstance(value, tuple) else (str(value),)


def number(rule: Rule, key: str, default: int) -> int:
    """A number among the parameters."""
    value = rule.parameters.get(key, default)
    return value if isinstance(value, int) else default
