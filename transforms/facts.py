"""Facts of a record, taken from its content as the catalog's :class:`FactsMap` says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.catalog import CodeList, KindInfo
from gateway.core.errors import Misconfigured
from gateway.core.facts_map import Condition
from gateway.core.model import Content, Facts
from gateway.core.outline import Outline

_HOLE = re.compile(r"\{([^{}]*)\}")
_INDEX = re.compile(r"\[[0-9]+\]")


def bare(path: str) -> str:
    """The pattern of a path: ``[*]`` for each index."""
    return _INDEX.sub("[*]", path)


_Fields = Mapping[str, str]
_Fill = Callable[[_Fields], str]
"""A template made ready: what it gives for these fields, stripped."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A text with paths in it. It gives nothing for a record without any of them."""

    fill: _Fill
    paths: frozenset[str]

    def says_something_of(self, paths: Iterable[str]) -> bool:
        return not self.paths or not self.paths.isdisjoint(paths)


_Codes = Mapping[str, CodeList]


def _template(text: str, codes: _Codes) -> _Template:
    """By how many paths the text names: most name one and nothing else. ``{path|list}`` gives the code that the list
    has for the value, or the value itself when it has none."""
    parts = _HOLE.split(text)
    literals, paths = parts[0::2], parts[1::2]
    if len(paths) == 1 and "|" in paths[0]:
        path, _, name = paths[0].partition("|")
        if any(literals) or name not in codes:
            raise Misconfigured(f"schemas/catalog.toml: {text} names no code list or stands beside other text")
        translated = codes[name].codes
        return _Template(lambda fields: translated.get(value := fields.get(path, "").strip(), value), frozenset({path}))
    if len(paths) == 1 and not any(literals):
        path = paths[0]
        return _Template(lambda fields: fields.get(path, "").strip(), frozenset(paths))
    frame = "%s".join(literal.replace("%", "%%") for literal in literals)
    named = frozenset() if any(literal.strip() for literal in literals) else frozenset(paths)
    return _Template(lambda fields: (frame % tuple([fields.get(path, "") for path in paths])).strip(), named)


def _first(fills: Sequence[_Fill]) -> _Fill | None:
    """The first of some templates that gives something; one alone is asked without a detour."""
    if len(fills) <= 1:
        return fills[0] if fills else None

    def first(fields: _Fields) -> str:
        for fill in fills:
            if text := fill(fields):
                return text
        return ""

    return first


_Wanted = frozenset[str | None]
"""Values of which one makes a flag hold; None among them: any value does."""
_Places = tuple[tuple[str, _Wanted], ...]
"""The fields of a record that a flag looks at."""

SHAPES = 1_000
"""Plans kept, one for all records with the same paths; forgotten all at once when there are more."""
LONGEST = 200
"""Paths; of records with more none is kept."""


def _flag(conditions: Iterable[Condition]) -> Mapping[str, _Wanted]:
    """Pattern of a path, ``[*]`` for each index, and what is wanted there: any of some conditions."""
    found: dict[str, _Wanted] = {}
    for condition in conditions:
        found[condition.path] = found.get(condition.path, frozenset()) | {condition.equals}
    return found


def _places(flag: Mapping[str, _Wanted], paths: Iterable[str]) -> _Places:
    """A condition without ``[*]`` names one path as it stands; one that ends with a slash all that is below it."""
    groups = tuple(path for path in flag if path.endswith("/"))
    named = ((path, flag.get(path) or flag.get(bare(path))) for path in paths)
    places = [(path, wanted) for path, wanted in named if wanted]
    places += [(path, frozenset({None})) for path in paths if path.startswith(groups)] if groups else []
    return tuple(places)


