"""Protected payloads, sealed, from the first attempt until the partner has them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, exists, select, update

from gateway.core.model import DeliveryId, DeliveryState, Digest
from gateway.core.ports.wire_keys import Payload
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.tables import deliveries, wire_payloads

_DONE = (DeliveryState.DELIVERED.value, DeliveryState.WITHDRAWN.value)


class StoredPayloads:
    """Implements :class:`gateway.core.ports.wire_keys.Payloads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(self, delivery: DeliveryId) -> Payload | None:
        async with self._database.read() as connection:
            row = (await connection.execute(_of(delivery))).one_or_none()
        return None if row is None else _payload(row)

    async def keep(self, payload: Payload, instead: Digest | None = None) -> Payload:
        """Two dispatchers may make one each (a lease ran out): the first one stays, and both send that."""
        values = {
            "key": payload.key,
            "inner": payload.inner,
            "digest": payload.digest,
            "size": payload.size,
            "media_type": payload.media_type,
            "extension": payload.extension,
            "sealed": payload.sealed,
        }
        async with self._database.write() as connection:
            if instead is None:
                statement = upsert(connection, wire_payloads).values(delivery=payload.delivery, **values)
                changed = await connection.execute(statement.on_conflict_do_nothing())
            else:
                fitting = (wire_payloads.c.delivery == payload.delivery) & (wire_payloads.c.digest == instead)
                changed = await connection.execute(update(wire_payloads).where(fitting).values(values))
            if changed.rowcount:
                told = {"digest": payload.digest, "size": payload.size}
                known = (deliveries.c.id == payload.delivery) & deliveries.c.digest.is_not(None)
                await connection.execute(update(deliveries).where(known).values(told))
            return _payload((await connection.execute(_of(payload.delivery))).one())

    async def forget(self) -> int:
        done = exists().where(deliveries.c.id == wire_payloads.c.delivery, deliveries.c.state.in_(_DONE))
        statement = update(wire_payloads).where(wire_payloads.c.sealed.is_not(None), done).values(sealed=None)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount


def _of(delivery: DeliveryId) -> Select[Any]:
    return select(wire_payloads).where(wire_payloads.c.delivery == delivery)


def _payload(row: Row[Any]) -> Payload:
    return Payload(
        delivery=DeliveryId(row.delivery),
        key=row.key,
        inner=Digest(row.inner),
        digest=Digest(row.digest),
        size=row.size,
        media_type=row.media_type,
        extension=row.extension,
        sealed=row.sealed,
    )
