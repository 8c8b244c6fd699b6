"""Second factors of operators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from gateway.core.errors import Conflict
from gateway.core.model import AuditEntry
from gateway.core.ports.factors import Factor, FactorKind
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import factors


class StoredFactors:
    """Implements :class:`gateway.core.ports.factors.Factors`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, operator: str) -> tuple[Factor, ...]:
        query = select(factors).where(factors.c.operator == operator).order_by(factors.c.id)
        async with self._database.read() as connection:
            return tuple(_factor(row) for row in await connection.execute(query))

    async def add(self, factor: Factor, entry: AuditEntry) -> None:
        """As the port says. The index on credentials is the judge when two are added at once."""
        async with self._database.write() as connection:
            if factor.credential is not None:
                same = select(factors.c.id).where(factors.c.credential == factor.credential)
                if (await connection.execute(same)).first() is not None:
                    raise Conflict("This passkey is enrolled already.", code="factor-exists")
            await connection.execute(
                insert(factors).values(
                    id=factor.id,
                    operator=factor.operator,
                    kind=factor.kind.value,
                    label=factor.label,
                    credential=factor.credential,
                    sealed=factor.sealed,
                    counter=factor.counter,
                    created_at=factor.created_at,
                )
            )
            await write_entries(connection, [entry])

    async def advance(self, factor: str, counter: int, now: datetime) -> bool:
        newer = factors.c.counter < counter if counter else factors.c.counter == 0
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(factors).where(factors.c.id == factor, newer).values(counter=counter, used_at=now)
            )
            return bool(changed.rowcount)

    async def remove(self, operator: str, factor: str | None, entry: AuditEntry) -> int:
        """As the port says. The rows of the operator are locked for the question which is the last one."""
        chosen = factors.c.operator == operator
        async with self._database.write() as connection:
            if factor is not None:
                own = select(factors.c.id).where(chosen).order_by(factors.c.id).with_for_update()
                if (await connection.scalars(own)).all() == [factor]:
                    raise Conflict("This is the only second factor. Enrol another one first.", code="factor-last")
                chosen &= factors.c.id == factor
            gone = (await connection.execute(delete(factors).where(chosen))).rowcount
            if gone:
                await write_entries(connection, [entry])
            return gone


def _factor(row: Row[Any]) -> Factor:
    return Factor(
        id=row.id,
        operator=row.operator,
        kind=FactorKind(row.kind),
        label=row.label,
        sealed=row.sealed,
        counter=row.counter,
        created_at=row.created_at,
        used_at=row.used_at,
        credential=row.credential,
    )
