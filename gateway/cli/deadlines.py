"""What has to be sent by a day and is not sent yet."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, table

if TYPE_CHECKING:
    from gateway.core.danger_clock import Due
    from gateway.foundation import Foundation


def register(app: typer.Typer) -> None:
    app.command()(deadlines)


def deadlines(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have time.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Changes of a family violence indicator that the federal case registry does not have: near their day, or over it
    (five business days of the sender's state, 45 CFR 307.11(f)(1))."""
    found = [one for one in local.on_foundation(danger) if everything or one.stage != "open"]
    if json:
        put([_row(one) for one in found])
        return
    rows = [tuple(_row(one).values()) for one in found]
    columns = ("stage", "due", "record", "sender", "received", "where", "cause", "delivery")
    table("Changes of a family violence indicator, not sent", columns, rows)


async def danger(base: Foundation) -> tuple[Due, ...]:
    """The most urgent first."""
    from gateway.guarding import danger_watch  # noqa: PLC0415 - heavy, needed here only

    directory = await base.stores.partners.directory()
    return await danger_watch(base, lambda: directory).due()


def _row(one: Due) -> dict[str, object]:
    change = asdict(one.change)
    told = {"stage": one.stage, "due": one.due_on, "record": change["record"], "sender": change["sender"]}
    return told | {
        "received": change["received_at"],
        "where": change["where"],
        "cause": change["cause"],
        "delivery": change["delivery"],
    }
