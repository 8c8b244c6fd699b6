"""Deliveries as an operator and the partner's answers see them: look, group, retry, withdraw, acknowledge."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, Row, case, func, literal, select, update

from gateway.core import lifecycle
from gateway.core.ids import first_id
from gateway.core.lifecycle import Event
from gateway.core.model import (
    Attempt,
    AuditEntry,
    Delivery,
    DeliveryId,
    DeliveryState,
    Fault,
    Finding,
    Kind,
    Page,
    PartnerKey,
    Record,
)
from gateway.core.ports.deliveries import CauseGroup, DeliveryQuery, FormatOf, PartnerQueue
from gateway.core.ports.listing import Listing
from gateway.store.cursor import decode_id, encode_cursor, wanted
from gateway.store.engine import Database
from gateway.store.lanes import wake_next
from gateway.store.losses import losses_of
from gateway.store.rows import attempt_from, delivery_from, record_from, write_entries
from gateway.store.tables import attempts, deliveries, items, mailbox, records
from gateway.store.types import Instant
from gateway.store.walks import SKEW, delivery_in, delivery_open, newest

_UNKNOWN_CAUSE = "unknown"
_SETTLED = frozenset(state.value for state in lifecycle.SETTLED)


def _where(event: Event) -> ColumnElement[bool]:
    """The guard of an event: the states in which it may happen."""
    return deliveries.c.state.in_(sorted(lifecycle.sources(event)))


def matching(query: DeliveryQuery) -> list[ColumnElement[bool]]:
    """The conditions of a query; ``since`` belongs to the interval of creation times, ``until`` no longer does."""
    equal: tuple[tuple[str | None, ColumnElement[str]], ...] = (
        (query.partner, deliveries.c.partner),
        (query.sender, deliveries.c.sender),
        (query.cause, func.coalesce(deliveries.c.cause, _UNKNOWN_CAUSE)),
        (query.kind, deliveries.c.kind),
        (query.fault, deliveries.c.fault),
    )
    conditions: list[ColumnElement[bool]] = [column == str(value) for value, column in equal if value is not None]
    if query.state is not None:
        conditions += delivery_in(query.state)
    elif query.cause not in (None, _UNKNOWN_CAUSE):
        conditions.append(delivery_open())
    if query.since is not None:
        conditions += (deliveries.c.id >= first_id(query.since, -SKEW), deliveries.c.created_at >= query.since)
    if query.until is not None:
        conditions.append(deliveries.c.created_at < query.until)
    return conditions


class StoredDesk:
    """Implements :class:`gateway.core.ports.deliveries.DeliveryDesk`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, delivery: DeliveryId) -> Delivery | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(deliveries).where(deliveries.c.id == delivery))).one_or_none()
        return None if row is None else delivery_from(row)

    async def attempts(self, delivery: DeliveryId) -> tuple[Attempt, ...]:
        query = (
            select(attempts)
            .where(attempts.c.delivery == delivery)
            .order_by(attempts.c.begun_at, attempts.c.number, attempts.c.ended_at)
        )
        async with self._database.read() as connection:
            return tuple(attempt_from(row) for row in await connection.execute(query))

    async def carried(self, delivery: DeliveryId, limit: int) -> tuple[Record, ...]:
        query = select(records).join(items, items.c.record == records.c.id).where(items.c.delivery == delivery)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(records.c.id).limit(limit))
            return tuple(record_from(row) for row in rows)

    async def findings(self, delivery: DeliveryId) -> tuple[Finding, ...]:
        async with self._database.read() as connection:
            return tuple(finding for _, _, finding in await losses_of(connection, [delivery]))

    async def list(self, query: DeliveryQuery, page: Page) -> Listing[Delivery]:
        limit = wanted(page)
        conditions = matching(query)
        if page.cursor is not None:
            conditions.append(deliveries.c.id < decode_id(page.cursor))
        if query.state is None and any((query.partner, query.sender, query.cause)):
            walks = ((*conditions, *delivery_in(state)) for state in DeliveryState)
            conditions = [deliveries.c.id.in_(newest(deliveries.c.id, walks, limit + 1))]
        statement = select(deliveries).where(*conditions).order_by(deliveries.c.id.desc()).limit(limit + 1)
        async with self._database.read() as connection:
            found = [delivery_from(row) for row in await connection.execute(statement)]
        rows = tuple(found[:limit])
        return Listing(rows, encode_cursor(rows[-1].id) if len(found) > limit else None)

    async def groups(self) -> tuple[CauseGroup, ...]:
        cause = func.coalesce(deliveries.c.cause, _UNKNOWN_CAUSE)
        when = func.coalesce(deliveries.c.settled_at, deliveries.c.created_at)
        by = (deliveries.c.fault, cause.label("cause"), deliveries.c.partner, deliveries.c.kind)
        query = (
            select(
                *by,
                func.count().label("found"),
                func.min(when, type_=when.type).label("first"),
                func.max(when, type_=when.type).label("last"),
                func.min(deliveries.c.id).label("sample"),
            )
            .where(*delivery_in(DeliveryState.DEAD))
            .group_by(deliveries.c.fault, cause, deliveries.c.partner, deliveries.c.kind)
            .order_by(func.count().desc(), cause, deliveries.c.partner, deliveries.c.kind)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            CauseGroup(
                cause=row.cause,
                fault=None if row.fault is None else Fault(row.fault),
                partner=PartnerKey(row.partner),
                kind=Kind(row.kind),
                count=row.found,
                first=row.first,
                last=row.last,
                sample=DeliveryId(row.sample),
            )
            for row in rows
        )

    async def queues(self) -> tuple[PartnerQueue, ...]:
        async with self._database.read() as connection:
            owed = {row.partner: row for row in await connection.execute(_OWED)}
            gathering = {row.partner: row for row in await connection.execute(_GATHERING)}
        return tuple(
            _queue(partner, owed.get(partner), gathering.get(partner)) for partner in sorted(owed.keys() | gathering)
        )

    async def retry(
        self, delivery: DeliveryId, now: datetime, entry: AuditEntry, format_of: FormatOf | None = None
    ) -> bool:
        """As the port says. A delivery that was held forgets its digest: whoever retries it lets the new bytes go."""
        held = deliveries.c.state == DeliveryState.HELD.value
        changes: dict[str, object] = {
            "state": DeliveryState.PENDING.value,
            "due_at": now,
            "announce_at": now,
            "attempts": 0,
            "cause": None,
            "fault": None,
            "settled_at": None,
            "digest": case((held, None), else_=deliveries.c.digest),
            "size": case((held, None), else_=deliveries.c.size),
        }
        found = None if format_of is None else await self.get(delivery)
        if format_of is not None and found is not None and (chosen := format_of(found.partner, found.kind)):
            # Bytes that a partner may have are repeated as they were.
            changes["format"] = case((deliveries.c.digest.is_(None), chosen), else_=deliveries.c.format)
        return await self._change(delivery, _where(Event.RETRY), changes, entry)

    async def withdraw(self, delivery: DeliveryId, now: datetime, entry: AuditEntry) -> bool:
        """As the port says. What lies in the partner's mailbox is taken out of it."""
        changes = {"state": DeliveryState.WITHDRAWN.value, "settled_at": now}
        return await self._change(delivery, _where(Event.WITHDRAW), changes, entry)

    async def acknowledge(
        self,
        delivery: DeliveryId,
        partner: PartnerKey,
        *,
        accepted: bool,
        reason: str,
        now: datetime,
        entry: AuditEntry,
    ) -> bool:
        """As the port says. ``reason`` is the stable code of a refusal and becomes the cause of the dead letter; what
        was delivered before keeps its time. What lies in the mailbox is taken out of it."""
        allowed = (deliveries.c.partner == partner) & _where(Event.ACKNOWLEDGE if accepted else Event.REJECT)
        changes: dict[str, object] = {
            "state": (DeliveryState.DELIVERED if accepted else DeliveryState.DEAD).value,
            "cause": None if accepted else reason,
            "fault": None if accepted else Fault.RECORD.value,
            "settled_at": func.coalesce(deliveries.c.settled_at, literal(now, Instant())) if accepted else now,
        }
        return await self._change(delivery, allowed, changes, entry)

    async def _change(
        self, delivery: DeliveryId, allowed: ColumnElement[bool], changes: dict[str, object], entry: AuditEntry
    ) -> bool:
        """One guarded UPDATE with its entry, and what follows from the new state."""
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(deliveries).where(deliveries.c.id == delivery, allowed).values(changes)
            )
            if not changed.rowcount:
                return False
            if changes["state"] != DeliveryState.PENDING.value:
                # Here, not afterwards: by then it may have been sent again and lie there anew.
                await connection.execute(update(mailbox).where(mailbox.c.delivery == delivery).values(sealed=None))
            if changes["state"] in _SETTLED:
                await wake_next(connection, [delivery])
            await write_entries(connection, [entry])
            return True


