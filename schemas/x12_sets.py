"""From TOML documents to the transaction sets of X12."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.model import FormatName, Kind
from gateway.core.x12_set import Element, Form, Section, Segment, TransactionSet, Use
from schemas.document import Document
from schemas.tables import choice, own_name

_HIGHEST_LEVEL = 9
_FILLS = frozenset({"created", "created-time", "number", "hl-id", "hl-parent", "hl-child"})


def transaction_set(one: Document) -> TransactionSet:
    """The set of a table. Raises Misconfigured naming file and row."""
    sections = tuple(_section(row) for row in one.tables("section"))
    outside = tuple(_segment(row) for row in one.tables("outside"))
    found = TransactionSet(
        name=FormatName(own_name(one, "x12")),
        title=one.text("title"),
        kind=Kind(one.text("kind")),
        code=one.text("code"),
        group=one.text("group"),
        release=one.text("release"),
        interchange=one.text("interchange"),
        sections=sections,
        segments=tuple(_segment(row) for row in one.tables("segment")),
        openers=frozenset(one.texts("openers")),
        source=one.text("source"),
        confidence=one.text("confidence"),
        says=_texts(one.table("says")),
        envelope=_texts(one.table("envelope")),
        outside=outside[0] if outside else None,
    )
    one.finish()
    for fault in _faults(found):
        raise one.fault(fault)
    return found


def _texts(table: Document) -> dict[str, str]:
    return {key: table.text(key) for key, _ in table.items()}


def _section(row: Document) -> Section:
    found = Section(
        name=row.text("name"),
        level=row.number("level"),
        tag=row.text("tag", ""),
        position=row.number("position") if row.text("value", "") else 0,
        value=row.text("value", ""),
        record=row.flag("record", default=False),
        required=row.flag("required", default=True),
        detail=row.texts("detail"),
    )
    row.finish()
    return found


def _segment(row: Document) -> Segment:
    tag = row.text("tag")
    found = Segment(
        tag=tag,
        title=row.text("title"),
        section=row.text("section", ""),
        loop=row.text("loop", ""),
        required=choice(row, "required", Use),
        elements=tuple(_element(tag, one) for one in row.tables("elements")),
        block=row.text("block", ""),
        more=row.flag("more", default=False),
    )
    row.finish()
    return found


def _element(tag: str, one: Document) -> Element:
    name = one.text("name")
    place = name.removeprefix(tag)
    if not (name.startswith(tag) and len(place) == 2 and place.isdecimal() and int(place)):  # noqa: PLR2004 - INS03
        raise one.fault(f"the name is not {tag} and two digits")
    least, _, most = one.text("size", "0").partition("-")
    found = Element(
        name=name,
        position=int(place),
        title=one.text("title"),
        form=_form(one),
        least=int(least),
        most=int(most or least),
        required=choice(one, "required", Use),
        path=one.text("path", "") or None,
        second=one.text("second", "") or None,
        choices=_texts(one.table("choices")),
        codes=one.texts("codes"),
        picks=one.texts("picks"),
        constant=one.text("constant", "") or None,
        fill=one.text("fill", "") or None,
    )
    one.finish()
    return found


def _form(one: Document) -> Form:
    value = one.text("form", Form.TEXT)
    if value not in list(Form):
        raise one.fault(f"form {value} is unknown")
    return Form(value)


def _faults(found: TransactionSet) -> Iterator[str]:
    names = [section.name for section in found.sections]
    if names[:1] != ["header"] or found.sections[0].level or len(set(names)) != len(names):
        yield "the first section is the header, level 0, and no two have one name"
    if not any(section.record for section in found.sections):
        yield "no section is a record"
    for section in found.sections[1:]:
        if not (section.tag and 0 < section.level <= _HIGHEST_LEVEL):
            yield f"section {section.name} needs a tag and a level of 1 to {_HIGHEST_LEVEL}"
    order = [names.index(row.section) if row.section in names else -1 for row in found.segments]
    if -1 in order or order != sorted(order):
        yield "a segment stands in no section, or not in the order of the sections"
    for row in (*found.segments, *((found.outside,) if found.outside else ())):
        yield from _faults_of_segment(row)


def _faults_of_segment(row: Segment) -> Iterator[str]:
    places = [element.position for element in row.elements]
    if not places or places != list(range(1, len(places) + 1)):
        yield f"{row.tag} of {row.loop}: the elements are not one after another"
    for element in row.elements:
        if element.fill and element.fill not in _FILLS:
            yield f"{element.name} of {row.loop}: fill {element.fill} is unknown"
        if element.least > element.most or (element.required is not Use.UNUSED and not element.most):
            yield f"{element.name} of {row.loop}: size is wrong"
        if element.required is Use.UNUSED and (element.paths or element.constant or element.picks or element.fill):
            yield f"{element.name} of {row.loop}: what is not used says nothing"
        if element.choices and row.elements[element.position - 2].form is not Form.QUALIFIER:
            yield f"{element.name} of {row.loop}: no qualifier stands before it"
