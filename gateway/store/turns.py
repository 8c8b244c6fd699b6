"""The order of files: numbers that were used, and the day of the last file of each series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import AuditEntry, Finding, PartnerKey, SubmissionId
from gateway.core.ports.turns import LastFile
from gateway.core.succession import Claim, Turn
from gateway.store.bulk import among, upsert
from gateway.store.engine import Database
from gateway.store.insertion import Insertion
from gateway.store.rows import write_entries
from gateway.store.tables import file_numbers, last_files

_NUMBERS = Insertion(
    file_numbers,
    conflict="ON CONFLICT (sender, series, number) DO NOTHING",
    returning=("submission", "series", "number"),
)
_Key = tuple[str, str, str]
"""Sender, series and number."""


async def take_turns(connection: AsyncConnection, turns: Sequence[Turn]) -> Mapping[SubmissionId, tuple[Finding, ...]]:
    """Let these files come next, in this order; why some may not, by submission.

    Of a file that may not nothing is kept. Numbers go in before days and both by series, so that two processes that
    take files of the same series wait for each other instead of deadlocking.
    """
    refused = await _take_numbers(connection, [turn for turn in turns if turn.claims])
    placed = [turn for turn in turns if turn.place is not None and turn.submission not in refused]
    for turn in sorted(placed, key=lambda turn: (turn.sender, turn.series)):
        if not await _advance(connection, turn):
            refused[turn.submission] = (turn.older,)
            await _give_back(connection, turn)
    return refused


async def _take_numbers(connection: AsyncConnection, turns: Sequence[Turn]) -> dict[SubmissionId, tuple[Finding, ...]]:
    """A file gets all of its numbers or none. What one gives back again may have been asked for by others here: they
    ask once more. The first of them gets all of its own, so there are fewer each time."""
    refused: dict[SubmissionId, tuple[Finding, ...]] = {}
    waiting = list(turns)
    while waiting:
        granted = await _grant(connection, waiting)
        freed: set[_Key] = set()
        late = []
        for turn in waiting:
            refused[turn.submission] = _ungranted(turn, granted)
            if refused[turn.submission]:
                late.append(turn)
                freed |= granted.get(turn.submission, set())
                await _give_back(connection, turn)
        waiting = [turn for turn in late if _asks_for(turn, freed - granted.get(turn.submission, set()))]
    return {submission: told for submission, told in refused.items() if told}


async def _grant(connection: AsyncConnection, turns: Sequence[Turn]) -> Mapping[SubmissionId, set[_Key]]:
    """The numbers that each of them gets."""
    asked = sorted(((_key(turn, claim), turn) for turn in turns for claim in turn.claims), key=lambda one: one[0])
    rows = [
        {"sender": sender, "series": series, "number": number, "submission": turn.submission}
        for (sender, series, number), turn in asked
    ]
    senders = {turn.submission: turn.sender for turn in turns}
    granted: dict[SubmissionId, set[_Key]] = {}
    for row in await _NUMBERS.returning(connection, rows):
        of = SubmissionId(row.submission)
        granted.setdefault(of, set()).add((senders[of], row.series, row.number))
    return granted


def _ungranted(turn: Turn, granted: Mapping[SubmissionId, AbstractSet[_Key]]) -> tuple[Finding, ...]:
    has = granted.get(turn.submission, set())
    return turn.repeated(lambda claim: _key(turn, claim) not in has)


def _key(turn: Turn, claim: Claim) -> _Key:
    return turn.sender, claim.series, claim.number


def _asks_for(turn: Turn, freed: AbstractSet[_Key]) -> bool:
    return any(_key(turn, claim) in freed for claim in turn.claims)


async def _give_back(connection: AsyncConnection, turn: Turn) -> None:
    if turn.claims:
        await connection.execute(delete(file_numbers).where(file_numbers.c.submission == turn.submission))


async def _advance(connection: AsyncConnection, turn: Turn) -> bool:
    """Make the file the last of its series; False: the last one is newer."""
    row = {"sender": turn.sender, "series": turn.series, "place": turn.place, "submission": turn.submission}
    made = upsert(connection, last_files).values(row)
    later = made.on_conflict_do_update(
        index_elements=[last_files.c.sender, last_files.c.series],
        set_={"place": made.excluded.place, "submission": made.excluded.submission},
        where=last_files.c.place <= made.excluded.place,
    ).returning(last_files.c.submission)
    return (await connection.execute(later)).one_or_none() is not None


async def _used(connection: AsyncConnection, turn: Turn) -> set[_Key]:
    """Of the numbers that the file asks for, those that came before."""
    found: set[_Key] = set()
    for series in sorted({claim.series for claim in turn.claims}):
        asked = among(connection, file_numbers.c.number, [one.number for one in turn.claims if one.series == series])
        of = (file_numbers.c.sender == turn.sender, file_numbers.c.series == series)
        used = await connection.scalars(select(file_numbers.c.number).where(*of, asked))
        found |= {(turn.sender, series, number) for number in used}
    return found


async def _is_older(connection: AsyncConnection, turn: Turn, place: str) -> bool:
    newer = select(last_files.c.place).where(
        last_files.c.sender == turn.sender, last_files.c.series == turn.series, last_files.c.place > place
    )
    return (await connection.execute(newer)).first() is not None


class StoredTurns:
    """Implements :class:`gateway.core.ports.turns.Turns`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def refusal(self, turn: Turn) -> tuple[Finding, ...]:
        async with self._database.read() as connection:
            used = await _used(connection, turn)
            if repeated := turn.repeated(lambda claim: _key(turn, claim) in used):
                return repeated
            if turn.place is not None and await _is_older(connection, turn, turn.place):
                return (turn.older,)
        return ()

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
