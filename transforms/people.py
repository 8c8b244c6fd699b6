"""The persons of a record, by the numbers that it names, and those of whom it says that they are in danger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.core.catalog import KindInfo
from gateway.core.model import Content
from gateway.core.outline import Outline
from gateway.core.people import People, usable
from transforms.facts import bare

SHAPES = 1_000
"""Plans kept, as for facts."""

_NOBODY = People((), ())


@dataclass(frozen=True, slots=True)
class _Mark:
    """A field that says that somebody is in danger, what it must say (None: anything), and where the number stands."""

    path: str
    equals: str | None
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    numbers: tuple[str, ...]
    marks: tuple[_Mark, ...]


class Census:
    """Who is in the records of one kind."""

    def __init__(self, info: KindInfo) -> None:
        facts = info.facts
        self._numbers = frozenset(facts.persons)
        self._named: dict[str, tuple[str, ...]] = {}
        for mark, number in facts.endangers:
            self._named[mark] = (*self._named.get(mark, ()), number)
        self._conditions = {one.path: one.equals for one in (*facts.family_violence, *facts.nondisclosure)}
        self._plans: dict[Outline, _Plan] = {}

    def people(self, content: Content) -> People:
        """Numbers of nine digits, each once. Whoever is marked in a group is in danger; a mark of the record as a whole
        is about those whom the catalog names."""
        if not self._numbers:
            return _NOBODY
        plan = self._plans.get(content.outline) or self._plan(content.outline)
        if not plan.numbers:
            return _NOBODY
        fields = content.fields
        marked: list[str] = []
        for mark in plan.marks:
            if mark.equals is None or fields[mark.path] == mark.equals:
                marked += mark.numbers
        return People(_values(fields, plan.numbers), _values(fields, marked) if marked else ())

    def unnumbered(self, content: Content) -> tuple[str, ...]:
        """Groups of elements that say that somebody is in danger and name no usable number of anybody; an empty group
        is the record as a whole. Walks all elements: asked where a court ordered something, and nowhere else."""
        fields, paths = content.fields, content.outline.paths
        numbers = tuple(path for path in paths if bare(path) in self._numbers)
        found: dict[str, None] = {}
        for path in paths:
            pattern = path if path in self._conditions else bare(path)
            if pattern not in self._conditions or self._conditions[pattern] not in (None, fields[path]):
                continue
            if not any(_values(fields, mark.numbers) for mark in self._marks(path, numbers)):
                found[path.rpartition("/")[0]] = None
        return tuple(found)

    def _plan(self, outline: Outline) -> _Plan:
        numbers = tuple(path for path in outline.paths if bare(path) in self._numbers)
        marks = tuple(mark for path in outline.paths for mark in self._marks(path, numbers))
        if len(self._plans) >= SHAPES:
            self._plans.clear()
        plan = self._plans[outline] = _Plan(numbers, marks)
        return plan

    def _marks(self, path: str, numbers: tuple[str, ...]) -> Iterable[_Mark]:
        pattern = path if path in self._conditions else bare(path)
        if pattern not in self._conditions:
            return
        named = self._named.get(pattern)
        if named is None:
            group = path.rpartition("/")[0]
            about = tuple(number for number in numbers if group and number.startswith(f"{group}/"))
        else:
            about = tuple(number for number in numbers if bare(number) in named)
        if about:
            yield _Mark(path, self._conditions[pattern], about)


def _values(fields: Mapping[str, str], paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([value for path in paths if usable(value := fields[path])]))
