"""The revision of the register of protected persons and of what courts ordered about them."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.bulk import upsert
from gateway.store.tables import revisions

REGISTER = "notices"


def register_revision() -> ScalarSelect[int]:
    """The revision of the register, for a statement that wants to know it in its own moment."""
    return select(revisions.c.value).where(revisions.c.name == REGISTER).scalar_subquery()


async def grow(connection: AsyncConnection) -> int:
    """The next revision. The row lock lasts until the commit, which keeps revisions in the order of the commits."""
    first = upsert(connection, revisions).values(name=REGISTER, value=1)
    grown = first.on_conflict_do_update(index_elements=["name"], set_={"value": revisions.c.value + 1})
    return int((await connection.execute(grown.returning(revisions.c.value))).scalar_one())
