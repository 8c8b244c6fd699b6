"""Erasing records: one transaction in which their bodies go with their data keys, and all that was derived from them.

What stays of a record: its ids, kind, transaction, sender, recipient, times and state, where it went, and its audit
entries without their details. What stays of a submission: the same, and sizes and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.audit_entry import commitment
from gateway.core.erasure import Erasure
from gateway.core.model import AuditEntry, DeliveryState, RecordId, SubmissionState
from gateway.core.retention import HoldScope
from gateway.store.accounting import remember
from gateway.store.bulk import among
from gateway.store.insertion import Insertion
from gateway.store.rows import details_from, redacted, write_entries
from gateway.store.tables import (
    amendments,
    attempts,
    audit_entries,
    deliveries,
    delivery_findings,
    erasures,
    findings,
    holds,
    items,
    mailbox,
    receipts,
    receipts_owed,
    records,
    serials,
    spool,
    submissions,
    wire_payloads,
)

_ERASURES = Insertion(erasures, conflict="ON CONFLICT (record) DO NOTHING", returning=("record",))
_ENDED = (DeliveryState.DELIVERED.value, DeliveryState.WITHDRAWN.value)
_STILL_OPEN = tuple(state.value for state in DeliveryState if state.value not in (*_ENDED, DeliveryState.CLAIMED.value))
_GONE = dict.fromkeys(("sealed", "case_index", "serial", "digest", "bearing", "persons", "index_key"))
_RETENTION = "retention"
"""The cause of deliveries that end because what they carry is erased."""
ERASED_KEY = "erased:"
"""What stands in place of an idempotency key, before the submission's id."""


async def erase(
    connection: AsyncConnection, wanted: Sequence[Erasure], withdrawn: Sequence[str], entries: Sequence[AuditEntry]
) -> tuple[RecordId, ...]:
    """As the port says. Rows are locked in the order in which everybody does: deliveries, records, submissions."""
    kept = await _kept_back(connection, [one.record for one in wanted], withdrawn)
    rows = [_row(one) for one in sorted(wanted, key=lambda one: one.record) if one.record not in kept]
    fresh = tuple(RecordId(row.record) for row in await _ERASURES.returning(connection, rows))
    if not fresh:
        return ()
    await remember(connection, fresh)
    ended = await _withdraw(connection, fresh, withdrawn, wanted[0].at)
    carrying = await _carrying(connection, fresh)
    await _empty_deliveries(connection, carrying)
    await _empty_records(connection, fresh)
    await _empty_amendments(connection, fresh)
    done = await _done_submissions(connection, fresh)
    await _empty_submissions(connection, done)
    objects = [f"record:{one}" for one in fresh]
    objects += [f"delivery:{one}" for one in await _all_erased(connection, carrying)]
    await close_details(connection, [*objects, *(f"submission:{one}" for one in done)])
    changed = {f"record:{one}" for one in fresh} | {f"delivery:{one}" for one in ended}
    await write_entries(connection, [entry for entry in entries if entry.object in changed])
    return fresh


def _row(one: Erasure) -> dict[str, object]:
    return {
        "record": one.record,
        "rule": one.rule,
        "policy": one.policy,
        "run": one.run,
        "at": one.at,
        "received_at": one.received_at,
    }


async def _kept_back(connection: AsyncConnection, wanted: Sequence[str], withdrawn: Sequence[str]) -> frozenset[str]:
    """Records that are being handed over at this moment, those that were put into a delivery since they were chosen,
    and those that a hold of now covers."""
    found = await _gathered_now(connection, wanted)
    free = await _not_claimed(connection, withdrawn)
    under_way = (
        select(items.c.record, items.c.delivery)
        .join(deliveries, deliveries.c.id == items.c.delivery)
        .where(among(connection, items.c.record, wanted), deliveries.c.state.not_in(_ENDED))
    )
    for row in await connection.execute(under_way):
        if row.delivery not in free:
            found.add(row.record)
    scopes: dict[str, set[str]] = {scope.value: set() for scope in HoldScope}
    for hold in await connection.execute(select(holds).where(holds.c.released_at.is_(None))):
        scopes[hold.scope].add(hold.what)
    if any(scopes.values()):
        found |= await _held(connection, wanted, scopes)
    return frozenset(found)


