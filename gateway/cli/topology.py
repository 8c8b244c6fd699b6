"""Commands on the broker's topology."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gateway.cli import local
from gateway.cli.exits import Exit
from gateway.cli.options import Json
from gateway.cli.out import put, say, table, tell
from gateway.core.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from gateway.broker.rabbitmq import RabbitBroker
    from gateway.core.model import PartnerKey
    from gateway.foundation import Foundation

app = typer.Typer(help="Queues and exchanges on RabbitMQ.", no_args_is_help=True)


async def _opened(base: Foundation) -> tuple[RabbitBroker, tuple[PartnerKey, ...]]:
    from gateway.broker.rabbitmq import RabbitBroker  # noqa: PLC0415 - as above
    from gateway.wiring import open_broker  # noqa: PLC0415 - heavy, needed here only

    broker = open_broker(base.settings, base)
    if not isinstance(broker, RabbitBroker):
        raise Misconfigured("The memory broker has no topology: set broker.url.")
    await broker.open()
    if not broker.connected:
        raise Unavailable("RabbitMQ cannot be reached.", code="broker-down")
    return broker, tuple((await base.stores.partners.directory()).partners)


@app.command()
def apply(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Declare everything that is missing. Existing objects with other arguments are an error, never changed."""

    async def work(base: Foundation) -> None:
        broker, partners = await _opened(base)
        try:
            await broker.declare(partners)
        finally:
            await broker.close()
        tell(f"The queues of {len(partners)} partners are there.", {"partners": sorted(partners)}, json=json)

    local.on_foundation(work)


@app.command()
def diff(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """What apply would do."""

    async def work(base: Foundation) -> int:
        broker, partners = await _opened(base)
        try:
            found = await broker.diff(partners)
        finally:
            await broker.close()
        if json:
            put([{"object": d.thing, "name": d.name, "found": d.found} for d in found])
        elif found:
            table("Differences", ("object", "name", "found"), [(d.thing, d.name, d.found) for d in found])
        else:
            say("Nothing differs.")
        return len(found)

    if local.on_foundation(work):
        raise typer.Exit(Exit.CONFLICT)
