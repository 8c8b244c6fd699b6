"""Precedents: what the rules said of one record they say of the next one that has the same fields filled, as long as
some of its values are like those of the first.

Files are uniform: most records of a sender have few shapes. Which values matter is known for each kind of check
(``SETTLED``); the others are asked of every record anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.core.catalog import Catalog, Rule
from gateway.core.model import FormatName, Kind
from gateway.core.outline import Outline
from gateway.core.question import Ask, Fault, Question
from gateway.core.settled import SETTLED, Settle, Tested

REMEMBERED = 1_000
"""Precedents kept; forgotten all at once when there are more."""
LONGEST = 200
"""Of records with more fields none is kept, so that the memory stays small whatever comes."""

Shape = tuple[Kind, FormatName, str | None, date, Outline]
"""Kind, format, transaction and day, and the paths of a record."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule made ready: how it is asked and how its answer is settled."""

    rule: Rule
    ask: Ask
    settle: Settle


Answers = Sequence[tuple[Asked, Sequence[Fault]]]
"""Each rule that was asked of a record, with what it found."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """What was found in a record, and how to tell that another record of its shape would be answered alike."""

    found: tuple[tuple[Rule, Fault], ...]
    tests: tuple[Tested, ...]
    unsettled: tuple[Asked, ...]

    def is_alike(self, fields: Mapping[str, str]) -> bool:
        """Whether the values of this record, which has the same paths, are on the same sides of all tests."""
        for path, test in self.tests:  # noqa: SIM110 - half the time of a generator, and this runs for every record
            if not test(fields[path]):
                return False
        return True

    def binds(self, question: Question) -> bool:
        """Whether ``found`` is the answer to this record too, which is alike."""
        return not any(True for one in self.unsettled for _ in one.ask(question))

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to tell of a record that is alike, nor anything to ask."""
        return not self.found and not self.unsettled


class Precedents:
    """A bounded memory of precedents, the latest of each shape."""

    def __init__(self) -> None:
        self._kept: dict[Shape, Precedent] = {}
        self.get = self._kept.get
        """The precedent of a shape, if there is one."""

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, shape: Shape, precedent: Precedent) -> None:
        if len(shape[-1].paths) > LONGEST:
            return
        if len(self._kept) >= REMEMBERED:
            self._kept.clear()
        self._kept[shape] = precedent


def settling(rule: Rule, catalog: Catalog) -> Settle:
    """How the answers of a rule are settled; a check without a line in the table never is."""
    return SETTLED[rule.check](rule, catalog) if rule.check in SETTLED else _never


def _never(_question: Question) -> None:
    return None


def precedent(question: Question, answers: Answers, told: Sequence[tuple[Rule, Fault]]) -> Precedent | None:
    """The precedent of a record that was just judged: each rule with its faults, and which of them all were told.

    None when a rule that nothing settles has found something.
    """
    tests: list[Tested] = []
    unsettled: list[Asked] = []
    for one, faults in answers:
        settled = one.settle(question)
        if settled is not None:
            tests += settled
        elif faults:
            return None
        else:
            unsettled.append(one)
    return Precedent(tuple(told), tuple(tests), tuple(unsettled))