async def _not_claimed(connection: AsyncConnection, withdrawn: Sequence[str]) -> set[str]:
    """Of these deliveries those that nobody has claimed, is claiming or is changing otherwise. Nobody does until this
    transaction ends: they are locked here, and what they carry may be erased."""
    of = among(connection, deliveries.c.id, sorted(withdrawn)), deliveries.c.state != DeliveryState.CLAIMED.value
    locked = select(deliveries.c.id).where(*of).order_by(deliveries.c.id).with_for_update(skip_locked=True)
    return set((await connection.execute(locked)).scalars())


async def _gathered_now(connection: AsyncConnection, wanted: Sequence[str]) -> set[str]:
    """Records that somebody is just putting into a delivery. Nobody does so with the others until this transaction
    ends: what waits for a delivery is locked here."""
    waiting = select(items.c.record, items.c.partner).where(
        among(connection, items.c.record, wanted), items.c.delivery.is_(None)
    )
    before = {(row.record, row.partner) for row in await connection.execute(waiting)}
    locked = await connection.execute(waiting.with_for_update(skip_locked=True))
    return {record for record, _ in before - {(row.record, row.partner) for row in locked}}


async def _held(connection: AsyncConnection, wanted: Sequence[str], scopes: dict[str, set[str]]) -> set[str]:
    cases = [bytes.fromhex(one) for one in scopes[HoldScope.CASE]]
    partners = list(scopes[HoldScope.PARTNER])
    owed = exists().where(items.c.record == records.c.id, items.c.partner.in_(partners))
    covered = (
        records.c.id.in_(list(scopes[HoldScope.RECORD]))
        | records.c.case_index.in_(cases)
        | records.c.sender.in_(partners)
        | records.c.recipient.in_(partners)
        | owed
    )
    query = select(records.c.id).where(among(connection, records.c.id, wanted), covered)
    return set((await connection.execute(query)).scalars())


async def _withdraw(
    connection: AsyncConnection, fresh: Sequence[str], withdrawn: Sequence[str], at: datetime
) -> tuple[str, ...]:
    """End what has not ended; what was never put into a delivery is not owed any more."""
    carried = select(items.c.delivery).where(among(connection, items.c.record, fresh))
    ending = (
        update(deliveries)
        .where(
            among(connection, deliveries.c.id, sorted(withdrawn)),
            deliveries.c.id.in_(carried),
            deliveries.c.state.in_(_STILL_OPEN),
        )
        .values(state=DeliveryState.WITHDRAWN.value, cause=_RETENTION, settled_at=at)
    )
    ended = tuple((await connection.execute(ending.returning(deliveries.c.id))).scalars())
    waiting = among(connection, items.c.record, fresh) & items.c.delivery.is_(None)
    await connection.execute(delete(items).where(waiting))
    return ended


async def _carrying(connection: AsyncConnection, fresh: Sequence[str]) -> list[str]:
    query = select(items.c.delivery).where(among(connection, items.c.record, fresh), items.c.delivery.is_not(None))
    return sorted(set((await connection.execute(query)).scalars()))


async def _empty_deliveries(connection: AsyncConnection, carrying: Sequence[str]) -> None:
    """A parcel, a partner's answer and the lane of a case are about the erased record, whatever else is carried."""
    of = among(connection, deliveries.c.id, carrying)
    await connection.execute(update(deliveries).where(of).values(lane=None, answer=None))
    parcels = among(connection, mailbox.c.delivery, carrying)
    await connection.execute(update(mailbox).where(parcels).values(sealed=None, digest="", name=""))
    wrapped = among(connection, wire_payloads.c.delivery, carrying)
    await connection.execute(update(wire_payloads).where(wrapped).values(sealed=None))
    tried = among(connection, attempts.c.delivery, carrying)
    await connection.execute(update(attempts).where(tried).values(answer=None))


