"""The order of files: numbers that were used, and the day of the last file of each series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import AuditEntry, Finding, PartnerKey, SubmissionId
from gateway.core.ports.turns import LastFile
from gateway.core.succession import Turn
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import write_entries
from gateway.store.tables import file_numbers, last_files

_NUMBERS = Insertion(
    file_numbers, conflict="ON CONFLICT (sender, series, number) DO NOTHING", returning=("submission",)
)


async def take_turns(connection: AsyncConnection, turns: Sequence[Turn]) -> Mapping[SubmissionId, Finding]:
    """Let these files come next, in this order; why some may not, by submission.

    Of a file that may not nothing is kept. Numbers go in before days and both by series, so that two processes that
    take files of the same series wait for each other instead of deadlocking.
    """
    refused = await _take_numbers(connection, [turn for turn in turns if turn.number is not None])
    placed = [turn for turn in turns if turn.place is not None and turn.submission not in refused]
    for turn in sorted(placed, key=lambda turn: (turn.sender, turn.series)):
        if not await _advance(connection, turn):
            refused[turn.submission] = turn.older
            await connection.execute(delete(file_numbers).where(file_numbers.c.submission == turn.submission))
    return refused


async def _take_numbers(connection: AsyncConnection, turns: Sequence[Turn]) -> dict[SubmissionId, Finding]:
    if not turns:
        return {}
    rows = [
        {"sender": one.sender, "series": one.series, "number": one.number, "submission": one.submission}
        for one in sorted(turns, key=lambda turn: (turn.sender, turn.series, turn.number))
    ]
    granted = {row.submission for row in await _NUMBERS.returning(connection, rows)}
    return {one.submission: one.repeated for one in turns if one.submission not in granted}


async def _advance(connection: AsyncConnection, turn: Turn) -> bool:
    """Make the file the last of its series; False: the last one is newer."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"sender": turn.sender, "series": turn.series, "place": turn.place, "submission": turn.submission}
    made = insert(last_files).values(row)
    later = made.on_conflict_do_update(
        index_elements=[last_files.c.sender, last_files.c.series],
        set_={"place": made.excluded.place, "submission": made.excluded.submission},
        where=last_files.c.place <= made.excluded.place,
    ).returning(last_files.c.submission)
    return (await connection.execute(later)).one_or_none() is not None


class StoredTurns:
    """Implements :class:`gateway.core.ports.turns.Turns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def refusal(self, turn: Turn) -> Finding | None:
        of = (file_numbers.c.sender == turn.sender, file_numbers.c.series == turn.series)
        used = select(file_numbers.c.number).where(*of, file_numbers.c.number == turn.number)
        last = select(last_files.c.place).where(
            last_files.c.sender == turn.sender, last_files.c.series == turn.series, last_files.c.place > turn.place
        )
        async with self._database.read() as connection:
            if turn.number is not None and (await connection.execute(used)).first():
                return turn.repeated
            if turn.place is not None and (await connection.execute(last)).first():
                return turn.older
        return None

    async def last(self, sender: PartnerKey) -> tuple[LastFile, ...]:
        query = select(last_files).where(last_files.c.sender == sender).order_by(last_files.c.series)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return tuple(LastFile(sender, row.series, row.place, SubmissionId(row.submission)) for row in found)

    async def forget(self, sender: PartnerKey, series: str, entry: AuditEntry) -> bool:
        gone = delete(last_files).where(last_files.c.sender == sender, last_files.c.series == series)
        async with self._database.write() as connection:
            if not (await connection.execute(gone)).rowcount:
                return False
            await write_entries(connection, [entry])
        return True
