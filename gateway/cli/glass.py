"""The broken glass: who used it, what they opened, and the review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import facts, put, table, tell
from gateway.core.glass import Verdict

if TYPE_CHECKING:
    from gateway.core.glass import Opened, Use
    from gateway.foundation import Foundation

app = typer.Typer(help="Emergency access to content: who used it, and its review.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="Use, as `gateway glass list` names it.")]
_COLUMNS = ("use", "state", "who", "role", "emergency", "broken", "over", "review_by", "reviewed_by")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are reviewed.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """Uses that nobody has reviewed, the newest first."""

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        return [_row(one, _state(one, base)) for one in await base.stores.glass.list(reviewed=everything)]

    rows = local.on_foundation(work)
    if json:
        put([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        table("Broken glass", _COLUMNS, rows)


@app.command()
def show(use: Id, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """One use with what was opened under it: ids, no content."""

    async def work(base: Foundation) -> dict[str, object]:
        from gateway.guarding import glass_watch  # noqa: PLC0415 - heavy, needed here only

        found, opened = await glass_watch(base).found(use)
        return _told(found, opened, _state(found, base))

    told = local.on_foundation(work)
    if json:
        put(told)
    else:
        facts({name: "" if value is None else str(value) for name, value in told.items()})


@app.command()
def review(
    use: Id,
    finding: Annotated[Verdict, typer.Option(help="What you found.")],
    note: Annotated[str, typer.Option(help="Kept in the audit log. Names no person and holds no long number.")],
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """Close the task of a use. Your name on this machine has to be that of a security officer's account, and not of
    the one who broke the glass."""

    async def work(base: Foundation) -> None:
        from gateway.core.ports.glass import Word  # noqa: PLC0415 - needed here only
        from gateway.guarding import glass_watch  # noqa: PLC0415 - heavy, needed here only
        from gateway.web.console.rights import known_role  # noqa: PLC0415 - as above

        name = local.account()
        account = await base.stores.operators.find(name)
        role = known_role(account.role) if account and not account.disabled else None
        await glass_watch(base).review(use, Word(local.actor(), name, role, finding, note))

    local.on_foundation(work)
    tell(f"Written down: {use} is {finding.value}.", {"use": use, "finding": finding.value}, json=json)


async def unreviewed_glass(base: Foundation) -> str:
    """What `gateway doctor` says of glass that is broken or was not reviewed."""
    now = base.clock()
    found = sorted(await base.stores.glass.list(reviewed=False), key=lambda one: one.review_by)
    if not found:
        return "ok"
    return (
        f"{len(found)} uses of the broken glass wait for a review, the first by {found[0].review_by:%Y-%m-%d %H:%M} UTC"
        f" ({found[0].stage(now)}): see `gateway glass list`"
    )


def _state(use: Use, base: Foundation) -> str:
    return use.stage(base.clock()) or (use.review.verdict if use.review else "")


def _row(one: Use, state: str) -> tuple[object, ...]:
    times = (one.broken_at, one.ended_at, one.review_by)
    return (one.id, state, one.operator, one.role, one.emergency.value, *times, one.review.by if one.review else None)


def _told(one: Use, opened: tuple[Opened, ...], state: str) -> dict[str, object]:
    return {
        **dict(zip(_COLUMNS, _row(one, state), strict=True)),
        "reason": one.reason,
        "note": one.review.note if one.review else None,
        "opened": [f"{entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.outcome} {entry.record}" for entry in opened],
    }