async def _all_erased(connection: AsyncConnection, carrying: Sequence[str]) -> tuple[str, ...]:
    """Deliveries of which every record is erased; digest and findings go with the last one."""
    living = _alive(items.c.record) & (items.c.delivery == deliveries.c.id)
    query = select(deliveries.c.id).where(among(connection, deliveries.c.id, carrying), ~exists().where(living))
    gone = tuple((await connection.execute(query)).scalars())
    await connection.execute(update(deliveries).where(among(connection, deliveries.c.id, gone)).values(digest=None))
    wrapped = among(connection, wire_payloads.c.delivery, gone)
    await connection.execute(update(wire_payloads).where(wrapped).values(inner="", digest=""))
    await connection.execute(delete(delivery_findings).where(among(connection, delivery_findings.c.delivery, gone)))
    return gone


def _alive(record: ColumnElement[str]) -> ColumnElement[bool]:
    return ~exists().where(erasures.c.record == record)


async def _empty_records(connection: AsyncConnection, fresh: Sequence[str]) -> None:
    """The data key lies wrapped in the sealed bytes: with them goes the only way to read a copy of the body."""
    chosen = among(connection, records.c.id, fresh)
    await connection.execute(update(records).where(chosen).values(_GONE))
    await connection.execute(delete(serials).where(among(connection, serials.c.record, fresh)))


async def _empty_amendments(connection: AsyncConnection, fresh: Sequence[str]) -> None:
    """What went out in place of a record goes with it; what still waits for a second word will not be wanted."""
    of = among(connection, amendments.c.record, fresh)
    await connection.execute(delete(amendments).where(of, amendments.c.used_at.is_(None)))
    await connection.execute(update(amendments).where(of).values(sealed=None, before=None, after=None))


async def _done_submissions(connection: AsyncConnection, fresh: Sequence[str]) -> tuple[str, ...]:
    """Submissions that are judged to the end and have no record any more."""
    of = select(records.c.submission).where(among(connection, records.c.id, fresh))
    living = _alive(records.c.id) & (records.c.submission == submissions.c.id)
    query = select(submissions.c.id).where(
        submissions.c.id.in_(of), submissions.c.state == SubmissionState.JUDGED.value, ~exists().where(living)
    )
    return tuple((await connection.execute(query.order_by(submissions.c.id))).scalars())


async def _empty_submissions(connection: AsyncConnection, done: Sequence[str]) -> None:
    """The answer that repeats get goes with the key that asks for it: both may name people, in the sender's words."""
    chosen = among(connection, submissions.c.id, done)
    emptied = {"receipt": b"", "body_digest": "", "idempotency_key": ERASED_KEY + submissions.c.id}
    await connection.execute(update(submissions).where(chosen).values(emptied))
    for table in (spool, findings, receipts, receipts_owed):
        await connection.execute(delete(table).where(among(connection, table.c.submission, done)))


async def close_details(connection: AsyncConnection, objects: Iterable[str]) -> None:
    """Destroy details and salts of entries on these objects. Their commitments stay, so leaves and proofs do too."""
    query = select(audit_entries.c.id, audit_entries.c.details, audit_entries.c.salt).where(
        among(connection, audit_entries.c.object, list(objects))
    )
    rows = [
        {"entry": row.id, "closed": redacted(commitment(details_from(row.details), row.salt))}
        for row in await connection.execute(query)
        if row.salt
    ]
    if rows:
        closing = update(audit_entries).where(audit_entries.c.id == bindparam("entry"))
        await connection.execute(closing.values(details=bindparam("closed"), salt=b""), rows)
