"""The register of incidents: whom to tell of what, and by when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.incident import app, moment
from gateway.cli.options import Json, Reason
from gateway.cli.out import put, say, table, tell
from gateway.core.errors import NotFound

if TYPE_CHECKING:
    from gateway.core.incident_clock import Opened, Untold
    from gateway.foundation import Foundation

Id = Annotated[str, typer.Argument(help="Incident id.")]
_COLUMNS = ("incident", "discovered", "about", "partner", "whom", "by", "stage", "told", "closed")


@app.command("open")
def open_(
    discovered: Annotated[datetime, typer.Option(parser=moment, metavar="TIME", help="When it was discovered.")],
    about: Annotated[str, typer.Option(help="What happened; kept in the audit log. Names no person.")],
    partner: Annotated[str | None, typer.Option(help="Whose data or channel it is about.")] = None,
    tax_data: Annotated[bool, typer.Option(help="Federal tax data are concerned.")] = False,  # noqa: FBT002 - an option of typer
    health_data: Annotated[bool, typer.Option(help="Health data are concerned.")] = False,  # noqa: FBT002 - as above
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """Open an incident: from its discovery on the clocks run on telling of it. Prints its id."""
    from gateway.core.incident import Data  # noqa: PLC0415 - needed here only
    from gateway.guarding import incident_watch  # noqa: PLC0415 - heavy, needed here only

    data = [one for one, wanted in ((Data.TAX, tax_data), (Data.HEALTH, health_data)) if wanted]

    async def work(base: Foundation) -> Opened:
        if partner is not None and partner not in (await base.stores.partners.directory()).partners:
            raise NotFound(f"There is no partner {partner}.")
        return await incident_watch(base).open(local.actor(), discovered, about, partner, data)

    made = local.on_foundation(work)
    for duty in made.duties():
        say(f"Tell {duty.whom} by {made.discovered_at + duty.within:%Y-%m-%d %H:%M}: {duty.code} ({duty.rule})")
    if json:
        due = [{"whom": duty.code, "by": made.discovered_at + duty.within} for duty in made.duties()]
        put({"incident": made.id, "due": due})
    else:
        print(made.id)


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """Incidents with those who have to be told, the latest first."""

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        from gateway.core.incident_clock import untold  # noqa: PLC0415 - needed here only

        found = await base.stores.incidents.list(closed=everything)
        waiting = {(one.incident.id, one.duty.code): one for one in untold(found, base.clock())}
        return [row for one in found for row in _rows(one, waiting)]

    rows = local.on_foundation(work)
    if json:
        put([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        table("Incidents", _COLUMNS, rows)


@app.command()
def told(
    incident: Id,
    whom: Annotated[str, typer.Argument(help="Who, as `gateway incident list` names it.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write down that somebody was told: their clock stops."""

    async def work(base: Foundation) -> None:
        from gateway.guarding import incident_watch  # noqa: PLC0415 - heavy, needed here only

        await incident_watch(base).tell(local.actor(), incident, whom)

    local.on_foundation(work)
    tell(f"Written down: {whom} was told of {incident}.", {"incident": incident, "told": whom}, json=json)


@app.command()
def close(incident: Id, reason: Reason, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Close an incident: all its clocks stop, also of those who were not told."""

    async def work(base: Foundation) -> None:
        from gateway.guarding import incident_watch  # noqa: PLC0415 - heavy, needed here only

        await incident_watch(base).close(local.actor(), incident, reason)

    local.on_foundation(work)
    tell(f"Incident {incident} is closed.", {"incident": incident}, json=json)


async def late(base: Foundation) -> str:
    """What `gateway doctor` says of notices whose time is half over."""
    from gateway.guarding import incident_watch  # noqa: PLC0415 - heavy, needed here only

    found = [one for one in await incident_watch(base).untold() if one.stage != "open"]
    if not found:
        return "ok"
    first = found[0]
    return (
        f"{len(found)} notices of incidents are not given, the first to {first.duty.code} by "
        f"{first.due_at:%Y-%m-%d %H:%M} UTC ({first.stage}): see `gateway incident list`"
    )


def _rows(one: Opened, waiting: dict[tuple[str, str], Untold]) -> list[tuple[object, ...]]:
    what = (one.id, one.discovered_at, one.about, one.partner)
    return [
        (
            *what,
            duty.code,
            one.discovered_at + duty.within,
            waiting[one.id, duty.code].stage.value if (one.id, duty.code) in waiting else "",
            one.told.get(duty.code),
            one.closed_at,
        )
        for duty in one.duties()
    ]
