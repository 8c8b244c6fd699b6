"""Requests for a second person's word, to look at. They are given in the console, behind two factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, table

if TYPE_CHECKING:
    from gateway.core.four_eyes import Request
    from gateway.foundation import Foundation

app = typer.Typer(help="What needs a second person, and who has agreed.", no_args_is_help=True)
SHOWN = 100


@app.command("list")
def list_(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """The last hundred requests, newest first."""
    from gateway.core.model import Page  # noqa: PLC0415 - heavy, needed here only

    async def work(base: Foundation) -> None:
        now = base.clock()
        found = (await base.stores.approvals.list(Page(SHOWN))).rows
        if json:
            put([_told(one) | {"state": one.at(now).value} for one in found])
            return
        rows = [
            (one.id, one.at(now).value, one.act.value, one.object, one.asked_by, one.decided_by or "") for one in found
        ]
        table("Second words", ("request", "state", "act", "object", "asked by", "second person"), rows)

    local.on_foundation(work)


def _told(one: Request) -> dict[str, object]:
    return {
        "id": one.id,
        "act": one.act.value,
        "object": one.object,
        "terms": dict(one.terms),
        "reason": one.reason,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "decided_by": one.decided_by,
        "used_by": one.used_by,
    }
