"""The accounting of disclosures: read from deliveries while their records live, and from its own table afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.accounting import Disclosure
from gateway.core.model import AgreementKey, DeliveryId, Kind, Outcome, PartnerKey, RecordId
from gateway.store.bulk import among
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import details_from
from gateway.store.tables import attempts, audit_entries, disclosed, items, records
from gateway.store.types import Instant

_DISCLOSED = Insertion(disclosed, conflict="ON CONFLICT (record, delivery) DO NOTHING")
_TAKEN = (Outcome.DELIVERED.value, Outcome.WAITING.value)
"""Attempts after which the partner has the payload, or can fetch it."""
_OUTLIVES = b"accounting of disclosures:"
_QUERIED = Kind("case-status")
"""What a synchronous query discloses."""


class StoredAccounting:
    """Implements :class:`gateway.core.ports.retention.Accounting`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_case(self, tokens: Sequence[bytes], since: datetime) -> tuple[Disclosure, ...]:
        living = _living().where(records.c.case_index.in_(tokens))
        erased = select(disclosed).where(disclosed.c.token.in_([sealed_off(token) for token in tokens]))
        async with self._database.read() as connection:
            found = [_disclosure(row) for row in await connection.execute(living)]
            found += [_disclosure(row) for row in await connection.execute(erased)]
            found += await _queried(connection, tokens)
        return tuple(sorted((one for one in found if one.at >= since), key=lambda one: (one.at, one.delivery)))

    async def prune(self, before: datetime) -> int:
        async with self._database.write() as connection:
            return (await connection.execute(delete(disclosed).where(disclosed.c.at < before))).rowcount


async def remember(connection: AsyncConnection, fresh: Sequence[str], delivery: DeliveryId | None = None) -> None:
    """Move what is owed to the accounting of records that are about to be erased, or taken out of ``delivery``, into
    its own table."""
    query = _living().where(among(connection, records.c.id, fresh), records.c.case_index.is_not(None))
    if delivery is not None:
        query = query.where(items.c.delivery == delivery)
    rows = [
        {name: getattr(row, name) for name in _DISCLOSED.names} | {"token": sealed_off(row.token)}
        for row in await connection.execute(query)
    ]
    await _DISCLOSED.write(connection, rows)


def sealed_off(token: bytes) -> bytes:
    """The token that outlives a case's records: whoever has the blind index finds it, and it leads back to none."""
    return hashlib.sha256(_OUTLIVES + token).digest()[: len(token)]


def _living() -> Select[Any]:
    """One row for each record that reached a partner, at the first time that it did."""
    what = (items.c.record, items.c.delivery, items.c.partner, items.c.kind, items.c.sender, items.c.agreement)
    return (
        select(
            *what,
            records.c.case_index.label("token"),
            records.c.index_key,
            func.min(attempts.c.ended_at, type_=Instant()).label("at"),
        )
        .select_from(items)
        .join(records, records.c.id == items.c.record)
        .join(attempts, attempts.c.delivery == items.c.delivery)
        .where(attempts.c.outcome.in_(_TAKEN))
        .group_by(*what, records.c.case_index, records.c.index_key)
    )


def _disclosure(row: Row[Any]) -> Disclosure:
    return Disclosure(
        record=RecordId(row.record),
        partner=PartnerKey(row.partner),
        kind=Kind(row.kind),
        sender=PartnerKey(row.sender),
        agreement=AgreementKey(row.agreement),
        delivery=DeliveryId(row.delivery),
        at=row.at,
    )


async def _queried(connection: AsyncConnection, tokens: Sequence[bytes]) -> list[Disclosure]:
    """Answers to synchronous queries about the case: nothing is kept of them but audit entries."""
    asked = await connection.execute(
        select(audit_entries).where(
            audit_entries.c.action == "query.asked",
            or_(*(audit_entries.c.details.contains(f'"case":"{token.hex()}"') for token in tokens)),
        )
    )
    questions = {row.object: row for row in asked}
    answered = await connection.execute(
        select(audit_entries).where(
            among(connection, audit_entries.c.object, list(questions)), audit_entries.c.action == "query.answered"
        )
    )
    return [_answer(questions[row.object], row) for row in answered if "withheld" not in details_from(row.details)]


def _answer(question: Row[Any], answer: Row[Any]) -> Disclosure:
    told, caller = details_from(question.details), question.actor.partition(":")[2]
    query = answer.object.partition(":")[2]
    return Disclosure(
        record=RecordId(query),
        partner=PartnerKey(caller),
        kind=_QUERIED,
        sender=PartnerKey(str(told["partner"])),
        agreement=AgreementKey(str(told["agreement_back"])),
        delivery=DeliveryId(query),
        at=answer.at,
    )
