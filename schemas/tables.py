"""From TOML documents to the values of ``gateway.core.catalog``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from gateway.core.catalog import (
    CodeList,
    Column,
    ColumnOrder,
    KindInfo,
    Match,
    Need,
    Parameter,
    Picture,
    Prohibited,
    Question,
    Rule,
    Triple,
)
from gateway.core.errors import Misconfigured
from gateway.core.facts_map import Condition, FactsMap
from gateway.core.model import FormatName, Kind, RuleCode, Severity
from gateway.core.ports.formats import FormatInfo, FormatState
from gateway.core.unbuilt import Unbuilt
from schemas.document import Document

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
E = TypeVar("E", bound=StrEnum)

FILLER = "filler"
"""What a column order calls a column that must be blank."""


def unique(values: Iterable[T], key: Callable[[T], K], what: str) -> Mapping[K, T]:
    """The values by key; Misconfigured when two share one."""
    found: dict[K, T] = {}
    for value in values:
        if key(value) in found:
            raise Misconfigured(f"schemas: {what} {key(value)} is there twice")
        found[key(value)] = value
    return found


def kinds(main: Document) -> Mapping[Kind, KindInfo]:
    return {Kind(name): _kind(Kind(name), one) for name, one in main.table("kind").named()}


def _kind(kind: Kind, one: Document) -> KindInfo:
    info = KindInfo(
        kind=kind,
        title=one.text("title"),
        xsd=one.text("xsd"),
        root=one.text("root"),
        namespace=one.text("namespace"),
        facts=_facts(one.table("facts")),
        question=_question(one.table("question")) if one.has("question") else None,
        prohibited=_prohibited(one.table("prohibited")) if one.has("prohibited") else None,
    )
    one.finish()
    return info


def _question(one: Document) -> Question:
    pairs = [text.partition("=") for text in one.texts("same")]
    question = Question(
        Kind(one.text("kind")), frozenset(one.texts("transactions")), tuple((a, b) for a, _, b in pairs)
    )
    one.finish()
    return question


def _prohibited(one: Document) -> Prohibited:
    says = one.table("says")
    told = Prohibited(frozenset(one.texts("keeps")), {path: says.text(path) for path, _ in says.items()})
    says.finish()
    one.finish()
    return told


def _facts(one: Document) -> FactsMap:
    tags, flags = one.table("tags"), one.table("flags")
    facts = FactsMap(
        sender=one.texts("sender"),
        recipient=one.texts("recipient"),
        transaction=one.texts("transaction"),
        serial=one.texts("serial"),
        case_id=one.texts("case_id"),
        other_case_id=one.texts("other_case_id"),
        tags={tag: tags.texts(tag) for tag, _ in tags.items()},
        flags={tag: _conditions(flags.texts(tag)) for tag, _ in flags.items()},
        family_violence=_conditions(one.texts("family_violence")),
        nondisclosure=_conditions(one.texts("nondisclosure")),
        persons=one.texts("persons"),
        endangers=tuple((a.strip(), b.strip()) for a, _, b in (t.partition("->") for t in one.texts("endangers"))),
    )
    if not facts.sender:
        raise one.fault("sender is missing")
    one.finish()
    return facts


def _conditions(texts: Iterable[str]) -> tuple[Condition, ...]:
    parts = [text.partition("=") for text in texts]
    return tuple(Condition(path, value if sign else None) for path, sign, value in parts)


def formats(main: Document) -> Mapping[FormatName, FormatInfo]:
    return {FormatName(name): _format(FormatName(name), one) for name, one in main.table("format").named()}


def _format(name: FormatName, one: Document) -> FormatInfo:
    one.texts("layouts")
    info = FormatInfo(
        name=name,
        title=one.text("title"),
        kinds=tuple(Kind(kind) for kind in one.texts("kinds")),
        media_type=one.text("media_type"),
        extension=one.text("extension"),
        reads=one.flag("reads"),
        writes=one.flag("writes"),
        confidence=one.text("confidence"),
        state=_state(one),
        missing=one.text("missing", ""),
    )
    if (info.state is FormatState.COMPLETE) is not (info.missing == ""):
        raise one.fault("missing says what a partial or draft format lacks, and only that")
    one.finish()
    return info


def _state(one: Document) -> FormatState:
    value = one.text("state", FormatState.COMPLETE)
    if value not in list(FormatState):
        raise one.fault(f"state {value} is unknown")
    return FormatState(value)


def sequences(main: Document) -> Mapping[FormatName, tuple[str, ...]]:
    found = {FormatName(name): one.texts("layouts") for name, one in main.table("format").named()}
    return {name: layouts for name, layouts in found.items() if layouts}


def own_name(one: Document, folder: str) -> str:
    """The name of a table that has a file of its own; the file is called like it."""
    name = one.text("name")
    if one.file != f"{folder}/{name}.toml":
        raise one.fault(f"the name {name} is not that of the file")
    return name


def choice(row: Document, key: str, kind: type[E]) -> E:
    value = row.text(key)
    try:
        return kind(value)
    except ValueError:
        raise row.fault(f"{key} {value} is unknown") from None


def unbuilt(main: Document) -> Iterator[Unbuilt]:
    for name, one in main.table("unbuilt").named():
        yield Unbuilt(name, one.text("title"), one.text("reason"), one.text("instead", ""))
        one.finish()


def columns(one: Document) -> ColumnOrder:
    given = one.table("given")
    found = ColumnOrder(
        name=FormatName(own_name(one, "csv")),
        title=one.text("title"),
        kind=Kind(one.text("kind")),
        columns=tuple(_column(row) for row in one.tables("columns")),
        source=one.text("source"),
        confidence=one.text("confidence"),
        version=one.text("version"),
        delimiters=one.text("delimiters", ","),
        given={path: given.text(path) for path, _ in given.items()},
    )
    one.finish()
    return found


def _column(row: Document) -> Column:
    blank = row.text("picture") == FILLER
    found = Column(
        name=row.text("name"),
        picture=Picture.RESERVED if blank else choice(row, "picture", Picture),
        required=Need(row.text("required", Need.RESERVED if blank else Need.OPTIONAL)),
        path=row.text("path", "") or None,
        codes=row.text("codes", "") or None,
        length=row.number("length", 0) or None,
    )
    row.finish()
    return found


def code_lists(file: Document) -> Iterator[CodeList]:
    for name, one in file.named():
        codes = {code: str(meaning) for code, meaning in one.table("codes").items()}
        yield CodeList(name=name, codes=codes, source=one.text("source"))
        one.finish()


def triples(file: Document) -> Iterator[Triple]:
    file.text("source")
    for row in file.tables("triple"):
        yield Triple(
            function=row.text("function"),
            action=row.text("action"),
            reason=row.text("reason"),
            meaning=row.text("meaning"),
            core=row.flag("core"),
            replacement=row.text("replacement", ""),
            opens_case=row.flag("opens_case", default=False),
            sender=row.text("sender", ""),
        )
        row.finish()
    file.finish()


def rules(file: Document) -> Iterator[Rule]:
    source = file.text("source", "")
    for row in file.tables("rule"):
        yield Rule(
            code=RuleCode(row.text("code")),
            severity=choice(row, "severity", Severity),
            title=row.text("title"),
            fix=row.text("fix"),
            source=row.text("source", source),
            check=row.text("check"),
            since=row.day("since"),
            until=row.day("until"),
            whole_file=row.flag("whole_file", default=False),
            kinds=frozenset(Kind(kind) for kind in row.texts("kinds")),
            formats=frozenset(FormatName(name) for name in row.texts("formats")),
            field_name=row.text("field", "") or None,
            when=tuple(_match(one) for one in row.tables("when")),
            unless=tuple(_match(one) for one in row.tables("unless")),
            parameters={key: _parameter(row, key, value) for key, value in row.table("parameters").items()},
        )
        row.finish()
    file.finish()


def _match(one: Document) -> Match:
    match = Match(
        function=frozenset(one.texts("function")),
        action=frozenset(one.texts("action")),
        reason=frozenset(one.texts("reason")),
        stage=frozenset(one.texts("stage")),
        not_stage=frozenset(one.texts("not_stage")),
    )
    one.finish()
    return match


def _parameter(row: Document, key: str, value: object) -> Parameter:
    if isinstance(value, str | int):
        return value
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise row.fault(f"parameter {key} must be a text, a number, a flag or a list of texts")
