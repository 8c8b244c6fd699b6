"""Failed logins, by a keyed digest of the name or address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from gateway.store.engine import Database
from gateway.store.tables import login_failures


class StoredLoginFailures:
    """Implements :class:`gateway.core.ports.login_failures.LoginFailures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, subject: bytes, after: datetime) -> Sequence[datetime]:
        columns = login_failures.c
        query = select(columns.at).where(columns.subject == subject, columns.at > after).order_by(columns.at)
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def add(self, subject: bytes, at: datetime, forget_before: datetime) -> int:
        row = insert(login_failures).values(subject=subject, at=at).returning(login_failures.c.number)
        async with self._database.write() as connection:
            await connection.execute(delete(login_failures).where(login_failures.c.at <= forget_before))
            return int((await connection.execute(row)).scalar_one())

    async def take_back(self, number: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(login_failures).where(login_failures.c.number == number))

    async def forget(self, subject: bytes) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(login_failures).where(login_failures.c.subject == subject))
