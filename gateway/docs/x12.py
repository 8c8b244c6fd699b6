"""What the page of a transaction set of X12 says: its segments and elements, in order."""

from __future__ import annotations

from gateway.core.x12_set import Element, Segment, TransactionSet
from gateway.docs.markdown import code, table

USES = """R required, S situational, X not used. Sizes are the least and the most characters. A segment or an element
that is not here is read over with a notice, and never written.
"""


def x12_page(found: TransactionSet) -> str:
    """The part of ``docs/formats/<name>.md`` that is about the set."""
    envelope = ", ".join(f"{name} {code(path)}" for name, path in found.envelope.items())
    facts = [
        ("set (ST01)", code(found.code)),
        ("group (GS01), version (GS08)", f"{code(found.group)}, {code(found.release)}"),
        ("interchange version (ISA12)", code(found.interchange)),
        ("a record is", ", ".join(_section(one.tag, one.value) for one in found.sections if one.record)),
        ("from the envelope", envelope),
        ("source", f"{found.source}. Confidence: {found.confidence}."),
    ]
    rows = (*found.segments, *((found.outside,) if found.outside else ()))
    return "\n".join(["## Set\n", table(("", ""), facts), USES, *map(_segment, rows)])


def _section(tag: str, value: str) -> str:
    return f"a part that begins with {tag} {value}".rstrip() if tag else "the whole set"


def _segment(row: Segment) -> str:
    place = f"loop {row.loop}" if row.loop else "between ISA and GS"
    block = f", once for each {code(row.block)}" if row.block else ""
    head = f"### {row.tag}: {row.title}\n\n{row.required.value}, {place}{block}.\n\n"
    rows = [
        (one.name, one.title, one.form, _size(one), one.required.value, _values(one), _paths(one))
        for one in row.elements
    ]
    return head + table(("element", "what", "form", "size", "use", "values", "canonical path"), rows)


def _size(one: Element) -> str:
    return str(one.most) if one.least == one.most else f"{one.least}-{one.most}"


def _values(one: Element) -> str:
    if one.constant:
        return f"always {code(one.constant)}"
    return " ".join(one.picks or one.codes)


def _paths(one: Element) -> str:
    if one.choices:
        return ", ".join(f"{value}: {code(path)}" for value, path in one.choices.items())
    return ", ".join(code(path) for path in one.paths)
