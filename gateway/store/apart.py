"""Taking records out of a delivery, in the transaction of whoever changes its state: nothing is lost, nothing goes
twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.lifecycle import Event, sources
from gateway.core.model import Apart, AuditEntry, DeliveryId, DeliveryState, Settlement
from gateway.store.accounting import remember
from gateway.store.bulk import among
from gateway.store.insertion import write_together
from gateway.store.numbering import numbered
from gateway.store.revisions import grow
from gateway.store.rows import write_entries
from gateway.store.tables import audit_entries, deliveries, delivery_findings, items, mailbox, overrides, wire_payloads


async def take_apart(connection: AsyncConnection, settlements: Sequence[Settlement]) -> None:
    """For settlements that were just written, whose owner held the deliveries."""
    for settlement in settlements:
        await _take_orders(connection, settlement.delivery, settlement.apart)
    for settlement in settlements:
        if settlement.apart:
            await _take_out(connection, settlement.delivery, settlement.apart)


async def recall(
    connection: AsyncConnection, delivery: DeliveryId, apart: Sequence[Apart], entry: AuditEntry, now: datetime
) -> bool:
    """Take records out of a parcel that nobody has fetched, and let the rest be placed anew. False: it was fetched, or
    it does not wait any more; nothing is changed then."""
    read = exists().where(audit_entries.c.object == f"delivery:{delivery}", audit_entries.c.action == "record.read")
    lies = exists().where(mailbox.c.delivery == delivery, mailbox.c.sealed.is_not(None))
    waits = deliveries.c.state.in_(sources(Event.LET_ON) - {DeliveryState.CLAIMED})
    changed = await connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery, waits, lies, ~read)
        .values(state=DeliveryState.PENDING.value, due_at=now, announce_at=now)
    )
    if not changed.rowcount:
        return False
    await connection.execute(update(mailbox).where(mailbox.c.delivery == delivery).values(sealed=None))
    await _take_orders(connection, delivery, apart)
    await _take_out(connection, delivery, apart)
    await write_entries(connection, [entry])
    return True


async def _take_orders(connection: AsyncConnection, delivery: DeliveryId, apart: Sequence[Apart]) -> None:
    """An order of a court that let a record go goes with it: else it would pass for delivered with the rest. Before
    running numbers are taken, since who places notices locks the register first, too (no deadlocks)."""
    taken = [one.record for one in apart]
    used = (overrides.c.delivery == delivery, among(connection, overrides.c.record, taken))
    if not taken or await connection.scalar(select(overrides.c.id).where(*used).limit(1)) is None:
        return
    revision = await grow(connection)
    moving = update(overrides).where(overrides.c.delivery == delivery, overrides.c.record == bindparam("taken"))
    await connection.execute(
        moving.values(delivery=bindparam("into"), revision=revision),
        [{"taken": one.record, "into": one.delivery.id} for one in apart],
    )


async def _take_out(connection: AsyncConnection, delivery: DeliveryId, apart: Sequence[Apart]) -> None:
    """The caller has changed the delivery's row in this transaction, so nobody else can."""
    # What the partner may have had before is accounted for under the delivery that it came with.
    await remember(connection, [one.record for one in apart], delivery)
    moving = update(items).where(items.c.delivery == delivery, items.c.record == bindparam("taken"))
    await connection.execute(
        moving.values(delivery=bindparam("into")), [{"taken": one.record, "into": one.delivery.id} for one in apart]
    )
    left = {"records": deliveries.c.records - len(apart), "digest": None, "size": None}
    await connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(left))
    # Both were made of all its records, and are made anew of the rest.
    for made in (wire_payloads, delivery_findings):
        await connection.execute(delete(made).where(made.c.delivery == delivery))
    await write_together(connection, await numbered(connection, [one.delivery for one in apart]))
    await write_entries(connection, [one.entry for one in apart])
