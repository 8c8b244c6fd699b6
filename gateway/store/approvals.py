"""Second words: requests that another person decides, and that are used once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.audit_entry import canonical_json
from gateway.core.four_eyes import Act, Request, State, Terms, frozen
from gateway.core.model import AuditEntry, Page
from gateway.core.ports.approvals import Spent, Word
from gateway.core.ports.listing import Listing
from gateway.store.cursor import decode_id, encode_cursor, wanted
from gateway.store.engine import Database
from gateway.store.rows import write_entries
from gateway.store.tables import amendments, approvals


class StoredApprovals:
    """Implements :class:`gateway.core.ports.approvals.Approvals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, request: Request, entry: AuditEntry) -> None:
        async with self._database.write() as connection:
            await write_request(connection, request)
            await write_entries(connection, [entry])

    async def get(self, request: str) -> Request | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(approvals).where(approvals.c.id == request))).one_or_none()
        return None if row is None else _request(row)

    async def list(self, page: Page, state: State | None = None) -> Listing[Request]:
        limit = wanted(page)
        query = select(approvals).order_by(approvals.c.id.desc()).limit(limit + 1)
        if state is not None:
            query = query.where(approvals.c.state == state.value)
        if page.cursor is not None:
            query = query.where(approvals.c.id < decode_id(page.cursor))
        async with self._database.read() as connection:
            found = [_request(row) for row in await connection.execute(query)]
        rows = tuple(found[:limit])
        return Listing(rows, encode_cursor(rows[-1].id) if len(found) > limit else None)

    async def pending(self, act: Act, obj: str, terms: Terms, now: datetime) -> Request | None:
        query = (
            select(approvals)
            .where(
                approvals.c.frozen == frozen(act, obj, terms),
                approvals.c.state.in_((State.ASKED.value, State.APPROVED.value)),
                approvals.c.expires_at > now,
            )
            .order_by(approvals.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _request(row)

    async def decide(self, request: str, word: Word, entry: AuditEntry) -> bool:
        """As the port says. That another person asked is checked here too: no caller can forget it. Content that waited
        for a word that was refused goes with it."""
        state = State.APPROVED if word.approved else State.REFUSED
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(approvals)
                .where(
                    approvals.c.id == request,
                    approvals.c.state == State.ASKED.value,
                    approvals.c.expires_at > word.at,
                    approvals.c.asked_by != str(word.by),
                )
                .values(state=state.value, decided_by=str(word.by), decided_at=word.at, decision=word.reason)
            )
            if not changed.rowcount:
                return False
            if not word.approved:
                await connection.execute(delete(amendments).where(amendments.c.id == request))
            await write_entries(connection, [entry])
            return True

    async def use(self, act: Act, obj: str, terms: Terms, spent: Spent, entry: AuditEntry) -> Request | None:
        """As the port says. Of several fitting permissions the oldest is spent."""
        fitting = (
            select(approvals.c.id)
            .where(
                approvals.c.frozen == frozen(act, obj, terms),
                approvals.c.state == State.APPROVED.value,
                approvals.c.expires_at > spent.at,
            )
            .order_by(approvals.c.id)
            .limit(1)
        )
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    update(approvals)
                    .where(approvals.c.id == fitting.scalar_subquery(), approvals.c.state == State.APPROVED.value)
                    .values(state=State.USED.value, used_by=str(spent.by), used_at=spent.at)
                    .returning(*approvals.c)
                )
            ).one_or_none()
            if row is None:
                return None
            await write_entries(connection, [replace(entry, details={**entry.details, "approval": row.id})])
        return _request(row)


async def write_request(connection: AsyncConnection, request: Request) -> None:
    """Add a request, in the transaction of whatever waits for it."""
    await connection.execute(
        insert(approvals).values(
            id=request.id,
            act=request.act.value,
            object=request.object,
            terms=canonical_json(request.terms).decode(),
            frozen=request.frozen,
            reason=request.reason,
            asked_by=request.asked_by,
            asked_at=request.asked_at,
            expires_at=request.expires_at,
            state=State.ASKED.value,
            decision="",
        )
    )


async def spend(connection: AsyncConnection, request: str, act: Act, spent: Spent) -> bool:
    """Use this permission, in the transaction of what it is for. False when it is not good now."""
    good = (
        approvals.c.id == request,
        approvals.c.act == act.value,
        approvals.c.state == State.APPROVED.value,
        approvals.c.expires_at > spent.at,
    )
    used = {"state": State.USED.value, "used_by": str(spent.by), "used_at": spent.at}
    return (await connection.execute(update(approvals).where(*good).values(used))).rowcount == 1


def _request(row: Row[Any]) -> Request:
    return Request(
        id=row.id,
        act=Act(row.act),
        object=row.object,
        terms=json.loads(row.terms),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        state=State(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
        used_by=row.used_by,
        used_at=row.used_at,
    )
