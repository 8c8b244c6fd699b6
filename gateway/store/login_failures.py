"""Failed logins, by a digest of the name or address: what was typed as a name may be a password."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from gateway.store.engine import Database
from gateway.store.tables import login_failures


class StoredLoginFailures:
    """Implements :class:`gateway.core.ports.login_failures.LoginFailures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, subject: str, after: datetime) -> Sequence[datetime]:
        columns = login_failures.c
        query = select(columns.at).where(columns.subject == _digest(subject), columns.at > after).order_by(columns.at)
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def add(self, subject: str, at: datetime, forget_before: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(login_failures).where(login_failures.c.at <= forget_before))
            await connection.execute(insert(login_failures).values(subject=_digest(subject), at=at))

    async def forget(self, subject: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(login_failures).where(login_failures.c.subject == _digest(subject)))


def _digest(subject: str) -> bytes:
    return hashlib.sha256(subject.encode()).digest()
