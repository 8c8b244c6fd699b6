"""Sealed values in every table that has some, for the tests of the re-wrap job; also a program that runs the job."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from gateway.core.audit_entry import Scribe
from gateway.core.ids import minting
from gateway.store.engine import Database, open_database
from gateway.store.sealed import PLACES, StoredSealed
from gateway.store.tables import mailbox, records, spool
from gateway.work.rewrap import Pace, Rewrapper, SealingKeys
from keys.files import FileKeys
from keys.states import KeyState, KeyUse
from keys.token import TokenAddress

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAIN = b"<Record>synthetic</Record>"
FAST = Pace(page=50, rate=10**9, settled=timedelta())
mint = minting(lambda: datetime.now(UTC), os.urandom)


def clock() -> datetime:
    return NOW


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def context(place: str, number: int) -> str:
    return f"{place}:{number:08d}"


def label(number: int) -> str:
    return "federal-tax" if number % 3 == 0 else "records"


async def fill(database: Database, sealer, count: int) -> None:
    """``count`` values in each of three tables, every third of them under the label of tax data."""
    rows = [(number, sealer.seal(label(number), context("x.sealed", number), PLAIN)) for number in range(count)]
    async with database.write() as connection:
        for at in range(0, count, 1000):
            part = rows[at : at + 1000]
            await connection.execute(insert(records), [record(*row) for row in part])
            await connection.execute(insert(spool), [piece(*row) for row in part])
            await connection.execute(insert(mailbox), [parcel(*row) for row in part])


def record(number: int, sealed: bytes) -> dict[str, object]:
    return {
        "id": f"{number:08d}",
        "submission": "s",
        "ordinal": number,
        "sender": "ohio",
        "state": "routed",
        "sealed": sealed,
        "received_at": NOW,
    }


def piece(number: int, sealed: bytes) -> dict[str, object]:
    return {"submission": f"s{number // 7:06d}", "piece": number % 7, "at": NOW, "sealed": sealed}


def parcel(number: int, sealed: bytes) -> dict[str, object]:
    return {
        "delivery": f"{number:08d}",
        "partner": "iowa",
        "name": "n",
        "media_type": "m",
        "digest": "d",
        "size": 1,
        "sealed": sealed,
        "placed_at": NOW,
    }


async def everything(database: Database) -> list[tuple[int, bytes]]:
    """Number and value of each sealed row."""
    found = []
    async with database.read() as connection:
        for place in PLACES:
            query = select(place.sealed).where(place.sealed.is_not(None)).order_by(*place.key)
            found += list(enumerate([bytes(value) for value in await connection.scalars(query)]))
    return found


async def unreadable(database: Database, sealer) -> int:
    """Values that do not open to what was sealed."""
    wrong = 0
    for number, sealed in await everything(database):
        wrong += sealer.open(label(number), context("x.sealed", number), sealed) != PLAIN
    return wrong


def sealing_keys(keys: FileKeys) -> SealingKeys:
    keks = [facts for facts in keys.ring.facts() if facts.use is KeyUse.KEK]
    active = [facts for facts in keks if facts.state is KeyState.ACTIVE]
    old = frozenset(facts.id for facts in keks if facts.state is KeyState.DECRYPT_ONLY)
    return SealingKeys(frozenset(facts.id for facts in active), old, max(facts.since for facts in active))


def rewrapper(database: Database, keys: FileKeys, pace: Pace = FAST) -> Rewrapper:
    scribe = Scribe(clock, mint, os.urandom)
    sealer = keys.sealer()
    return Rewrapper(
        StoredSealed(database), sealer, lambda: sealing_keys(keys), scribe, clock, mint, pace, pause=no_pause
    )


def again(keys: FileKeys) -> FileKeys:
    """As another process has them."""
    return FileKeys.load(keys._path.parent, None, clock=clock, random=os.urandom, token=keys._address)


async def _run(url: str, folder: Path, token: Sequence[str]) -> None:
    address = TokenAddress(Path(token[0]), *token[1:]) if token else None
    database = open_database(url)
    keys = FileKeys.load(folder, None, clock=clock, random=os.urandom, token=address)
    job = replace(rewrapper(database, keys), pace=replace(FAST, page=3))
    keys.sealer().seal("records", "x", b"")  # logs in: SoftHSM's own file does not outlive a kill at that moment
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    while await job.step():
        pass
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
