"""What is told of an incident, in one step."""

from __future__ import annotations

import json as json_
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.exits import Exit
from gateway.cli.extracts import Purpose, register, taken
from gateway.cli.options import Json
from gateway.cli.out import say, tell
from gateway.core.errors import Unavailable

if TYPE_CHECKING:
    from gateway.core.extract import Extract
    from gateway.core.incident import Incident
    from gateway.foundation import Foundation

app = typer.Typer(help="What happened: who, what, when and how many.", no_args_is_help=True)


def moment(text: str) -> datetime:
    """A time as people write it; UTC where it names no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("This is no time like 2026-11-29T13:00:00Z.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


Since = Annotated[
    datetime, typer.Option(parser=moment, metavar="TIME", help="Begin, as 2026-11-29T13:00Z; without a zone: UTC.")
]
Until = Annotated[datetime | None, typer.Option(parser=moment, metavar="TIME", help="End, not included; default: now.")]
Discovered = Annotated[
    datetime | None,
    typer.Option(parser=moment, metavar="TIME", help="When it was discovered: times to tell of it count from here."),
]


@app.command()
def report(
    since: Since,
    until: Until = None,
    discovered: Discovered = None,
    partner: Annotated[str | None, typer.Option(help="Only what concerns this partner.")] = None,
    most: Annotated[int, typer.Option(min=0, max=100_000, help="How many ids of each section are listed.")] = 100,
    json: Json = False,  # noqa: FBT002 - an option of typer
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: stdout.")] = None,
    purpose: Purpose = "incident",
) -> None:
    """Tell who did what, when and how often, what went out or was read, and by when whom to tell of it; out of the
    audit log, without personal data."""
    from gateway.core.incident import Scope  # noqa: PLC0415 - needed here only
    from gateway.core.model import PartnerKey  # noqa: PLC0415 - as above
    from gateway.incident import report as made  # noqa: PLC0415 - heavy, needed here only
    from gateway.reports.incident import document, lines  # noqa: PLC0415 - as above

    async def work(base: Foundation) -> tuple[Incident, Extract]:
        now = base.clock()
        scope = Scope(since, until or now, PartnerKey(partner) if partner else None)
        if scope.begin >= scope.end:
            raise typer.BadParameter("The incident ends before it begins.")
        found = await made(base, scope, discovered or now, most)
        about = f"log:{since.isoformat()}/{scope.end.isoformat()}/{partner or 'all'}"
        return found, await register(base, "incident-report", about, purpose)

    found, copy = local.on_foundation(work)
    text = "\n".join(lines(found)) if not json else json_.dumps(document(found), indent=2, default=str)
    if out is None:
        print(text)
    else:
        size = _written(text, out)
        tell(f"Wrote {out}.", {"file": str(out), "bytes": size, **taken(copy)}, json=json)
    if found.log.state != "holds":
        say(f"The log does not hold ({found.log.state}): see the runbook.")
        raise typer.Exit(Exit.INTEGRITY)


def _written(text: str, out: Path) -> int:
    try:
        return out.write_bytes(f"{text}\n".encode())
    except OSError as error:
        raise Unavailable(f"{out} cannot be written: {error.strerror}.", code="export-unwritable") from None
