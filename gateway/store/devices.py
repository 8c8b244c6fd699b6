"""The computers that operators' accounts are bound to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, insert, not_, or_, select

from gateway.core.errors import Conflict
from gateway.core.model import AuditEntry
from gateway.core.ports.devices import Device, Lost
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import lost_devices, operator_devices, sessions

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

    async def lost(self) -> tuple[Lost, ...]:
        query = select(lost_devices).order_by(lost_devices.c.at.desc(), lost_devices.c.thumbprint)
        async with self._database.read() as connection:
            return tuple(Lost(row.thumbprint, row.reason, row.at) for row in await connection.execute(query))

    async def is_lost(self, thumbprint: str) -> bool:
        query = select(lost_devices.c.thumbprint).where(lost_devices.c.thumbprint == thumbprint)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def lose(self, lost: Lost, entry: AuditEntry) -> int:
        same = select(lost_devices.c.thumbprint).where(lost_devices.c.thumbprint == lost.thumbprint)
        async with self._database.write() as connection:
            if (await connection.execute(same)).first() is not None:
                raise Conflict("The computer is reported lost already.", code="device-exists")
            await connection.execute(
                insert(lost_devices).values(thumbprint=lost.thumbprint, reason=lost.reason, at=lost.at)
            )
            ended = await connection.execute(delete(sessions).where(sessions.c.device == lost.thumbprint))
            await write_entries(connection, [entry])
        return ended.rowcount

    async def recover(self, thumbprint: str, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            found = await connection.execute(delete(lost_devices).where(lost_devices.c.thumbprint == thumbprint))
            if found.rowcount:
                await write_entries(connection, [entry])
        return bool(found.rowcount)


def unfit_device() -> ColumnElement[bool]:
    """Of a session: it is on a lost computer, or on none of those that its account is bound to. Sessions of such are
    removed when that is said; this is for one that is opened at the same moment."""
    of_the_account = operator_devices.c.operator == sessions.c.operator
    bound = select(operator_devices.c.thumbprint).where(of_the_account)
    here = bound.where(operator_devices.c.thumbprint == sessions.c.device)
    lost = select(lost_devices.c.thumbprint).where(lost_devices.c.thumbprint == sessions.c.device)
    return or_(exists(lost), and_(exists(bound), not_(exists(here))))


def _device(row: Row[Any]) -> Device:
    return Device(row.operator, row.thumbprint, row.label, row.added_at)
