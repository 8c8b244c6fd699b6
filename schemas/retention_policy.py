"""From ``schemas/retention/policy.toml`` to the schedule of retention, checked: what the law bounds stays in bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from gateway.core.catalog import Catalog
from gateway.core.model import Kind
from gateway.core.policy import Policy
from gateway.core.retention import BY_ORDER, Bound, Event, Log, Rule, Schedule
from schemas.document import SHIPPED, Document, parse

Word = TypeVar("Word", Bound, Event)
FILE = "retention/policy.toml"
LEAST: Mapping[str, int] = {"audit": 84, "disclosures": 72}
"""Months that a log is kept at least: IRS Publication 1075 AU-11; 45 CFR 164.528."""
LEAST_RECORDS = 36
"""Months of the floor for records that no other rule is about: 45 CFR 302.15(a)(8), 309.85(b)."""
MOST_EXTRACT_DAYS = 90
_LOGS = frozenset({"audit", "disclosures", "extracts"})


def read_schedule(content: bytes, catalog: Catalog, disclosure: Policy, file: str = FILE) -> Schedule:
    """Raises Misconfigured naming the row: for an unknown kind or label, and for a period that the law does not
    allow."""
    document = parse(file, content, SHIPPED if file == FILE else "")
    found = Schedule(
        version=document.text("version"),
        digest=hashlib.sha256(content).hexdigest(),
        rules=tuple(_rule(name, one) for name, one in document.table("rule").named()),
        logs={name: _log(one) for name, one in document.table("log").named()},
        closing=_closing(document.table("closing")),
    )
    document.finish()
    _check_words(found, catalog, disclosure, document)
    _check_records(found, document)
    _check_ceilings(found, disclosure, document)
    _check_logs(found, document)
    return found


def _rule(name: str, one: Document) -> Rule:
    found = Rule(
        name=name,
        title=one.text("title"),
        bound=_word(one, "bound", Bound),
        event=_word(one, "from", Event),
        months=one.number("months"),
        source=one.text("source"),
        kinds=frozenset(Kind(kind) for kind in one.texts("kinds")),
        labels=frozenset(one.texts("labels")),
        purposes=frozenset(one.texts("purposes")),
        otherwise_months=one.number("otherwise_months") if one.has("otherwise_months") else None,
    )
    one.finish()
    if found.months < 0:
        raise one.fault("months cannot be negative")
    if found.otherwise_months is not None and found.otherwise_months < found.months:
        raise one.fault("otherwise_months cannot be less than months: the case may be open")
    return found


def _word(one: Document, key: str, words: type[Word]) -> Word:
    text = one.text(key)
    try:
        return words(text)
    except ValueError:
        raise one.fault(f"{key} must be one of {', '.join(words)}") from None


def _log(one: Document) -> Log:
    found = Log(one.text("title"), one.text("source"), one.number("months", 0), one.number("days", 0))
    one.finish()
    return found


def _closing(one: Document) -> frozenset[str]:
    found = frozenset(one.texts("transactions"))
    if found:
        one.text("source")
    one.finish()
    return found


def _check_words(found: Schedule, catalog: Catalog, disclosure: Policy, document: Document) -> None:
    for rule in found.rules:
        known = (
            (rule.kinds, catalog.kinds, "kind"),
            (rule.labels, disclosure.labels, "label"),
            (rule.purposes, disclosure.purposes | {BY_ORDER}, "purpose"),
        )
        for words, table, what in known:
            if strange := sorted(set(words) - set(table)):
                raise document.fault(f"rule.{rule.name}: there is no {what} {strange[0]}")
    if strange := sorted(found.closing - set(catalog.triples)):
        raise document.fault(f"closing: there is no transaction {strange[0]}")


def _check_records(found: Schedule, document: Document) -> None:
    """Every record has a floor that the law accepts."""
    bare = [r for r in found.rules if r.bound is Bound.FLOOR and not (r.kinds or r.labels or r.purposes)]
    if not any(rule.months >= LEAST_RECORDS for rule in bare):
        raise document.fault(f"a floor of {LEAST_RECORDS} months or more for every record is missing")


def _check_ceilings(found: Schedule, disclosure: Policy, document: Document) -> None:
    """A label with a ceiling in the disclosure policy has one here that is no longer, from receipt, for every kind."""
    for label in disclosure.labels.values():
        if label.keep_months is None:
            continue
        fitting = [
            rule.months
            for rule in found.rules
            if rule.bound is Bound.CEILING and rule.event is Event.RECEIVED and label.name in rule.labels
            and not (rule.kinds or rule.purposes)
        ]  # fmt: skip
        if not fitting or min(fitting) > label.keep_months:
            raise document.fault(f"a ceiling of {label.keep_months} months or less for {label.name} is missing")


def _check_logs(found: Schedule, document: Document) -> None:
    if strange := sorted(set(found.logs) ^ _LOGS):
        raise document.fault(f"log.{strange[0]} is missing or not known")
    for name, least in LEAST.items():
        if found.logs[name].months < least:
            raise document.fault(f"log.{name}: months must be {least} or more")
    if not 0 < found.logs["extracts"].days <= MOST_EXTRACT_DAYS:
        raise document.fault(f"log.extracts: days must be 1 to {MOST_EXTRACT_DAYS}")
