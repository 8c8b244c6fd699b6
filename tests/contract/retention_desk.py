"""A desk of retention over a database, with a schedule of few words."""

from __future__ import annotations

from gateway.core.retention import Log, Schedule
from gateway.core.routing import Directory
from gateway.store.holds import StoredExtracts, StoredHolds
from gateway.store.records import StoredRecords
from gateway.store.retention import StoredRetention
from gateway.work.retention_desk import StaffedDesk

SCHEDULE = Schedule("2026-test", "0" * 64, (), {"extracts": Log("Extracts", "a source", days=90)})


def desk_over(database, scribe, clock, mint, partners=()):
    return StaffedDesk(
        schedule=SCHEDULE,
        retention=StoredRetention(database),
        kept=StoredHolds(database),
        register_of=StoredExtracts(database),
        records=StoredRecords(database),
        directory=lambda: Directory(partners, []),
        scribe=scribe,
        clock=clock,
        mint=mint,
    )
