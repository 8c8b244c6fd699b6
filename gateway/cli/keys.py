"""Commands on the key ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.out import put, say, table

if TYPE_CHECKING:
    from gateway.foundation import Foundation

app = typer.Typer(help="Keys that seal records at rest.", no_args_is_help=True)


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:  # noqa: FBT002 - an option of typer
    """All keys with their states; never their material."""

    async def work(base: Foundation) -> None:
        rows = [(f.id, f.use, f.label, f.state, f.created_at) for f in base.keys.list()]
        if json:
            put([dict(zip(("id", "use", "label", "state", "created_at"), row, strict=True)) for row in rows])
        else:
            table("Keys", ("id", "use", "label", "state", "created"), rows)

    local.on_foundation(work)


@app.command()
def new(label: Annotated[str, typer.Argument(help="What the key is for, like `records`.")]) -> None:
    """Make the first sealing key of a label."""

    async def work(base: Foundation) -> None:
        made = base.keys.new(label)
        await base.stores.audit.write([base.scribe.entry(local.actor(), "key.created", f"key:{made.id}")])
        say(f"{made.id} is active.")

    local.on_foundation(work)


@app.command()
def rotate(label: Annotated[str, typer.Argument(help="What the key is for.")] = "records") -> None:
    """Make another key the active one; what the old one sealed stays readable."""

    async def work(base: Foundation) -> None:
        made = base.keys.rotate(label)
        await base.stores.audit.write([base.scribe.entry(local.actor(), "key.rotated", f"key:{made.id}")])
        say(f"{made.id} is active; the one before it only opens.")

    local.on_foundation(work)
