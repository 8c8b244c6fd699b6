"""The computers that operators' accounts are bound to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, or_, select

from gateway.core.errors import Conflict
from gateway.core.model import AuditEntry
from gateway.core.ports.devices import Device
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import operator_devices, sessions

_OLDEST_FIRST = (operator_devices.c.operator, operator_devices.c.added_at, operator_devices.c.thumbprint)


class StoredDevices:
    """Implements :class:`gateway.core.ports.devices.Devices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, operator: str) -> tuple[Device, ...]:
        query = select(operator_devices).where(operator_devices.c.operator == operator).order_by(*_OLDEST_FIRST)
        async with self._database.read() as connection:
            return tuple(_device(row) for row in await connection.execute(query))

    async def list(self) -> tuple[Device, ...]:
        async with self._database.read() as connection:
            found = await connection.execute(select(operator_devices).order_by(*_OLDEST_FIRST))
            return tuple(_device(row) for row in found)

    async def add(self, device: Device, entry: AuditEntry) -> int:
        bound = select(operator_devices.c.thumbprint).where(operator_devices.c.operator == device.operator)
        async with self._database.write() as connection:
            same = bound.where(operator_devices.c.thumbprint == device.thumbprint)
            if (await connection.execute(same)).first() is not None:
                raise Conflict("The account is bound to this computer already.", code="device-exists")
            await connection.execute(
                insert(operator_devices).values(
                    operator=device.operator,
                    thumbprint=device.thumbprint,
                    label=device.label,
                    added_at=device.added_at,
                )
            )
            elsewhere = or_(sessions.c.device.is_(None), sessions.c.device.not_in(bound))
            ended = await connection.execute(delete(sessions).where(sessions.c.operator == device.operator, elsewhere))
            await write_entries(connection, [entry])
        return ended.rowcount

    async def remove(self, operator: str, thumbprint: str, entry: AuditEntry) -> int | None:
        chosen = (operator_devices.c.operator == operator) & (operator_devices.c.thumbprint == thumbprint)
        there = (sessions.c.operator == operator) & (sessions.c.device == thumbprint)
        async with self._database.write() as connection:
            if not (await connection.execute(delete(operator_devices).where(chosen))).rowcount:
                return None
            ended = await connection.execute(delete(sessions).where(there))
            await write_entries(connection, [entry])
        return ended.rowcount


def _device(row: Row[Any]) -> Device:
    return Device(row.operator, row.thumbprint, row.label, row.added_at)
