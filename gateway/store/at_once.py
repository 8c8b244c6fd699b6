"""A group of small, fresh submissions as one statement, which is a transaction of its own (PostgreSQL).

Nearly every group is fresh: no key and no serial number in it came before. Then one round trip does what would take
six, and nobody who waits for the commit waits for the others. A number or key that did come before breaks the statement
as a whole; nothing is written, and the group is settled with care (:mod:`gateway.store.intake`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.acceptance import Acceptance
from gateway.core.model import Delivery
from gateway.store.insertion import Insertion, Row
from gateway.store.judgements import finding_rows, serial_rows
from gateway.store.numbering import triple
from gateway.store.rows import (
    ENTRIES,
    ONLY_OF_BIG_BODIES,
    delivery_row,
    entry_row,
    item_row,
    record_row,
    submission_row,
)
from gateway.store.tables import deliveries, findings, items, numbers, records, serials, submissions

MOST = 150
"""Records in one statement; with more the round trips no longer matter."""

_SUBMISSIONS = Insertion(submissions, without=ONLY_OF_BIG_BODIES, returning=("id",))
_SERIALS = Insertion(serials, returning=("record",))
_RECORDS = Insertion(records)
_FINDINGS = Insertion(findings)
_ITEMS = Insertion(items, without=("amendment",))
_NUMBERS = Insertion(
    numbers,
    conflict="ON CONFLICT (partner, sender, kind) DO UPDATE SET last = numbers.last + excluded.last",
    returning=("partner", "sender", "kind", "last"),
)
_ON_ITS_WAY = ("digest", "size", "cause", "fault", "answer", "settled_at", "lease_owner", "lease_until", "edition")
"""What a delivery gets later: the driver looks at each value of a column, empty or not."""
_DELIVERIES = Insertion(deliveries, without=_ON_ITS_WAY)
_GIVEN = "given"


def fits(group: Sequence[Acceptance]) -> bool:
    """Whether the group is small enough, no file in it has to wait for its turn, and nothing is an answer or a notice
    of danger, as few records are."""
    judged = [judged for one in group for judged in one.judged]
    small = len(judged) <= MOST and sum(len(one.findings) for one in judged) <= MOST
    free = all(one.turn is None for one in group)
    return small and free and all(one.question is None and not one.notices for one in judged)


async def write_at_once(connection: AsyncConnection, group: Sequence[Acceptance], announce_grace: timedelta) -> None:
    """Write the group. Raises IntegrityError, having written nothing, when a key or serial number came before.

    Keys, serial numbers and counters go in one after the other, each by their order, so that two processes with the
    same ones wait for each other instead of deadlocking: the parts of a WITH have no order of their own.
    """
    judged = [judged for one in group for judged in one.judged]
    owed = [delivery for one in judged for delivery in one.deliveries]
    found = {one.submission.id: chain(one.findings, *(judged.findings for judged in one.judged)) for one in group}
    entries = chain((one.entry for one in judged), (entry for one in group for entry in one.entries))
    by_key = sorted(group, key=lambda one: (one.submission.sender, one.submission.idempotency_key))
    statement = _Statement(connection.dialect)
    statement.add(_SUBMISSIONS, [submission_row(one.submission) for one in by_key], in_turn=True)
    statement.add(_SERIALS, serial_rows(judged), in_turn=True)
    statement.add(_RECORDS, [record_row(one.record) for one in judged])
    statement.add(_FINDINGS, list(finding_rows(found)))
    statement.add(_ITEMS, [item_row(item) for one in judged for item in one.items])
    statement.add(ENTRIES, [entry_row(entry) for entry in entries])
    if owed:
        wanted = Counter(map(triple, owed))
        rows = [{"partner": p, "sender": s, "kind": k, "last": wanted[p, s, k]} for p, s, k in sorted(wanted)]
        statement.add(_NUMBERS, rows, name=_GIVEN, in_turn=True)
        statement.add_deliveries([_delivery_row(one, wanted, announce_grace) for one in owed])
    await connection.exec_driver_sql(statement.text(), tuple(statement.parameters))


def _delivery_row(delivery: Delivery, after: Counter[tuple[str, str, str]], announce_grace: timedelta) -> Row:
    """``number``: how many deliveries of its triple come after it. ``after`` is counted down."""
    after[triple(delivery)] -= 1
    return {
        **delivery_row(delivery, announce_at=delivery.due_at + announce_grace),
        "number": after[triple(delivery)],
    }


class _Statement:
    """Insertions as the parts of one WITH; its text depends on which tables get rows, never on how many."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.parameters: list[Sequence[object]] = []
        self._parts: list[str] = []
        self._last = ""

    def add(self, insertion: Insertion, rows: Sequence[Row], name: str = "", *, in_turn: bool = False) -> None:
        """``in_turn``: only when the last part of which that was asked is done."""
        if not rows:
            return
        after = f"WHERE (SELECT count(*) FROM {self._last}) > 0" if in_turn and self._last else ""  # noqa: S608 - our own names
        part = self._append(name, insertion.unnesting(len(self.parameters) + 1, after))
        self._last = part if in_turn else self._last
        self.parameters += insertion.columns(rows, self._dialect)

    def add_deliveries(self, rows: Sequence[Row]) -> None:
        """With the running numbers that were given to their triples."""
        names = _DELIVERIES.names
        taken = ", ".join(f"{_GIVEN}.last - owed.number" if name == "number" else f'owed."{name}"' for name in names)
        arrays = _DELIVERIES.placed(len(self.parameters) + 1)
        columns = ", ".join(f'"{name}"' for name in names)
        self._append(
            "",
            f"INSERT INTO deliveries ({columns}) SELECT {taken} FROM unnest({arrays}) AS owed({columns}) "  # noqa: S608 - our own names
            f"JOIN {_GIVEN} USING (partner, sender, kind)",
        )
        self.parameters += _DELIVERIES.columns(rows, self._dialect)

    def _append(self, name: str, part: str) -> str:
        name = name or f"part_{len(self._parts)}"
        self._parts.append(f"{name} AS ({part})")
        return name

    def text(self) -> str:
        return f"WITH {', '.join(self._parts)} SELECT 1"
