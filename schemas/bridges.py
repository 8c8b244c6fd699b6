"""From the documents in ``schemas/bridges`` to bridges between kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.core.bridge import Bridge, BridgeCase, BridgeField, Stamp
from gateway.core.catalog import Catalog
from gateway.core.model import Kind
from schemas.document import Document
from schemas.tables import choice

_SOURCES = ("from", "question", "constant", "stamp")


def read_bridges(documents: Iterable[Document]) -> Iterator[Bridge]:
    for one in documents:
        yield Bridge(
            kind=Kind(one.text("from")),
            to=Kind(one.text("to")),
            source=one.text("source"),
            fields=tuple(_fields(one)),
            cases=tuple(_case(case) for case in one.tables("case")),
            needs=one.texts("needs"),
            never=one.texts("never"),
            drops=frozenset(one.texts("drops")),
        )
        one.finish()


def _case(one: Document) -> BridgeCase:
    case = BridgeCase(one.text("name"), one.texts("when"), one.texts("any"), tuple(_fields(one)))
    if not case.when and not case.any:
        raise one.fault("no condition")
    one.finish()
    return case


def _fields(one: Document) -> Iterator[BridgeField]:
    for row in one.tables("field"):
        yield from _rows(row)


def _rows(row: Document) -> Iterator[BridgeField]:
    """A row with ``leaves`` stands for one row an element of that group."""
    given = {name: row.text(name, "") for name in _SOURCES}
    if sum(map(bool, given.values())) != 1:
        raise row.fault(f"one of {', '.join(_SOURCES)} must be given")
    to, leaves = row.text("to"), row.texts("leaves")
    stamp = choice(row, "stamp", Stamp) if given["stamp"] else None
    start, length = (row.number("start"), row.number("length")) if row.has("length") else (1, None)
    codes, day = row.text("codes", "") or None, row.flag("day", default=False)
    form = row.text("form", "") or None
    row.finish()
    for leaf in leaves or ("",):
        yield BridgeField(
            to=to + leaf,
            source=given["from"] + leaf if given["from"] else None,
            question=given["question"] + leaf if given["question"] else None,
            constant=given["constant"] or None,
            stamp=stamp,
            start=start,
            length=length,
            day=day,
            codes=codes,
            form=form,
        )


def faults(catalog: Catalog) -> Iterator[str]:
    """What is wrong with bridges beside their paths, which ``transforms`` looks up in the schemas."""
    tags = {tag for info in catalog.kinds.values() for tag in (*info.facts.tags, *info.facts.flags)}
    for bridge in catalog.bridges.values():
        place = f"bridge from {bridge.kind}"
        yield from (
            f"{place}: there is no kind {kind}" for kind in (bridge.kind, bridge.to) if kind not in catalog.kinds
        )
        yield from (f"{place}: there is no tag {tag}" for tag in (*bridge.needs, *bridge.never) if tag not in tags)
        if bridge.kind in catalog.kinds and catalog.kinds[bridge.kind].question is None:
            yield from (f"{place}: kind {bridge.kind} names no question" for row in bridge.rows if row.question)
        yield from (f"{place}: no code list {r.codes}" for r in bridge.rows if r.codes and r.codes not in catalog.codes)
