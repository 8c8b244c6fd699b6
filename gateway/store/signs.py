"""All signs of work in one statement: asking for each of them alone is most of what an idle process costs."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, text
from sqlalchemy.types import Text

from gateway.core.ids import first_id
from gateway.core.model import DeliveryState, SubmissionState
from gateway.core.ports.receipts import TOO_YOUNG
from gateway.core.ports.signs import Sign
from gateway.store.audit import UNNUMBERED
from gateway.store.engine import Database
from gateway.store.jobs import RUNNING
from gateway.store.partners import DIRECTORY
from gateway.store.receipts import upto
from gateway.store.revisions import register_revision
from gateway.store.tables import (
    audit_checkpoints,
    audit_entries,
    deliveries,
    items,
    jobs,
    receipts_owed,
    revisions,
    submissions,
)
from gateway.store.types import Instant
from gateway.store.walks import delivery_in, submission_in

_NOW, _YOUNG = bindparam("now", type_=Instant()), bindparam("young", type_=Text())
_UNLEASED = or_(submissions.c.lease_until.is_(None), submissions.c.lease_until <= _NOW)
_UNSEEN = (submissions.c.id > func.coalesce(upto(), ""), submissions.c.id < _YOUNG)
# States are constants, not parameters, so that the partial indexes serve.
_LOOKS: Mapping[Sign, ColumnElement[int] | ColumnElement[bool]] = {
    Sign.DIRECTORY: select(revisions.c.value).where(revisions.c.name == DIRECTORY).scalar_subquery(),
    Sign.REGISTER: register_revision(),
    Sign.HEAD: select(func.max(audit_checkpoints.c.size)).scalar_subquery(),
    Sign.ENTRIES: exists().select_from(audit_entries).where(UNNUMBERED),
    Sign.DUE: exists().where(
        *delivery_in(DeliveryState.PENDING), deliveries.c.announce_at <= _NOW, deliveries.c.due_at <= _NOW
    ),
    Sign.EXPIRED: exists().where(*delivery_in(DeliveryState.CLAIMED), deliveries.c.lease_until <= _NOW),
    Sign.GATHERING: exists().select_from(items).where(text("items.delivery IS NULL")),
    Sign.RECEIVED: exists().where(submission_in(SubmissionState.RECEIVED), _UNLEASED),
    Sign.JOBS: exists().where(jobs.c.state == RUNNING),
    Sign.RECEIPTS: or_(exists().where(receipts_owed.c.look_at <= _NOW), exists().where(*_UNSEEN)),
}


class StoredSigns:
    """Implements :class:`gateway.core.ports.signs.Signs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, wanted: AbstractSet[Sign], now: datetime) -> Mapping[Sign, int]:
        given = {"now": now, "young": first_id(now - TOO_YOUNG)}
        async with self._database.glance() as connection:
            row = (await connection.execute(_statement(frozenset(wanted)), given)).mappings().one()
        return {sign: int(row[sign.value] or 0) for sign in wanted}


@cache
def _statement(wanted: frozenset[Sign]) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [look.label(sign.value) for sign, look in _LOOKS.items() if sign in wanted]
    return select(*columns)
