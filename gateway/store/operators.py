"""Operator accounts and their login sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, not_, select, update

from gateway.core.model import AuditEntry, PartnerKey
from gateway.core.ports.accounts import Operator, Session
from gateway.store.bulk import upsert
from gateway.store.devices import unfit_device
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import operators, sessions

_ENABLED = 0


class StoredOperators:
    """Implements :class:`gateway.core.ports.accounts.Operators`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, name: str) -> Operator | None:
        """Disabled ones too; whether they may log in is the caller's question."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(operators).where(operators.c.name == name))).one_or_none()
        return None if row is None else _operator(row)

    async def add(self, operator: Operator, entry: AuditEntry) -> None:
        """As the port says. A replaced operator is logged out everywhere."""
        columns = {
            "role": operator.role,
            "password_hash": operator.password_hash,
            "disabled": int(operator.disabled),
            "partner": operator.partner,
            "provider": operator.provider,
            "subject": operator.subject,
            "sealed_surname": operator.sealed_surname,
            "break_glass": int(operator.break_glass),
        }
        async with self._database.write() as connection:
            statement = upsert(connection, operators).values(name=operator.name, **columns)
            await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=columns))
            await connection.execute(delete(sessions).where(sessions.c.operator == operator.name))
            await write_entries(connection, [entry])

    async def list(self) -> tuple[Operator, ...]:
        """By name."""
        async with self._database.read() as connection:
            return tuple(
                _operator(row) for row in await connection.execute(select(operators).order_by(operators.c.name))
            )

    async def open_session(self, session: Session, entry: AuditEntry, instead_of: bytes | None = None) -> None:
        async with self._database.write() as connection:
            if instead_of is not None:
                await connection.execute(delete(sessions).where(sessions.c.token_digest == instead_of))
            await connection.execute(
                insert(sessions).values(
                    token_digest=session.token_digest,
                    operator=session.operator,
                    csrf=session.csrf,
                    created_at=session.created_at,
                    seen_at=session.seen_at,
                    proved_at=session.proved_at,
                    device=session.device,
                )
            )
            await write_entries(connection, [entry])

    async def session(
        self, token_digest: bytes, idle_since: datetime, born_since: datetime, now: datetime, *, seen: bool = True
    ) -> tuple[Session, Operator] | None:
        """As the port says: last seen at or after ``idle_since``, opened at or after ``born_since``. Sessions that are
        past these limits are removed when somebody still asks for one."""
        found = select(operators).where(operators.c.disabled == _ENABLED)
        async with self._database.write() as connection:
            marked = await connection.execute(
                update(sessions)
                .where(
                    sessions.c.token_digest == token_digest,
                    sessions.c.seen_at >= idle_since,
                    sessions.c.created_at >= born_since,
                    not_(unfit_device()),
                    sessions.c.operator.in_(select(found.subquery().c.name)),
                )
                .values(seen_at=now if seen else sessions.c.seen_at)
                .returning(*sessions.c)
            )
            row = marked.one_or_none()
            if row is None:
                await connection.execute(
                    delete(sessions).where((sessions.c.seen_at < idle_since) | (sessions.c.created_at < born_since))
                )
                return None
            owner = (await connection.execute(found.where(operators.c.name == row.operator))).one_or_none()
        return None if owner is None else (_session(row), _operator(owner))

    async def lives(self, token_digest: bytes) -> bool:
        query = (
            select(sessions.c.token_digest)
            .join(operators, operators.c.name == sessions.c.operator)
            .where(sessions.c.token_digest == token_digest, operators.c.disabled == _ENABLED, not_(unfit_device()))
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).one_or_none() is not None

    async def close_all(self, operator: str, entry: AuditEntry) -> int:
        async with self._database.write() as connection:
            gone = await connection.execute(delete(sessions).where(sessions.c.operator == operator))
            await write_entries(connection, [entry])
        return gone.rowcount

    async def close_session(self, token_digest: bytes) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_digest == token_digest))


def _operator(row: Row[Any]) -> Operator:
    return Operator(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        disabled=bool(row.disabled),
        partner=None if row.partner is None else PartnerKey(row.partner),
        provider=row.provider,
        subject=row.subject,
        sealed_surname=row.sealed_surname,
        break_glass=bool(row.break_glass),
    )


def _session(row: Row[Any]) -> Session:
    return Session(row.token_digest, row.operator, row.csrf, row.created_at, row.seen_at, row.proved_at, row.device)
