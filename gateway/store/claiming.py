"""Claiming: deliveries that are due are put under a lease, and come back with the sealed records that they carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, CTE, BigInteger, ColumnElement, Text, any_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import Cargo, Claimed, Delivery, DeliveryId, DeliveryState, RecordId
from gateway.store.amendments import swaps
from gateway.store.bulk import among
from gateway.store.lanes import first_in_lane
from gateway.store.prepared import Prepared, instant, moment, prepared
from gateway.store.revisions import register_revision
from gateway.store.rows import cargo_from, delivery_from
from gateway.store.tables import deliveries, items, records

_CANDIDATE = deliveries.alias("candidate")
_CARRIED = (records.c.id, records.c.sealed, records.c.bearing, records.c.persons, records.c.received_at)


class _Carried(NamedTuple):
    """A record of a row that begins with its delivery's columns."""

    id: str
    sealed: bytes
    bearing: str | None
    persons: bytes | None
    received_at: int
    amendment: str | None
    register: int | None


async def lease(
    connection: AsyncConnection, ids: Sequence[DeliveryId], owner: str, now: datetime, until: datetime
) -> Mapping[DeliveryId, Claimed]:
    """Lease those of the deliveries that are pending, due and first in their lane."""
    picked = _picked(among(connection, _CANDIDATE.c.id, ids), _CANDIDATE.c.due_at <= now)
    values = {"state": DeliveryState.CLAIMED.value, "lease_owner": owner, "lease_until": until}
    leased = update(deliveries).where(deliveries.c.id == picked.c.id).values(values).returning(deliveries)
    rows = {DeliveryId(row.id): delivery_from(row) for row in await connection.execute(leased)}
    return await carrying(connection, rows) if rows else {}


async def carrying(connection: AsyncConnection, rows: Mapping[DeliveryId, Delivery]) -> Mapping[DeliveryId, Claimed]:
    """The deliveries with what they carry."""
    result = await connection.execute(
        select(items.c.delivery, *_CARRIED, items.c.amendment, register_revision().label("register"))
        .join_from(items, records, records.c.id == items.c.record)
        .where(among(connection, items.c.delivery, list(rows)))
        .order_by(items.c.delivery, records.c.id)
    )
    carried = result.all()
    swapped = await swaps(connection, carried)
    return _claimed(rows, ((DeliveryId(row.delivery), row, cargo_from(row)) for row in carried), swapped)


async def lease_at_once(
    connection: AsyncConnection, ids: Sequence[DeliveryId], owner: str, now: datetime, until: datetime
) -> Mapping[DeliveryId, Claimed]:
    """The same as one statement of PostgreSQL."""
    parameters = {"ids": list(ids), "owner": owner, "now": moment(now), "until": moment(until)}
    rows = await _leasing().run(connection, parameters)
    first = {DeliveryId(row.id): row for row in reversed(rows)}
    leased = {id_: delivery_from(row, instant) for id_, row in first.items()}
    carried = (
        _Carried(row.record, row.sealed, row.bearing, row.persons, row.received_at, row.amendment, row.register)
        for row in rows
    )
    swapped = await swaps(connection, rows)
    return _claimed(
        leased,
        (
            (DeliveryId(row.id), one, cargo_from(one, instant))
            for row, one in zip(rows, carried, strict=True)
            if one.id is not None
        ),
        swapped,
    )


@cache
def _leasing() -> Prepared:
    picked = _picked(
        _CANDIDATE.c.id == any_(bindparam("ids", type_=ARRAY(Text))),
        _CANDIDATE.c.due_at <= bindparam("now", type_=BigInteger),
    )
    values = {
        "state": DeliveryState.CLAIMED.value,
        "lease_owner": bindparam("owner", type_=Text),
        "lease_until": bindparam("until", type_=BigInteger),
    }
    leased = update(deliveries).where(deliveries.c.id == picked.c.id).values(values).returning(deliveries).cte("leased")
    return prepared(
        select(
            leased,
            records.c.id.label("record"),
            records.c.sealed,
            records.c.bearing,
            records.c.persons,
            records.c.received_at,
            items.c.amendment,
            register_revision().label("register"),
        )
        .join_from(leased, items, items.c.delivery == leased.c.id, isouter=True)
        .join(records, records.c.id == items.c.record, isouter=True)
        .order_by(leased.c.id, records.c.id)
    )


def _picked(asked: ColumnElement[bool], due: ColumnElement[bool]) -> CTE:
    pending = _CANDIDATE.c.state == DeliveryState.PENDING.value
    free = select(_CANDIDATE.c.id).where(asked, pending, due, first_in_lane(_CANDIDATE))
    return free.with_for_update(of=_CANDIDATE, skip_locked=True).cte("picked")


def _claimed(
    leased: Mapping[DeliveryId, Delivery],
    carried: Iterable[tuple[DeliveryId, Any, Cargo]],
    swapped: Mapping[str, bytes],
) -> Mapping[DeliveryId, Claimed]:
    """``swapped``: amendment -> the sealed content that goes in place of the record's own."""
    records_of: dict[DeliveryId, list[tuple[RecordId, bytes]]] = {id_: [] for id_ in leased}
    cargo_of: dict[DeliveryId, list[Cargo]] = {id_: [] for id_ in leased}
    amended_of: dict[DeliveryId, dict[RecordId, str]] = {}
    register = 0
    for id_, row, cargo in carried:
        sealed = row.sealed
        if row.amendment is not None:
            sealed = swapped[row.amendment]
            amended_of.setdefault(id_, {})[cargo.record] = row.amendment
        records_of[id_].append((cargo.record, sealed))
        cargo_of[id_].append(cargo)
        register = row.register or 0
    return {
        id_: Claimed(delivery, tuple(records_of[id_]), tuple(cargo_of[id_]), register, amended_of.get(id_, {}))
        for id_, delivery in leased.items()
    }
