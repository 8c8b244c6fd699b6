"""What the fixed-width formats share: compiled layouts, findings from faults, what a payload leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from gateway.core.catalog import Catalog
from gateway.core.errors import Misconfigured
from gateway.core.model import Content, Finding, Kind, RuleCode, Severity
from transforms.layout import CompiledLayout, Fault, Order
from transforms.schema_tree import shape_of

FIX_NOT_CARRIED = RuleCode("FIX-NOT-CARRIED")
FIX_MARK_LOST = RuleCode("FIX-MARK-LOST")

PROTECTIVE_MARKS = frozenset({"FamilyViolenceIndicator", "DisclosureProhibitedIndicator", "NondisclosureFinding"})
"""Leaves that say that somebody is in danger; a payload never loses one that says Y."""

_INDEX = re.compile(r"\[\d+\]")


def document_order(catalog: Catalog, kind: Kind) -> Order:
    """The order of a kind's paths in its schema. Raises Misconfigured for a path that the schema does not know."""
    info = catalog.kinds[kind]
    shape = shape_of(info, catalog.xsds)

    def order(path: str) -> bytes:
        place = shape.place(path)
        if place is None:
            raise Misconfigured(f"schemas/layouts: {path} is not in {info.xsd}")
        return place.order

    return order


def compiled(catalog: Catalog, name: str, order: Order) -> CompiledLayout:
    """The layout of that name, made ready."""
    return CompiledLayout(catalog.layouts[name], order)


def findings_of(faults: Iterable[Fault], ordinal: int | None, offset: int = 0) -> list[Finding]:
    """The faults of a record whose layout begins ``offset`` bytes into it."""
    return [
        Finding(
            rule=fault.rule,
            severity=fault.severity,
            record=ordinal,
            field=fault.field.name,
            path=fault.path,
            start=offset + fault.field.start,
            length=fault.field.length,
            note=fault.note,
        )
        for fault in faults
    ]


class Leftovers:
    """Collects what a payload could not carry: one finding an element, with the number of records."""

    def __init__(self) -> None:
        self._lost: dict[str, int] = {}
        self._marks: list[Finding] = []

    def add(self, content: Content, carried: AbstractSet[str], ordinal: int) -> None:
        """Note the paths of a content that are not carried."""
        for path in sorted(content.fields.keys() - carried):
            value = content.fields[path]
            if value == "Y" and path.rpartition("/")[2] in PROTECTIVE_MARKS:
                self._marks.append(Finding(FIX_MARK_LOST, Severity.ERROR, record=ordinal, path=path))
            else:
                pattern = _INDEX.sub("[*]", path)
                self._lost[pattern] = self._lost.get(pattern, 0) + 1

    def findings(self) -> list[Finding]:
        return self._marks + [
            Finding(FIX_NOT_CARRIED, Severity.NOTICE, path=path, note=f"{count} times")
            for path, count in self._lost.items()
        ]
