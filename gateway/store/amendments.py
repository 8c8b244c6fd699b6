"""Amendments: they wait beside the record for the second word, and go out in its place when it was used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.amendment import Amendment, Body
from gateway.core.four_eyes import Act, Request
from gateway.core.ids import Clock
from gateway.core.model import AuditEntry, DeliveryId, DeliveryState, Digest, RecordId
from gateway.core.ports.approvals import Spent
from gateway.store.approvals import spend, write_request
from gateway.store.bulk import among
from gateway.store.engine import Database
from gateway.store.rows import record_from, write_entries
from gateway.store.tables import amendments, approvals, deliveries, delivery_findings, items, records, wire_payloads

_TOLD = [column for column in amendments.c if column is not amendments.c.sealed]


class _NotNow(Exception):
    """Something is not as it was when the amendment was made; the transaction is undone."""


class StoredAmendments:
    """Implements :class:`gateway.core.ports.amendments.Amendments`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def body(self, delivery: DeliveryId, record: RecordId) -> Body | None:
        carried = (
            select(records, items.c.amendment)
            .join(items, items.c.record == records.c.id)
            .where(items.c.delivery == delivery, records.c.id == record)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(carried)).one_or_none()
            if row is None:
                return None
            instead = None if row.amendment is None else await _one(connection, row.amendment)
        return Body(record_from(row), instead)

    async def get(self, amendment: str) -> Amendment | None:
        async with self._database.read() as connection:
            return await _one(connection, amendment)

    async def of_delivery(self, delivery: DeliveryId) -> tuple[Amendment, ...]:
        used = (amendments.c.delivery == delivery) & amendments.c.used_at.is_not(None)
        query = select(*_TOLD).where(used).order_by(amendments.c.used_at, amendments.c.id)
        async with self._database.read() as connection:
            return tuple(_amendment(row) for row in await connection.execute(query))

    async def ask(self, amendment: Amendment, request: Request, entry: AuditEntry) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                insert(amendments).values(
                    id=amendment.id,
                    delivery=amendment.delivery,
                    record=amendment.record,
                    base=amendment.base,
                    fields=" ".join(amendment.fields),
                    before=amendment.before,
                    after=amendment.after,
                    made_at=amendment.made_at,
                    asked_by=amendment.asked_by,
                    sealed=amendment.sealed,
                )
            )
            await write_request(connection, request)
            await write_entries(connection, [entry])

    async def use(self, amendment: Amendment, spent: Spent, entries: Sequence[AuditEntry]) -> bool:
        """As the port says. Rows are locked in the order in which everybody does: the delivery first."""
        try:
            async with self._database.write() as connection:
                await _send_again(connection, amendment, spent)
                await _put_in_place(connection, amendment)
                await _spend(connection, amendment, spent)
                await write_entries(connection, entries)
        except _NotNow:
            return False
        return True

    async def forget(self) -> int:
        over = select(approvals.c.id).where(approvals.c.act == Act.AMEND.value, approvals.c.expires_at <= self._clock())
        late = delete(amendments).where(amendments.c.used_at.is_(None), amendments.c.id.in_(over))
        async with self._database.write() as connection:
            return (await connection.execute(late)).rowcount

    async def counts(self) -> Mapping[str, int]:
        sent = amendments.c.used_at.is_not(None)
        query = select(func.count().filter(~sent).label("waiting"), func.count().filter(sent).label("sent"))
        async with self._database.read() as connection:
            row = (await connection.execute(query.select_from(amendments))).one()
        return {"waiting": row.waiting, "sent": row.sent}


async def swaps(connection: AsyncConnection, rows: Iterable[Row[Any]]) -> Mapping[str, bytes]:
    """Amendment -> its sealed content, for rows with a column ``amendment``. Asks nothing where there is none."""
    wanted = sorted({row.amendment for row in rows if row.amendment is not None})
    if not wanted:
        return {}
    query = select(amendments.c.id, amendments.c.sealed).where(among(connection, amendments.c.id, wanted))
    return {row.id: row.sealed for row in await connection.execute(query)}


async def _send_again(connection: AsyncConnection, amendment: Amendment, spent: Spent) -> None:
    """Only what is dead: a held delivery has bytes that somebody must look at first. A payload that was kept, and what
    it could not carry, were made of other content."""
    dead = deliveries.c.state == DeliveryState.DEAD.value
    changes = {
        "state": DeliveryState.PENDING.value,
        "due_at": spent.at,
        "announce_at": spent.at,
        "attempts": 0,
        "digest": None,
        "size": None,
        "cause": None,
        "fault": None,
        "settled_at": None,
        "edition": deliveries.c.edition + 1,
    }
    await _one_row(connection, update(deliveries).where(deliveries.c.id == amendment.delivery, dead).values(changes))
    for made in (wire_payloads, delivery_findings):
        await connection.execute(delete(made).where(made.c.delivery == amendment.delivery))


async def _put_in_place(connection: AsyncConnection, amendment: Amendment) -> None:
    """Only where the delivery carries what was amended, and the record has not been erased meanwhile."""
    kept = exists().where(records.c.id == amendment.record, records.c.sealed.is_not(None))
    place = (items.c.record == amendment.record) & (items.c.delivery == amendment.delivery)
    same = items.c.amendment.is_not_distinct_from(amendment.base)
    await _one_row(connection, update(items).where(place, same, kept).values(amendment=amendment.id))


async def _spend(connection: AsyncConnection, amendment: Amendment, spent: Spent) -> None:
    if not await spend(connection, amendment.id, Act.AMEND, spent):
        raise _NotNow
    waiting = (amendments.c.id == amendment.id) & amendments.c.used_at.is_(None) & amendments.c.sealed.is_not(None)
    by = select(approvals.c.decided_by).where(approvals.c.id == amendment.id).scalar_subquery()
    await _one_row(connection, update(amendments).where(waiting).values(used_at=spent.at, approved_by=by))


async def _one_row(connection: AsyncConnection, change: Any) -> None:  # noqa: ANN401 - the type of an UPDATE names its table
    if not (await connection.execute(change)).rowcount:
        raise _NotNow


async def _one(connection: AsyncConnection, amendment: str) -> Amendment | None:
    row = (await connection.execute(select(amendments).where(amendments.c.id == amendment))).one_or_none()
    return None if row is None else _amendment(row)


def _amendment(row: Row[Any]) -> Amendment:
    """Without its body when the query left the column ``sealed`` out."""
    return Amendment(
        id=row.id,
        delivery=DeliveryId(row.delivery),
        record=RecordId(row.record),
        base=row.base,
        fields=tuple(row.fields.split(" ")),
        before=None if row.before is None else Digest(row.before),
        after=None if row.after is None else Digest(row.after),
        sealed=getattr(row, "sealed", None),
        made_at=row.made_at,
        asked_by=row.asked_by,
        approved_by=row.approved_by,
        used_at=row.used_at,
    )
