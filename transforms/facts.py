"""Facts of a record, taken from its content as the catalog's :class:`FactsMap` says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from gateway.core.catalog import CodeList, Condition, KindInfo
from gateway.core.errors import Misconfigured
from gateway.core.model import Content, Facts

_HOLE = re.compile(r"\{([^{}]*)\}")
_INDEX = re.compile(r"\[[0-9]+\]")


_Fields = Mapping[str, str]
_Fill = Callable[[_Fields], str]
"""A template made ready: what it gives for these fields, stripped."""


_Codes = Mapping[str, CodeList]


def _template(text: str, codes: _Codes) -> _Fill:
    """By how many paths the text names: most name one and nothing else. ``{path|list}`` gives the code that the list
    has for the value, or the value itself when it has none."""
    parts = _HOLE.split(text)
    literals, paths = parts[0::2], parts[1::2]
    if len(paths) == 1 and "|" in paths[0]:
        path, _, name = paths[0].partition("|")
        if any(literals) or name not in codes:
            raise Misconfigured(f"schemas/catalog.toml: {text} names no code list or stands beside other text")
        translated = codes[name].codes
        return lambda fields: translated.get(value := fields.get(path, "").strip(), value)
    if len(paths) == 1 and not any(literals):
        return lambda fields: fields.get(paths[0], "").strip()
    frame = "%s".join(literal.replace("%", "%%") for literal in literals)
    return lambda fields: (frame % tuple([fields.get(path, "") for path in paths])).strip()


def _first(templates: tuple[_Fill, ...], fields: _Fields) -> str | None:
    for fill in templates:
        if text := fill(fields):
            return text
    return None


@dataclass(frozen=True, slots=True)
class _Flag:
    """Any of some conditions. Patterns with ``[*]`` are compared with the paths that end as one of them does; a group
    (``Address/``) is there when anything in it is."""

    exact: tuple[tuple[str, str | None], ...]
    patterns: Mapping[str, frozenset[str | None]]
    tails: tuple[str, ...]
    groups: tuple[str, ...]

    def holds(self, fields: _Fields, listed: str) -> bool:
        """``listed``: the paths of the fields, each with a line end."""
        for path, wanted in self.exact:
            value = fields.get(path)
            if value is not None and (wanted is None or value == wanted):
                return True
        for group in self.groups:
            if f"\n{group}" in listed or listed.startswith(group):
                return True
        for tail in self.tails:
            if f"{tail}\n" in listed:
                return any(self._matches(path, value) for path, value in fields.items())
        return False

    def _matches(self, path: str, value: str) -> bool:
        if not path.endswith(self.tails):
            return False
        wanted = self.patterns.get(_INDEX.sub("[*]", path), frozenset())
        return None in wanted or value in wanted


def _flag(conditions: Iterable[Condition]) -> _Flag:
    exact: list[tuple[str, str | None]] = []
    patterns: dict[str, frozenset[str | None]] = {}
    groups: list[str] = []
    for condition in conditions:
        if condition.path.endswith("/"):
            groups.append(condition.path)
        elif "[*]" in condition.path:
            patterns[condition.path] = patterns.get(condition.path, frozenset()) | {condition.equals}
        else:
            exact.append((condition.path, condition.equals))
    tails = tuple(dict.fromkeys(path.rpartition("]")[2] or "]" for path in patterns))
    return _Flag(tuple(exact), patterns, tails, tuple(groups))


class Summary:
    """The facts of one kind's records."""

    def __init__(self, info: KindInfo, codes: _Codes) -> None:
        facts = info.facts
        prepared = partial(_prepared, codes)
        self._kind = info.kind
        self._sender = prepared(facts.sender)
        self._recipient = prepared(facts.recipient)
        self._transaction = prepared(facts.transaction)
        self._serial = prepared(facts.serial)
        self._case_id = prepared(facts.case_id)
        self._other_case_id = prepared(facts.other_case_id)
        self._tags = {tag: prepared(texts) for tag, texts in facts.tags.items()}
        self._flags = {tag: _flag(conditions) for tag, conditions in facts.flags.items()}
        self._family_violence = _flag(facts.family_violence)
        self._nondisclosure = _flag(facts.nondisclosure)

    def facts(self, content: Content) -> Facts:
        fields = content.fields
        listed = "\n".join((*fields, ""))
        tags = {tag: text for tag, templates in self._tags.items() if (text := _first(templates, fields))}
        for tag, flag in self._flags.items():
            if flag.holds(fields, listed):
                tags[tag] = "Y"
        return Facts(
            kind=self._kind,
            sender=_first(self._sender, fields) or "",
            recipient=(_first(self._recipient, fields) or "") if self._recipient else None,
            transaction=_first(self._transaction, fields),
            serial=_first(self._serial, fields),
            case_id=_first(self._case_id, fields),
            other_case_id=_first(self._other_case_id, fields),
            tags=tags,
            family_violence=self._family_violence.holds(fields, listed),
            nondisclosure=self._nondisclosure.holds(fields, listed),
        )


def _prepared(codes: _Codes, texts: Iterable[str]) -> tuple[_Fill, ...]:
    return tuple(_template(text, codes) for text in texts)


def named_paths(info: KindInfo) -> Iterator[str]:
    """Every canonical path that the facts of a kind name, ``[*]`` kept."""
    facts = info.facts
    members = (facts.sender, facts.recipient, facts.transaction, facts.serial, facts.case_id, facts.other_case_id)
    for texts in (*members, *facts.tags.values()):
        for text in texts:
            yield from (hole.partition("|")[0] for hole in _HOLE.findall(text))
    for conditions in (*facts.flags.values(), facts.family_violence, facts.nondisclosure):
        yield from (condition.path for condition in conditions)
