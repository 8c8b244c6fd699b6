"""What follows from judged records, written in few statements: serial numbers, records, findings, items, deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.acceptance import Judged
from gateway.core.model import AuditEntry, Finding, PartnerKey, RecordState, SubmissionId
from gateway.store.bulk import among
from gateway.store.insertion import Insertion, Row, write_together
from gateway.store.numbering import numbered
from gateway.store.protection import write_notices
from gateway.store.renewing import renew
from gateway.store.rows import ENTRIES, entry_row, finding_row, item_row, record_row
from gateway.store.tables import answers, findings, items, records, serials

_SERIALS = Insertion(serials, conflict="ON CONFLICT (sender, serial) DO NOTHING", returning=("record",))
_RECORDS = Insertion(records)
_FINDINGS = Insertion(findings)
_ITEMS = Insertion(items, without=("amendment",))
_ANSWERS = Insertion(answers, conflict="ON CONFLICT (record) DO NOTHING")


async def claim_serials(connection: AsyncConnection, judged: Sequence[Judged]) -> frozenset[str]:
    """Claim the serial numbers of records that are not refused; returns the ids of records whose number was taken.

    Of two records with one number the first in ``judged`` has it. Rows go in by (sender, serial), so that two processes
    that claim the same numbers wait for each other instead of deadlocking.
    """
    claims = serial_rows(judged)
    granted = {row.record for row in await _SERIALS.returning(connection, claims)}
    return frozenset(str(claim["record"]) for claim in claims if claim["record"] not in granted)


async def used_serials(connection: AsyncConnection, sender: PartnerKey, numbers: Sequence[str]) -> frozenset[str]:
    """Those of the numbers that a record of the sender claimed before."""
    used = select(serials.c.serial).where(serials.c.sender == sender, among(connection, serials.c.serial, numbers))
    return frozenset((await connection.execute(used)).scalars())


def serial_rows(judged: Sequence[Judged]) -> Sequence[Row]:
    """The serial numbers that records claim, by sender and number."""
    claims = [one.record for one in judged if one.record.serial and one.record.state is not RecordState.REFUSED]
    claims.sort(key=lambda record: (record.sender, record.serial))
    return [{"sender": one.sender, "serial": one.serial, "record": one.id} for one in claims]


def ordinals_of(judged: Sequence[Judged], ids: frozenset[str]) -> frozenset[int]:
    return frozenset(one.record.ordinal for one in judged if one.record.id in ids)


async def write_judged(
    connection: AsyncConnection,
    judged: Sequence[Judged],
    announce_grace: timedelta,
    found: Iterable[Row] = (),
    entries: Sequence[AuditEntry] = (),
) -> None:
    """The records with their routes and audit entries, and what else belongs to their submissions: the rows of
    :func:`finding_rows` and further entries."""
    if renewals := [one.renewal for one in judged if one.renewal is not None]:
        await renew(connection, renewals)
    await write_together(
        connection,
        (_RECORDS, (record_row(one.record) for one in judged)),
        (_FINDINGS, found),
        *await _routes(connection, judged, announce_grace, entries),
    )
    # Last, since what it locks everybody wants who places one.
    await write_notices(connection, (notice for one in judged for notice in one.notices))


async def write_routes(connection: AsyncConnection, judged: Sequence[Judged], announce_grace: timedelta) -> None:
    """Items, deliveries and audit entries of records that are stored already."""
    await write_together(connection, *await _routes(connection, judged, announce_grace))


async def _routes(
    connection: AsyncConnection,
    judged: Sequence[Judged],
    announce_grace: timedelta,
    entries: Sequence[AuditEntry] = (),
) -> Sequence[tuple[Insertion, Iterable[Row]]]:
    """Whoever commits announces the deliveries itself; the relay looks at them only ``announce_grace`` later."""
    owed = [delivery for one in judged for delivery in one.deliveries]
    told = chain((one.entry for one in judged), entries)
    return (
        (_ANSWERS, ({"record": j.record.id, "question": j.question} for j in judged if j.question)),
        (_ITEMS, (item_row(item) for one in judged for item in one.items)),
        await numbered(connection, owed, announce_grace),
        (ENTRIES, (entry_row(entry) for entry in told)),
    )


def finding_rows(groups: Mapping[SubmissionId, Iterable[Finding]], first: int = 1) -> Iterator[Row]:
    """The findings of each submission, numbered from ``first`` on."""
    for submission, some in groups.items():
        for number, finding in enumerate(some, first):
            yield finding_row(submission, number, finding)


async def write_findings(connection: AsyncConnection, rows: Iterable[Row]) -> None:
    await _FINDINGS.write(connection, rows)


async def next_finding(connection: AsyncConnection, submission: SubmissionId) -> int:
    """The number of the next finding of the submission; the caller holds the submission's row."""
    last = select(func.max(findings.c.number)).where(findings.c.submission == submission)
    return int((await connection.execute(last)).scalar_one() or 0) + 1
