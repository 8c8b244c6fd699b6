"""Deliveries, what they carry, and the attempts at them as rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gateway.core.model import (
    AgreementKey,
    Attempt,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    Fault,
    FormatName,
    Item,
    Kind,
    Outcome,
    PartnerKey,
)


def item_row(item: Item) -> dict[str, object]:
    return {
        "record": item.record,
        "partner": item.partner,
        "sender": item.sender,
        "kind": item.kind,
        "agreement": item.agreement,
        "delivery": item.delivery,
        "owed_at": item.owed_at,
    }


def delivery_row(delivery: Delivery, announce_at: datetime) -> dict[str, object]:
    """All columns but the lease and the edition: every delivery begins with its first."""
    return {
        "id": delivery.id,
        "partner": delivery.partner,
        "sender": delivery.sender,
        "kind": delivery.kind,
        "format": delivery.format,
        "agreement": delivery.agreement,
        "state": delivery.state.value,
        "created_at": delivery.created_at,
        "due_at": delivery.due_at,
        "announce_at": announce_at,
        "records": delivery.records,
        "lane": delivery.lane,
        "number": delivery.number,
        "attempts": delivery.attempts,
        "digest": delivery.digest,
        "size": delivery.size,
        "cause": delivery.cause,
        "fault": None if delivery.fault is None else delivery.fault.value,
        "answer": delivery.answer,
        "settled_at": delivery.settled_at,
    }


def _as_it_is(column: Any) -> Any:  # noqa: ANN401 - a column of a row
    return column


def delivery_from(row: Row[Any], instant: Callable[[Any], Any] = _as_it_is) -> Delivery:
    """``instant`` makes moments of rows that come as the driver has them."""
    return Delivery(
        id=DeliveryId(row.id),
        partner=PartnerKey(row.partner),
        sender=PartnerKey(row.sender),
        kind=Kind(row.kind),
        format=FormatName(row.format),
        agreement=AgreementKey(row.agreement),
        state=DeliveryState(row.state),
        created_at=instant(row.created_at),
        due_at=instant(row.due_at),
        records=row.records,
        lane=row.lane,
        number=row.number,
        attempts=row.attempts,
        digest=None if row.digest is None else Digest(row.digest),
        size=row.size,
        cause=row.cause,
        fault=None if row.fault is None else Fault(row.fault),
        answer=row.answer,
        settled_at=instant(row.settled_at),
        edition=row.edition,
    )


def attempt_row(attempt: Attempt) -> dict[str, object]:
    return {
        "delivery": attempt.delivery,
        "number": attempt.number,
        "begun_at": attempt.begun_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome.value,
        "code": attempt.code,
        "answer": attempt.answer,
    }


def attempt_from(row: Row[Any]) -> Attempt:
    return Attempt(
        delivery=DeliveryId(row.delivery),
        number=row.number,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome),
        code=row.code,
        answer=row.answer,
    )
