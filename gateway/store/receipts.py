"""Signed receipts, the keys that made them, and which submissions still owe one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, ScalarSelect, and_, case, delete, exists, func, literal, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import (
    AuditEntry,
    DeliveryState,
    Fault,
    Kind,
    PartnerKey,
    RecordState,
    SubmissionId,
    SubmissionState,
)
from gateway.core.ports.receipts import SignedReceipt
from gateway.core.signed_receipt import TAKEN, Begun, Ended, Owed, ReceiptKind, Share
from gateway.store.bulk import upsert
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import entry_from, submission_from, write_entries
from gateway.store.tables import (
    audit_entries,
    deliveries,
    erasures,
    items,
    receipt_keys,
    receipts,
    receipts_owed,
    receipts_walked,
    records,
    submissions,
)
from gateway.store.types import Instant

_RECEIPTS = Insertion(receipts, conflict="ON CONFLICT (submission, kind) DO NOTHING", returning=("submission", "kind"))
_WALK = "ended"
_PARKED = records.c.state == RecordState.UNROUTABLE.value
_ERASED = exists().where(erasures.c.record == records.c.id)


def upto() -> ScalarSelect[str]:
    """The newest submission that was looked at, for a statement that wants to know it in its own moment."""
    return select(receipts_walked.c.upto).where(receipts_walked.c.name == _WALK).scalar_subquery()


class StoredReceipts:
    """Implements :class:`gateway.core.ports.receipts.Receipts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(self, submission: SubmissionId, kind: ReceiptKind) -> SignedReceipt | None:
        query = select(receipts).where(receipts.c.submission == submission, receipts.c.kind == kind.value)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else SignedReceipt(submission, kind, row.kid, row.jws, row.at)

    async def begun(self, submissions_: Sequence[SubmissionId]) -> tuple[Begun, ...]:
        objects = [f"submission:{one}" for one in submissions_]
        columns = audit_entries.c
        entries = select(audit_entries).where(columns.object.in_(objects), columns.action.in_(TAKEN))
        async with self._database.read() as connection:
            # Of a submission that was erased there is nothing left to sign.
            living = select(submissions).where(submissions.c.id.in_(submissions_), submissions.c.body_digest != "")
            found = (await connection.execute(living)).all()
            told = (await connection.execute(entries.order_by(columns.at.desc(), columns.id.desc()))).all()
            first = {row.object: row for row in told}  # the oldest comes last and stays
            at_once = [row.id for row in found if _judged_at_once(first.get(f"submission:{row.id}"))]
            owed = _by_submission(await connection.execute(_kinds(at_once))) if at_once else {}
        return tuple(
            Begun(
                submission_from(row),
                entry_from(entry),
                entry.seq,
                tuple(Owed(PartnerKey(o.partner), Kind(o.kind), o.since) for o in owed.get(SubmissionId(row.id), ())),
            )
            for row in found
            if (entry := first.get(f"submission:{row.id}")) is not None
        )

    async def ended(self, submissions_: Sequence[SubmissionId]) -> Mapping[SubmissionId, Ended]:
        async with self._database.read() as connection:
            judged = await _judged(connection, submissions_)
            kept = _by_submission(await connection.execute(_records(judged)))
            owed = _by_submission(await connection.execute(_owed(judged)))
        ends = {one: _ended(at, kept.get(one, []), owed.get(one, [])) for one, at in judged.items()}
        return {one: end for one, end in ends.items() if end is not None}

    async def open(self, submission: SubmissionId) -> bool:
        fault = func.coalesce(deliveries.c.fault, "")
        ended = [
            and_(deliveries.c.state == state, true() if blamed is None else fault == blamed) for state, blamed in _WORDS
        ]
        on_its_way = (
            select(records.c.id)
            .join(items, items.c.record == records.c.id)
            .outerjoin(deliveries, deliveries.c.id == items.c.delivery)
            .where(records.c.submission == submission, or_(deliveries.c.id.is_(None), not_(or_(*ended))))
        )
        parked = select(records.c.id).where(records.c.submission == submission, _PARKED, not_(_ERASED))
        async with self._database.read() as connection:
            return bool(await connection.scalar(select(or_(exists(on_its_way), exists(parked)))))

    async def keep(self, receipts_: Sequence[tuple[SignedReceipt, AuditEntry]], keys: Mapping[str, str]) -> None:
        rows = [
            {"submission": one.submission, "kind": one.kind.value, "kid": one.kid, "jws": one.jws, "at": one.at}
            for one, _ in receipts_
        ]
        async with self._database.write() as connection:
            fresh = {(row.submission, row.kind) for row in await _RECEIPTS.returning(connection, rows)}
            made = [(one, entry) for one, entry in receipts_ if (one.submission, one.kind.value) in fresh]
            for kid, at in {one.kid: one.at for one, _ in made}.items():
                key = upsert(connection, receipt_keys).values(kid=kid, jwk=keys[kid], at=at)
                await connection.execute(key.on_conflict_do_nothing())
            await write_entries(connection, [entry for _, entry in made])

    async def keys(self) -> Mapping[str, str]:
        query = select(receipt_keys).order_by(receipt_keys.c.at.desc(), receipt_keys.c.kid)
        async with self._database.read() as connection:
            return {row.kid: row.jwk for row in await connection.execute(query)}

    async def owed(self, now: datetime, limit: int) -> tuple[SubmissionId, ...]:
        query = select(receipts_owed.c.submission).where(receipts_owed.c.look_at <= now)
        async with self._database.read() as connection:
            found = await connection.scalars(query.order_by(receipts_owed.c.look_at).limit(limit))
            return tuple(SubmissionId(one) for one in found)

    async def unseen(self, before: SubmissionId, limit: int) -> tuple[SubmissionId, ...]:
        query = select(submissions.c.id).order_by(submissions.c.id).limit(limit)
        async with self._database.read() as connection:
            seen = await connection.scalar(select(upto())) or ""
            found = await connection.scalars(query.where(submissions.c.id > seen, submissions.c.id < before))
            return tuple(SubmissionId(one) for one in found)

    async def looked(self, again: Mapping[SubmissionId, datetime | None], upto: SubmissionId | None) -> None:
        done = [one for one, at in again.items() if at is None]
        async with self._database.write() as connection:
            await connection.execute(delete(receipts_owed).where(receipts_owed.c.submission.in_(done)))
            for one, at in again.items():
                if at is not None:
                    owed = upsert(connection, receipts_owed).values(submission=one, look_at=at)
                    change = owed.on_conflict_do_update(index_elements=["submission"], set_={"look_at": at})
                    await connection.execute(change)
            if upto is not None:
                walked = upsert(connection, receipts_walked).values(name=_WALK, upto=upto)
                await connection.execute(
                    walked.on_conflict_do_update(index_elements=["name"], set_={"upto": walked.excluded.upto})
                )


async def _judged(connection: AsyncConnection, wanted: Sequence[SubmissionId]) -> dict[SubmissionId, datetime]:
    """When those that are judged to the end were."""
    query = select(submissions.c.id, submissions.c.judged_at, submissions.c.received_at).where(
        submissions.c.id.in_(wanted), submissions.c.state == SubmissionState.JUDGED.value
    )
    rows = await connection.execute(query)
    return {SubmissionId(row.id): row.judged_at or row.received_at for row in rows}


def _judged_at_once(entry: Row[Any] | None) -> bool:
    """Then the answer to the post told of its records."""
    return entry is not None and entry.action == "submission.judged"


def _kinds(wanted: Iterable[str]) -> Any:  # noqa: ANN401 - SQLAlchemy's Select with four columns
    """Who is to get which kinds of records."""
    by = (records.c.submission, items.c.partner, items.c.kind)
    return (
        select(*by, func.min(items.c.owed_at, type_=Instant()).label("since"))
        .select_from(records)
        .join(items, items.c.record == records.c.id)
        .where(records.c.submission.in_(list(wanted)))
        .group_by(*by)
        .order_by(*by)
    )


def _records(wanted: Iterable[SubmissionId]) -> Any:  # noqa: ANN401 - as above
    by = (records.c.submission, records.c.state)
    erased = func.sum(case((and_(_PARKED, _ERASED), 1), else_=0)).label("erased")
    return select(*by, func.count().label("found"), erased).where(records.c.submission.in_(list(wanted))).group_by(*by)


def _owed(wanted: Iterable[SubmissionId]) -> Any:  # noqa: ANN401 - as above
    """What became of each record with each of its recipients, counted."""
    by = (records.c.submission, items.c.partner, deliveries.c.state, deliveries.c.fault)
    last = func.max(func.coalesce(deliveries.c.settled_at, literal(0)), type_=Instant()).label("last")
    return (
        select(*by, func.count().label("found"), func.count(items.c.amendment).label("amended"), last)
        .select_from(records)
        .join(items, items.c.record == records.c.id)
        .outerjoin(deliveries, deliveries.c.id == items.c.delivery)
        .where(records.c.submission.in_(list(wanted)))
        .group_by(*by)
    )


def _by_submission(rows: Iterable[Row[Any]]) -> dict[SubmissionId, list[Row[Any]]]:
    found: dict[SubmissionId, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(SubmissionId(row.submission), []).append(row)
    return found


_WORDS: Mapping[tuple[str | None, str | None], str] = {
    (DeliveryState.DELIVERED.value, None): "delivered",
    (DeliveryState.WITHDRAWN.value, None): "withdrawn",
    (DeliveryState.WITHHELD.value, None): "withheld",
    (DeliveryState.DEAD.value, Fault.RECORD.value): "refused",
}
"""State and fault of a delivery that has ended -> what the receipt calls that. The fault of one that was delivered or
withdrawn in the end says nothing any more."""


def _word(row: Row[Any]) -> str | None:
    return _WORDS.get((row.state, row.fault if row.state == DeliveryState.DEAD.value else None))


def _ended(judged_at: datetime, kept: Sequence[Row[Any]], owed: Sequence[Row[Any]]) -> Ended | None:
    """None while a record is parked, or a delivery is on its way, in a mailbox, dead for another reason, or held."""
    parked = [row for row in kept if row.state == RecordState.UNROUTABLE.value]
    if any(row.erased < row.found for row in parked) or any(_word(row) is None for row in owed):
        return None
    counts: dict[tuple[str, str], int] = {}
    for row in owed:
        key = row.partner, _word(row) or ""
        counts[key] = counts.get(key, 0) + row.found
        if key[1] == "delivered" and row.amended:
            counts[row.partner, "amended"] = counts.get((row.partner, "amended"), 0) + row.amended
    return Ended(
        at=max([judged_at, *(row.last for row in owed)]),
        records=sum(row.found for row in kept),
        refused=sum(row.found for row in kept if row.state == RecordState.REFUSED.value),
        withheld=sum(row.found for row in kept if row.state == RecordState.WITHHELD.value),
        erased=sum(row.erased for row in parked),
        shares=tuple(_share(partner, counts) for partner in sorted({partner for partner, _ in counts})),
    )


def _share(partner: str, counts: Mapping[tuple[str, str], int]) -> Share:
    words = {word: found for (whose, word), found in counts.items() if whose == partner}
    return Share(PartnerKey(partner), **words)