def _holds(places: _Places, fields: _Fields) -> bool:
    return any(None in wanted or fields[path] in wanted for path, wanted in places)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has to be looked at in records with the same paths."""

    members: tuple[_Fill | None, ...]
    """Those from sender to other_case_id, in the order of :class:`Facts`; None: nothing is said of it."""
    tags: tuple[tuple[str, _Fill], ...]
    family_violence: _Places
    nondisclosure: _Places
    flags: tuple[tuple[str, _Places], ...]


class Summary:
    """The facts of one kind's records."""

    def __init__(self, info: KindInfo, codes: _Codes) -> None:
        facts = info.facts
        self._kind = info.kind
        members = (facts.sender, facts.recipient, facts.transaction, facts.serial, facts.case_id, facts.other_case_id)
        self._addressed = bool(facts.recipient)
        self._members = [_templates(texts, codes) for texts in members]
        self._tags = {tag: _templates(texts, codes) for tag, texts in facts.tags.items()}
        self._flags = {tag: _flag(conditions) for tag, conditions in facts.flags.items()}
        self._family_violence = _flag(facts.family_violence)
        self._nondisclosure = _flag(facts.nondisclosure)
        self._plans: dict[Outline, _Plan] = {}

    def facts(self, content: Content) -> Facts:
        fields = content.fields
        plan = self._plans.get(content.outline) or self._plan(content.outline)
        tags: dict[str, str] = {}
        for tag, fill in plan.tags:  # a comprehension is a call, and this runs for every record
            if text := fill(fields):
                tags[tag] = text
        for tag, places in plan.flags:
            if _holds(places, fields):
                tags[tag] = "Y"
        sender, recipient, transaction, serial, case_id, other_case_id = plan.members
        return Facts(
            self._kind,
            sender(fields) if sender else "",
            (recipient(fields) if recipient else "") if self._addressed else None,
            (transaction(fields) or None) if transaction else None,
            (serial(fields) or None) if serial else None,
            (case_id(fields) or None) if case_id else None,
            (other_case_id(fields) or None) if other_case_id else None,
            tags,
            bool(plan.family_violence) and _holds(plan.family_violence, fields),
            bool(plan.nondisclosure) and _holds(plan.nondisclosure, fields),
        )

    def _plan(self, outline: Outline) -> _Plan:
        """For records with other fields than before."""
        plan = self._planned(outline.paths)
        if len(self._plans) >= SHAPES:
            self._plans.clear()
        if len(outline.paths) <= LONGEST:
            self._plans[outline] = plan
        return plan

    def _planned(self, paths: tuple[str, ...]) -> _Plan:
        members = (_speaking(templates, paths) for templates in self._members)
        tags = ((tag, _speaking(templates, paths)) for tag, templates in self._tags.items())
        flags = ((tag, _places(flag, paths)) for tag, flag in self._flags.items())
        return _Plan(
            tuple(members),
            tuple((tag, fill) for tag, fill in tags if fill),
            _places(self._family_violence, paths),
            _places(self._nondisclosure, paths),
            tuple(one for one in flags if one[1]),
        )


def _speaking(templates: Iterable[_Template], paths: tuple[str, ...]) -> _Fill | None:
    return _first([one.fill for one in templates if one.says_something_of(paths)])


def _templates(texts: Iterable[str], codes: _Codes) -> tuple[_Template, ...]:
    return tuple(_template(text, codes) for text in texts)


def deciding_paths(info: KindInfo) -> Iterator[str]:
    """Paths and patterns on whose values it hangs who sends to whom, about which case and which persons a record is,
    by which agreements it may go, and whether somebody is in danger. Flags hang on what is there at all."""
    facts = info.facts
    members = (facts.sender, facts.recipient, facts.transaction, facts.serial, facts.case_id, facts.other_case_id)
    for texts in (*members, *facts.tags.values()):
        for text in texts:
            yield from (hole.partition("|")[0] for hole in _HOLE.findall(text))
    yield from (condition.path for condition in (*facts.family_violence, *facts.nondisclosure))
    yield from facts.persons
    yield from (path for pair in facts.endangers for path in pair)


def named_paths(info: KindInfo) -> Iterator[str]:
    """Every canonical path that the facts of a kind name, ``[*]`` kept."""
    yield from deciding_paths(info)
    yield from (condition.path for conditions in info.facts.flags.values() for condition in conditions)