def _in_state(state: DeliveryState, name: str) -> Label[int]:
    return func.count().filter(deliveries.c.state == state.value).label(name)


_OWED = (
    select(
        deliveries.c.partner,
        _in_state(DeliveryState.PENDING, "pending"),
        _in_state(DeliveryState.CLAIMED, "claimed"),
        _in_state(DeliveryState.WAITING, "waiting"),
        _in_state(DeliveryState.DEAD, "dead"),
        _in_state(DeliveryState.HELD, "held"),
        func.min(
            case((deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.created_at)), type_=Instant()
        ).label("oldest"),
    )
    .where(delivery_open(), deliveries.c.state != DeliveryState.WITHDRAWN.value)
    .group_by(deliveries.c.partner)
)
_GATHERING = (
    select(items.c.partner, func.count().label("gathering"), func.min(items.c.owed_at, type_=Instant()).label("oldest"))
    .where(items.c.delivery.is_(None))
    .group_by(items.c.partner)
)


def _queue(partner: str, owed: Row[Any] | None, gathering: Row[Any] | None) -> PartnerQueue:
    oldest = [row.oldest for row in (owed, gathering) if row is not None and row.oldest is not None]
    return PartnerQueue(
        partner=PartnerKey(partner),
        pending=owed.pending if owed else 0,
        claimed=owed.claimed if owed else 0,
        waiting=owed.waiting if owed else 0,
        dead=owed.dead if owed else 0,
        held=owed.held if owed else 0,
        gathering=gathering.gathering if gathering else 0,
        oldest=min(oldest, default=None),
    )
