"""Checks against the functional matrix: which blocks and fields each transaction should have.

The marks are data (:attr:`gateway.core.catalog.Catalog.marks`). A field whose layout calls it conditional has a rule of
its own for its condition, so that the matrix alone is no reason to refuse a transaction; ``conditional`` tells the two
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from gateway.core.catalog import Catalog, Rule
from gateway.core.functional_matrix import BlockMark, FieldMark, Level, Marks
from gateway.core.question import Ask, Check, Fault, Question, texts

T = TypeVar("T")


def _by_transaction(
    catalog: Catalog, chosen: Callable[[Marks], T], ask: Callable[[Question, T], Iterator[Fault]]
) -> Ask:
    """Ask with what was chosen from the marks of the record's transaction; chosen once for each transaction."""
    ready: dict[str, T] = {}

    def answer(question: Question) -> Iterator[Fault]:
        key = question.facts.transaction or ""
        if key not in ready:
            marks = catalog.marks.get(key)
            if marks is None:
                return
            ready[key] = chosen(marks)
        yield from ask(question, ready[key])

    return answer


def chooser(rule: Rule) -> Callable[[FieldMark], bool]:
    """Whether a mark on a field is one of those that a rule is about."""
    level, conditional = Level(str(rule.parameters["level"])), rule.parameters.get("conditional")
    only, skipped = frozenset(texts(rule, "only")), frozenset(texts(rule, "except"))

    def chosen(one: FieldMark) -> bool:
        return (
            one.level is level
            and (conditional is None or one.conditional is conditional)
            and (not only or one.place in only)
            and one.place not in skipped
        )

    return chosen


def _fields(rule: Rule, catalog: Catalog) -> Ask:
    """Marked fields are filled in each block that is there; ``together``: one fault a block, the others in its note."""
    is_chosen, together = chooser(rule), bool(rule.parameters.get("together", False))

    def chosen(marks: Marks) -> Mapping[str, tuple[FieldMark, ...]]:
        found: dict[str, tuple[FieldMark, ...]] = {}
        for one in filter(is_chosen, marks.fields):
            found[one.block] = (*found.get(one.block, ()), one)
        return found

    def ask(question: Question, wanted: Mapping[str, tuple[FieldMark, ...]]) -> Iterator[Fault]:
        fields = question.content.fields
        for block, marks in wanted.items():
            for prefix in question.prefixes(block):
                missing = [one for one in marks if prefix + one.path not in fields and one.holds(fields, prefix)]
                if missing and together:
                    others = ", ".join(one.name for one in missing[1:])
                    yield Fault(prefix + missing[0].path, f"and {others}" if others else None)
                else:
                    yield from (Fault(prefix + one.path) for one in missing)

    return _by_transaction(catalog, chosen, ask)


def _values(rule: Rule, catalog: Catalog) -> Ask:
    """Marked fields that are filled hold one of the values of the matrix."""
    is_chosen = chooser(rule)

    def chosen(marks: Marks) -> tuple[FieldMark, ...]:
        return tuple(one for one in marks.fields if one.values and is_chosen(one))

    def ask(question: Question, wanted: tuple[FieldMark, ...]) -> Iterator[Fault]:
        fields = question.content.fields
        for one in wanted:
            for prefix in question.prefixes(one.block):
                value = fields.get(prefix + one.path)
                if value is not None and value not in one.values and one.holds(fields, prefix):
                    yield Fault(prefix + one.path, f"expected {' or '.join(one.values)}")

    return _by_transaction(catalog, chosen, ask)


def _blocks(rule: Rule, catalog: Catalog) -> Ask:
    """Marked blocks are there or, with ``least`` 0, are not."""
    level, least = Level(str(rule.parameters["level"])), rule.parameters.get("least")

    def chosen(marks: Marks) -> tuple[BlockMark, ...]:
        return tuple(one for one in marks.blocks if one.level is level and (least is None or one.least == least))

    def ask(question: Question, wanted: tuple[BlockMark, ...]) -> Iterator[Fault]:
        for one in wanted:
            count = question.blocks.get(one.block, 0)
            if bool(count) is not bool(one.least):
                yield Fault(one.block, f"expected {one.least}, found {count}")

    return _by_transaction(catalog, chosen, ask)


CHECKS: Mapping[str, Check] = {
    "matrix-fields": Check(_fields, frozenset({"level"}), echoes=True),
    "matrix-values": Check(_values, frozenset({"level"}), echoes=True),
    "matrix-blocks": Check(_blocks, frozenset({"level"}), echoes=True),
}


def faults_of_parameters(rule: Rule) -> Iterator[str]:
    """What is wrong with the parameters of a rule about the matrix."""
    if rule.check in CHECKS and rule.parameters.get("level") not in list(Level):
        yield "parameter level is none of those of the matrix"
