"""The functional matrix (``schemas/matrix``): the marks of each transaction, checked against triples and layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.catalog import Layout, LayoutField, Need, Picture, Triple
from gateway.core.functional_matrix import BlockMark, FieldMark, Level, Marks
from schemas.document import Document

BLOCK = "(block)"
"""Stands for the block itself among the names of its fields; the count in the header says how many."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A field of a layout, ready to be marked."""

    layout: Layout
    field: LayoutField


class MatrixReader:
    """Reads one matrix. Raises Misconfigured for an unknown transaction, layout, block or field."""

    def __init__(self, layouts: Mapping[str, Layout], triples: Mapping[str, Triple]) -> None:
        self._layouts = layouts
        self._triples = triples
        self._rows = {
            (layout.name, field.name): _Row(layout, field) for layout in layouts.values() for field in layout.fields
        }
        self._conditions: dict[tuple[str, str], tuple[str, str]] = {}
        self._made: dict[tuple[str, str, Level], FieldMark | BlockMark | None] = {}

    def read(self, file: Document) -> dict[str, Marks]:
        """The marks by transaction."""
        file.text("source")
        file.text("confidence")
        conditions = file.table("condition")
        self._conditions = {
            (layout, name): self._condition(fields, layout, name, str(text))
            for layout, fields in conditions.named()
            for name, text in fields.items()
        }
        found: dict[str, Marks] = {}
        for one in file.tables("transaction"):
            name = one.text("name")
            if name not in self._triples or name in found:
                raise one.fault(f"transaction {name} is unknown or there twice")
            found[name] = self._marks(one)
            one.finish()
        file.finish()
        return found

    def _marks(self, one: Document) -> Marks:
        blocks: list[BlockMark] = []
        fields: list[FieldMark] = []
        for level in Level:
            for layout, names in one.table(level).items():
                for text in str(names).split():
                    mark = self._mark(one, layout, text, level)
                    if isinstance(mark, BlockMark):
                        blocks.append(mark)
                    elif mark:
                        fields.append(mark)
        return Marks(tuple(blocks), tuple(fields))

    def _mark(self, one: Document, layout: str, text: str, level: Level) -> FieldMark | BlockMark | None:
        """The mark on a field or, for a count, on its blocks; None for what the count or the codec says already."""
        key = (layout, text, level)
        if key not in self._made:
            self._made[key] = self._made_mark(one, layout, text, level)
        return self._made[key]

    def _made_mark(self, one: Document, layout: str, text: str, level: Level) -> FieldMark | BlockMark | None:
        name, _, value = text.partition("=")
        if layout not in self._layouts:
            raise one.fault(f"layout {layout} is unknown")
        if name == BLOCK:
            return None
        row = self._rows.get((layout, name))
        if row is None:
            raise one.fault(f"{layout} has no field {name}")
        if row.field.picture is Picture.COUNT:
            return BlockMark(row.field.constant or "", 0 if value == "0" else 1, level)
        if row.field.picture is Picture.CONSTANT and value != row.field.constant:
            raise one.fault(f"{name} is always {row.field.constant}")
        if row.field.path is None:
            return None
        return FieldMark(
            block=f"{row.layout.block}[*]" if row.layout.repeats else row.layout.block or "",
            path=row.field.path,
            name=name,
            level=level,
            conditional=row.field.required is Need.CONDITIONAL,
            values=tuple(_canonical(row.field, one) for one in value.split("|")) if value else (),
            only=self._conditions.get((layout, name)),
        )

    def _condition(self, one: Document, layout: str, name: str, text: str) -> tuple[str, str]:
        field, _, value = text.partition("=")
        row = self._rows.get((layout, field))
        if row is None or row.field.path is None or (layout, name) not in self._rows:
            raise one.fault(f"{layout} has no field {field} or {name}")
        return row.field.path, value


def _canonical(field: LayoutField, text: str) -> str:
    """A literal of the matrix as the canonical form writes it: ``+00000000.00`` becomes ``0.00``."""
    if field.picture is not Picture.MONEY:
        return text
    sign, dollars, cents = text[0], text[1:-3], text[-3:]
    return f"{'-' if sign == '-' else ''}{dollars.lstrip('0') or '0'}{cents}"
