"""Commands of retention: what is due, erasing it, its certificate, and legal holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import progress, put, say, table, tell
from gateway.core.errors import NotFound
from gateway.core.retention import HoldScope

if TYPE_CHECKING:
    from gateway.core.erasure import Outlook, Run, Tally
    from gateway.core.retention import Hold, Schedule
    from gateway.foundation import Foundation

app = typer.Typer(help="How long records are kept; erasing those that are due.", no_args_is_help=True)
hold = typer.Typer(help="Legal holds: nothing that they cover is erased.", no_args_is_help=True)
app.add_typer(hold, name="hold")

RUNS = 1_000
"""Runs that are searched for a certificate: almost three years of daily ones."""


@app.command()
def plan(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """What a run would erase now, by class, and what holds keep. Changes nothing."""

    async def work(base: Foundation) -> tuple[Outlook, Schedule]:
        from gateway.retaining import eraser  # noqa: PLC0415 - heavy, needed here only

        made = eraser(base)
        return await made.plan(), made.schedule

    outlook, schedule = local.on_foundation(work)
    if json:
        shown = {"due": _told(outlook.due), "held": _told(outlook.held)}
        put({"policy": schedule.version, "looked_at": outlook.looked_at} | shown)
        return
    titles = {rule.name: rule.title for rule in schedule.rules}
    rows = [(name, titles[name], "due", *_row(tally)) for name, tally in sorted(outlook.due.items())]
    rows += [(name, titles[name], "held", *_row(tally)) for name, tally in sorted(outlook.held.items())]
    table(f"Policy {schedule.version}", ("class", "what", "state", "records", "oldest", "newest"), rows)
    say(f"{outlook.looked_at:,} records were looked at; nothing was changed.")


@app.command()
def run(
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Then rewrite the database; writers wait.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Erase what is due, in small batches. A run that was cut off is gone on with."""

    async def work(base: Foundation) -> Run:
        from gateway.retaining import eraser  # noqa: PLC0415 - heavy, needed here only

        made = eraser(base)
        with progress("records", None) as bar:
            ended = await made.run(local.actor(), bar.reach)
        if vacuum:
            await made.retention.vacuum()
        return ended

    ended = local.on_foundation(work)
    if json:
        put({"run": ended.id, "policy": ended.policy, "records": ended.records, "upto": ended.upto})
    else:
        say(f"Erased {ended.records:,} records. The certificate: gateway retention certificate {ended.id}")


@app.command()
def runs(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """The newest runs."""
    found = local.on_foundation(lambda base: base.stores.retention.runs(20))
    columns = ("run", "policy", "by", "begun", "ended", "records", "state")
    rows = [(r.id, r.policy, r.actor, r.begun_at, r.ended_at, r.records, r.state.value) for r in found]
    if json:
        put([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table("Runs", columns, rows)


@app.command()
def certificate(run: Annotated[str, typer.Argument(help="Run id.")]) -> None:
    """Print the disposal certificate of a run: what was disposed of, how, by whom, under which policy."""
    found = local.on_foundation(lambda base: base.stores.retention.runs(RUNS))
    text = next((one.certificate for one in found if one.id == run), None)
    if text is None:
        raise NotFound("There is no such run, or it has not ended.")
    print(text, end="")


@app.command()
def policy(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """The rules in force, with their sources."""

    async def work(base: Foundation) -> Schedule:
        return base.policies.retention

    found = local.on_foundation(work)
    columns = ("class", "bound", "months", "from", "what", "source")
    rows = [(r.name, r.bound.value, r.months, r.event.value, r.title, r.source) for r in found.rules]
    if json:
        put(
            {
                "version": found.version,
                "sha256": found.digest,
                "rules": [dict(zip(columns, r, strict=True)) for r in rows],
            }
        )
        return
    table(f"Policy {found.version}", columns, rows)
    periods = [(name, f"{log.months} months" if log.months else f"{log.days} days", log.title, log.source)
               for name, log in found.logs.items()]  # fmt: skip
    table("Logs", ("log", "kept", "what", "source"), periods)


@hold.command("add")
def hold_add(
    reason: Annotated[str, typer.Option(help="Why; it is written into the audit log.")],
    record: Annotated[str | None, typer.Option(help="Record id.")] = None,
    case: Annotated[str | None, typer.Option(help="Token of a case (`gateway disclosures token`).")] = None,
    partner: Annotated[str | None, typer.Option(help="Key of a partner: all that it sent or was to get.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Keep a record, a case or everything of a partner, whatever the policy says."""
    given = {HoldScope.RECORD: record, HoldScope.CASE: case, HoldScope.PARTNER: partner}
    chosen = [(scope, what) for scope, what in given.items() if what]
    if len(chosen) != 1:
        raise typer.BadParameter("Give one of --record, --case and --partner.")
    scope, what = chosen[0]

    async def work(base: Foundation) -> Hold:
        from gateway.retaining import local_desk  # noqa: PLC0415 - heavy, needed here only

        return await (await local_desk(base)).hold(local.actor(), scope, what, reason)

    made = local.on_foundation(work)
    if json:
        put({"hold": made.id, "scope": made.scope.value, "since": made.set_at})
    else:
        print(made.id)


@hold.command("list")
def hold_list(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were released.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Holds in force."""
    found = local.on_foundation(lambda base: base.stores.holds.list(released=everything))
    columns = ("hold", "scope", "what", "reason", "by", "since", "released")
    rows = [(h.id, h.scope.value, h.what, h.reason, h.set_by, h.set_at, h.released_at) for h in found]
    if json:
        put([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table("Holds", columns, rows)


@hold.command("release")
def hold_release(
    id: Annotated[str, typer.Argument(help="Hold id.")],
    reason: Annotated[str, typer.Option(help="Why; it is written into the audit log.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Lift a hold; what is due then goes with the next run."""

    async def work(base: Foundation) -> None:
        from gateway.retaining import local_desk  # noqa: PLC0415 - heavy, needed here only

        await (await local_desk(base)).release(local.actor(), id, reason)

    local.on_foundation(work)
    tell(f"Hold {id} is released.", {"hold": id}, json=json)


def _row(tally: Tally) -> tuple[object, ...]:
    return tally.records, tally.oldest, tally.newest


def _told(classes: Mapping[str, Tally]) -> dict[str, object]:
    return {
        name: {"records": tally.records, "oldest": tally.oldest, "newest": tally.newest}
        for name, tally in sorted(classes.items())
    }
