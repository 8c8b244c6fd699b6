"""Findings on deliveries: written with the outcome of the attempt that first composed the payload, read by delivery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import DeliveryId, Finding, Path, RuleCode, Settlement, Severity
from gateway.store.bulk import among
from gateway.store.insertion import Insertion
from gateway.store.tables import delivery_findings

_FINDINGS = Insertion(delivery_findings)


async def write_losses(connection: AsyncConnection, settlements: Sequence[Settlement]) -> None:
    """Keep the findings of settlements that have some. A payload that could not be written is composed anew when a
    person sends it again: what was found then takes the place of what was found before."""
    lossy = [settlement for settlement in settlements if settlement.findings]
    if not lossy:
        return
    ids = [settlement.delivery for settlement in lossy]
    await connection.execute(delete(delivery_findings).where(among(connection, delivery_findings.c.delivery, ids)))
    await _FINDINGS.write(connection, (row for settlement in lossy for row in _rows(settlement)))


def _rows(settlement: Settlement) -> Iterator[dict[str, object]]:
    at = settlement.due_at if settlement.attempt is None else settlement.attempt.ended_at
    for number, finding in enumerate(settlement.findings):
        yield {
            "delivery": settlement.delivery,
            "number": number,
            "at": at,
            "record": finding.record,
            "rule": finding.rule,
            "severity": finding.severity.value,
            "field": finding.field,
            "path": finding.path,
            "start": finding.start,
            "length": finding.length,
            "note": finding.note,
        }


async def losses_of(
    connection: AsyncConnection, ids: Sequence[DeliveryId]
) -> tuple[tuple[DeliveryId, datetime, Finding], ...]:
    """The findings on these deliveries with the time of their attempt, in the order in which they were found."""
    columns = delivery_findings.c
    query = select(delivery_findings).where(among(connection, columns.delivery, ids))
    rows = (await connection.execute(query.order_by(columns.delivery, columns.number))).all()
    return tuple(
        (
            DeliveryId(row.delivery),
            row.at,
            Finding(
                rule=RuleCode(row.rule),
                severity=Severity(row.severity),
                record=row.record,
                field=row.field,
                path=None if row.path is None else Path(row.path),
                start=row.start,
                length=row.length,
                note=row.note,
            ),
        )
        for row in rows
    )
