"""API keys: digests, never the keys themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.errors import Conflict
from gateway.core.ids import Clock
from gateway.core.model import AuditEntry, PartnerKey, Principal
from gateway.core.ports.accounts import ApiKey
from gateway.store.bulk import one_at_a_time
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import api_keys

LIVE_KEYS = 2
"""A partner's live keys: one in use and one to change over to."""


class StoredApiKeys:
    """Implements :class:`gateway.core.ports.accounts.ApiKeys`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def find(self, key_id: str) -> ApiKey | None:
        query = select(api_keys).where(api_keys.c.id == key_id, _live(self._clock()))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _key(row)

    async def add(self, key: ApiKey, entry: AuditEntry) -> None:
        """As the port says. Operators' keys are not counted. Raises Conflict for an id that is taken, too."""
        async with self._database.write() as connection:
            await one_at_a_time(connection, f"api-keys:{key.principal.partner}")
            if key.principal.partner is not None:
                await self._refuse_third(connection, key.principal.partner)
            if await connection.scalar(select(api_keys.c.id).where(api_keys.c.id == key.id)) is not None:
                raise Conflict("There is a key with this id", code="api-key-exists")
            await connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    digest=key.digest,
                    pepper=key.pepper,
                    partner=key.principal.partner,
                    operator=key.principal.operator,
                    scopes=" ".join(sorted(key.principal.scopes)),
                    created_at=key.created_at,
                    expires_at=key.expires_at,
                )
            )
            await write_entries(connection, [entry])

    async def list(self, partner: PartnerKey | None) -> tuple[ApiKey, ...]:
        """Keys that are not revoked, expired ones too, oldest first; None: everybody's."""
        query = select(api_keys).where(api_keys.c.revoked_at.is_(None)).order_by(api_keys.c.created_at, api_keys.c.id)
        if partner is not None:
            query = query.where(api_keys.c.partner == partner)
        async with self._database.read() as connection:
            return tuple(_key(row) for row in await connection.execute(query))

    async def revoke(self, key_id: str, entry: AuditEntry) -> bool:
        async with self._database.write() as connection:
            revoked = await connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )
            if not revoked.rowcount:
                return False
            await write_entries(connection, [entry])
            return True

    async def renew(self, old: ApiKey, new: ApiKey) -> None:
        same = (api_keys.c.id == old.id, api_keys.c.digest == old.digest)
        async with self._database.write() as connection:
            await connection.execute(update(api_keys).where(*same).values(digest=new.digest, pepper=new.pepper))

    async def peppered(self) -> Mapping[str | None, int]:
        query = (
            select(api_keys.c.pepper, func.count().label("keys"))
            .where(_live(self._clock()))
            .group_by(api_keys.c.pepper)
        )
        async with self._database.read() as connection:
            return {row.pepper: row.keys for row in await connection.execute(query)}

    async def _refuse_third(self, connection: AsyncConnection, partner: PartnerKey) -> None:
        query = select(func.count()).select_from(api_keys).where(api_keys.c.partner == partner, _live(self._clock()))
        if (await connection.scalar(query) or 0) >= LIVE_KEYS:
            raise Conflict(f"The partner has {LIVE_KEYS} live keys; revoke one first", code="api-keys-two")


def _live(now: datetime) -> ColumnElement[bool]:
    return and_(api_keys.c.revoked_at.is_(None), or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        digest=row.digest,
        pepper=row.pepper,
        principal=Principal(
            key_id=row.id,
            scopes=frozenset(row.scopes.split()),
            partner=None if row.partner is None else PartnerKey(row.partner),
            operator=row.operator,
        ),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
