"""Commands on who read the content of records: the list that is looked through each week, and that it was."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from gateway.cli import local
from gateway.cli.options import Json, Reason
from gateway.cli.out import put, table, tell
from gateway.core.reading_review import EVERY, REVIEWS, Reader, Reading, overdue, readers
from gateway.core.reasons import fit_reason

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.foundation import Foundation

app = typer.Typer(help="Who read the content of records, to be looked through each week.", no_args_is_help=True)
Days = Annotated[int, typer.Option(min=1, max=366, help="How far back.")]
Zone = Annotated[str, typer.Option(help="Whose days and hours count, as `America/New_York`.")]
_COLUMNS = (
    *("who", "readings", "records", "shown", "outside_hours", "busiest_day", "most_a_day"),
    *("own_name", "not_compared", "concerns"),
)
_REMEMBERED = timedelta(days=60)
"""How far back a reading that nobody looked at is looked for."""


@app.command("list")
def list_(
    days: Days = EVERY.days,
    zone: Zone = "UTC",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """What each person opened, and what asks for a question: somebody of the reader's own surname, many records a day,
    hours outside of work, the same record again and again."""

    async def work(base: Foundation) -> tuple[Reading, ...]:
        return await base.stores.readings.since(base.clock() - timedelta(days=days))

    rows = [_row(one) for one in readers(local.on_foundation(work), _zone(zone))]
    if json:
        put([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        table("Who read the content of records", _COLUMNS, rows)


@app.command()
def sign(
    reason: Reason,
    days: Days = EVERY.days,
    zone: Zone = "UTC",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write into the audit log that you looked through the list, and what you made of it."""
    said = fit_reason(reason)

    async def work(base: Foundation) -> tuple[Reader, ...]:
        begin = base.clock() - timedelta(days=days)
        found = readers(await base.stores.readings.since(begin), _zone(zone))
        entry = base.scribe.entry(local.actor(), "reads.reviewed", REVIEWS, details=_told(found, begin, said))
        await base.stores.audit.write([entry])
        return found

    found = local.on_foundation(work)
    count = sum(one.readings for one in found)
    said = f"Written down: {count} readings of {len(found)} people looked through."
    tell(said, {"readings": count, "people": len(found)}, json=json)


async def unreviewed(base: Foundation) -> bool:
    """Whether somebody read content and nobody has looked through it for a week."""
    signed = [entry.at for _, entry in await base.stores.audit.about(REVIEWS)]
    now = base.clock()
    last = max(signed, default=None)
    return overdue(await base.stores.readings.since(last or now - _REMEMBERED), now)


def _told(found: tuple[Reader, ...], begin: datetime, reason: str) -> dict[str, str | int]:
    concerns = Counter(concern for one in found for concern in one.concerns)
    listed = " ".join(f"{name}={count}" for name, count in sorted(concerns.items()))
    return {
        "begin": begin.isoformat(),
        "readings": sum(one.readings for one in found),
        "people": len(found),
        "concerns": listed or "none",
        "reason": reason,
    }


def _row(one: Reader) -> tuple[object, ...]:
    figures = (one.readings, one.records, one.shown, one.outside_hours, one.busiest_day.isoformat(), one.most_a_day)
    names = (one.own_name, one.not_compared)
    return (str(one.actor), *figures, *names, " ".join(one.concerns))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(f"There is no time zone {name}.") from None
