"""What the rules of a kind ask of a record, as far as a maker of samples can follow it without knowing more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.core.catalog import Catalog, Rule
from gateway.core.model import FormatName, Kind

_FILLED = frozenset({"filled", "any-filled", "any-filled-if"})
"""Checks that ask for values: of all paths, or of one of them."""
_ORDER, _ONE_AMOUNT = "in-order", "one-amount"
_NOTHING = "0.00"


@dataclass(frozen=True, slots=True)
class Advice:
    """Of the rules of one kind in one format."""

    asked: frozenset[str]
    """Paths to be filled though the layout leaves them to the sender."""
    orders: tuple[tuple[str, str], ...]
    """Pairs of which the second does not come before the first."""
    alone: tuple[tuple[str, ...], ...]
    """Amounts of which only the first is not zero."""

    @classmethod
    def of(cls, catalog: Catalog, kind: Kind, format: FormatName) -> Advice:
        rules = [rule for rule in catalog.rules.values() if kind in rule.kinds and format in (rule.formats or {format})]
        return cls(
            frozenset(path for rule in rules for path in _asked(rule)),
            tuple((_first(rule, "earlier"), _first(rule, "later")) for rule in rules if rule.check == _ORDER),
            tuple(tuple(_paths(rule)) for rule in rules if rule.check == _ONE_AMOUNT),
        )

    def followed(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields with what is out of order exchanged, and what excludes each other set to nothing."""
        made = dict(fields)
        for earlier, later in self.orders:
            if earlier in made and later in made:
                made[earlier], made[later] = sorted((made[earlier], made[later]))
        for first, *others in self.alone:
            made |= {path: _NOTHING for path in others if path in made and first in made}
        return made


def _asked(rule: Rule) -> Iterator[str]:
    if rule.check in _FILLED:
        paths = list(_paths(rule))
        yield from paths if rule.check == "filled" else paths[:1]


def _paths(rule: Rule) -> Iterator[str]:
    found = rule.parameters["paths"]
    for path in found if isinstance(found, tuple) else ():
        yield path.replace("[*]", "[1]")


def _first(rule: Rule, name: str) -> str:
    return str(rule.parameters[name]).replace("[*]", "[1]")
