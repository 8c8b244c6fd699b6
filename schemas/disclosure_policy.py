"""From the documents in ``schemas/disclosure`` to the policy of the disclosure guard, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.core.bridge import Stuck
from gateway.core.catalog import Catalog
from gateway.core.disclosure import Withheld
from gateway.core.errors import Misconfigured
from gateway.core.model import Kind
from gateway.core.policy import TRIBAL, Answer, Cell, KindPolicy, Label, Policy, Row, TaxRow
from gateway.core.routing import Reason
from schemas.document import Document
from schemas.tables import unique


def read_policy(main: Document, tax: Document, answers: Document) -> Policy:
    """Raises Misconfigured naming file and field for a value that the tables do not know."""
    programs = {name: _program(one) for name, one in main.table("program").named()}
    found = Policy(
        version=main.text("version"),
        kinds={Kind(name): _kind(one) for name, one in main.table("kind").named()},
        labels={name: _label(name, one) for name, one in main.table("label").named()},
        tags=_texts(main.table("tag")),
        programs=programs,
        purposes=frozenset(_texts(main.table("purpose"))),
        requesters=frozenset(_texts(main.table("requester"))),
        locate_types=_texts(main.table("locate_type")),
        releases=tuple(_row(one) for one in main.tables("release")),
        refusals=tuple(_row(one) for one in main.tables("refusal")),
        tax=tuple(_tax_row(one) for one in tax.tables("row")),
        tax_source=tax.text("source"),
        answers=unique_answers(answers),
    )
    main.finish()
    tax.finish()
    answers.finish()
    _check(found, main)
    return found


def unique_answers(document: Document) -> Mapping[str, Answer]:
    rows = [(one.text("code"), _answer(one)) for one in document.tables("reason")]
    return {code: answer for code, (_, answer) in unique(rows, lambda row: row[0], "reason").items()}


def _answer(one: Document) -> Answer:
    found = Answer(one.text("rule"), one.text("title"), one.text("change"), one.text("source"))
    one.finish()
    return found


def _program(one: Document) -> str:
    one.text("source")
    purpose = one.text("purpose")
    one.finish()
    return purpose


def _texts(one: Document) -> dict[str, str]:
    return {name: one.text(name) for name, _ in list(one.items())}


def _label(name: str, one: Document) -> Label:
    months = one.number("keep_months") if one.has("keep_months") else None
    found = Label(name, one.text("title"), one.text("source"), months, one.text("verified_as", ""))
    one.finish()
    return found


def _kind(one: Document) -> KindPolicy:
    sides = one.table("sides")
    found = KindPolicy(
        programs=frozenset(one.texts("programs")),
        labels=frozenset(one.texts("labels")),
        source=one.text("source"),
        sides={side: frozenset(sides.texts(side)) for side, _ in list(sides.items())},
        always_tells=one.text("tells", "") == "always",
        tells_action=frozenset(one.texts("tells_action")),
        tells_type=frozenset(one.texts("tells_type")),
        told_of_danger=frozenset(one.texts("told_of_danger")),
        verified=frozenset(one.texts("verified")),
    )
    if not found.labels or not found.programs:
        raise one.fault("programs and labels must be named")
    one.finish()
    return found


def _row(one: Document) -> Row:
    found = Row(
        id=one.text("id"),
        labels=frozenset(one.texts("labels")),
        programs=frozenset(one.texts("programs")),
        purposes=frozenset(one.texts("purposes")),
        requesters=frozenset(one.texts("requesters")),
        source=one.text("source"),
    )
    one.finish()
    return found


def _tax_row(one: Document) -> TaxRow:
    found = TaxRow(
        number=one.number("code"),
        recipient=one.text("recipient"),
        programs=frozenset(one.texts("programs")),
        requesters=frozenset(one.texts("requesters")),
        purposes=frozenset(one.texts("purposes")),
        allowed=one.flag("allowed"),
        may=one.text("may"),
        limits=one.text("limits"),
        without_approval=one.flag("without_approval", default=False),
        since=one.day("since"),
        old=one.flag("old", default=False),
    )
    one.finish()
    return found


def _check(policy: Policy, main: Document) -> None:
    for fault in _faults(policy):
        raise main.fault(fault)


def _faults(policy: Policy) -> Iterator[str]:
    known = (policy.labels, policy.programs, policy.purposes, policy.requesters)
    for row in (*policy.releases, *policy.refusals):
        for wanted, names in zip((row.labels, row.programs, row.purposes, row.requesters), known, strict=True):
            yield from (f"row {row.id}: {name} is unknown" for name in _strange(wanted, names))
    if not policy.refusals or not policy.refusals[-1].covers(Cell("", "", "", "")):
        yield "the last refusal must cover everything"
    for kind, one in policy.kinds.items():
        yield from (f"kind {kind}: label {name} is unknown" for name in _strange(one.labels, policy.labels))
        named = one.programs.union(one.told_of_danger, one.verified, *one.sides.values())
        yield from (f"kind {kind}: program {name} is unknown" for name in _strange(named, policy.programs))
    confirmed = [one.verified_as for one in policy.labels.values() if one.verified_as]
    for label in _strange((*policy.tags.values(), *confirmed), policy.labels):
        yield f"tag or label: label {label} is unknown"
    for purpose in _strange((*policy.programs.values(), *policy.locate_types.values()), policy.purposes):
        yield f"purpose {purpose} is unknown"
    for reason in sorted({*Withheld, *Reason, *Stuck} ^ set(policy.answers)):
        yield f"answers.toml: reason {reason} stands on one side only"
    if TRIBAL not in policy.programs:
        yield f"program {TRIBAL} is missing"


def _strange(wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(set(wanted) - set(known))


def check_policy(catalog: Catalog) -> None:
    """Raises Misconfigured for a kind or a tag of the policy that the catalog does not have."""
    tags = {tag for info in catalog.kinds.values() for tag in (*info.facts.tags, *info.facts.flags)}
    for what, wanted, known in (
        ("kind", catalog.policy.kinds, catalog.kinds),
        ("tag", catalog.policy.tags, tags),
    ):
        for name in _strange(wanted, known):
            raise Misconfigured(f"schemas/disclosure/policy.toml: there is no {what} {name}")
