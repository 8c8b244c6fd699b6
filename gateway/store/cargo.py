"""What deliveries carry, whole, for those who only look."""

from __future__ import annotations

from sqlalchemy import select

from gateway.core.model import Claimed, DeliveryId
from gateway.store.claiming import carrying
from gateway.store.engine import Database
from gateway.store.rows import delivery_from
from gateway.store.tables import deliveries


class StoredCargo:
    """Implements :class:`gateway.core.ports.amendments.Cargoes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def whole(self, delivery: DeliveryId, most: int) -> Claimed | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(deliveries).where(deliveries.c.id == delivery))).one_or_none()
            if row is None or row.records > most:
                return None
            found = (await carrying(connection, {delivery: delivery_from(row)}))[delivery]
        return found if found.records and all(sealed is not None for _, sealed in found.records) else None
