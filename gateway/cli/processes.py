"""Commands that prepare and run processes: init, serve, demo, db, doctor, check-config."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.deadlines import danger
from gateway.cli.exits import Exit
from gateway.cli.incidents import late
from gateway.cli.options import Json
from gateway.cli.out import facts, put, say
from gateway.cli.readings import unreviewed
from gateway.cli.runtime import event_loop
from gateway.core.errors import GatewayError, Misconfigured, Tampered
from gateway.core.loopback import is_loopback
from gateway.kernel_limits import keep_memory_private, raise_descriptors
from gateway.memory import calm_collector, give_back

if TYPE_CHECKING:
    from gateway.foundation import Foundation
    from gateway.settings import Settings
    from gateway.settings.broker import BrokerSettings

PASSWORD = re.compile(r"(//[^:/@]*):[^@/]*@")
"""The password in an address."""

database = typer.Typer(help="The database's schema.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(serve)
    app.command()(demo)
    app.command()(doctor)
    app.command("check-config")(check_config)


def init() -> None:
    """Prepare a new gateway: keys, credentials folder and database schema. Does nothing twice."""
    from gateway.clock import utc_now  # noqa: PLC0415 - heavy, needed here only
    from gateway.fips import refuse_unfit  # noqa: PLC0415 - as above
    from gateway.foundation import stretch  # noqa: PLC0415 - as above
    from gateway.key_secrets import passphrase, token_address  # noqa: PLC0415 - as above
    from gateway.store.migrations import migrate  # noqa: PLC0415 - as above
    from keys.files import FILE_NAME, FileKeys  # noqa: PLC0415 - as above

    settings = local.settings()
    refuse_unfit(settings)
    _make_database_folder(settings.db.url)
    _private_folder(settings.secrets)
    if not (settings.keys.directory / FILE_NAME).exists():
        FileKeys.create(
            settings.keys.directory,
            utc_now,
            secrets.token_bytes,
            passphrase(settings.keys),
            stretch=stretch(settings),
            token=token_address(settings.keys),
        )
        say(f"Made new keys in {settings.keys.directory}.")
    asyncio.run(migrate(settings.db.url))
    say("The database has the present schema.")


def _private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _make_database_folder(url: str) -> None:
    """The folder of an SQLite file."""
    _, separator, path = url.partition(":///")
    if separator and url.startswith("sqlite"):
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def serve(
    role: Annotated[
        str, typer.Option(help="Comma-separated: api, relay, dispatcher, scheduler, console, integrator.")
    ] = "api,relay,dispatcher,scheduler,console,integrator",
) -> None:
    """Run one process with the given roles until it is told to stop."""
    from gateway.app import gateway  # noqa: PLC0415 - heavy, needed here only
    from gateway.settings import Role  # noqa: PLC0415 - as above
    from gateway.telemetry import configure_logs  # noqa: PLC0415 - as above

    try:
        roles = frozenset(Role(name.strip()) for name in role.split(","))
    except ValueError:
        raise Misconfigured(f"--role knows: {', '.join(Role)}.") from None
    settings = local.settings()
    if settings.broker.url is None and roles != frozenset(Role):
        raise Misconfigured("Roles in several processes need a broker: set broker.url.")
    configure_logs()

    async def running() -> None:
        async with gateway(settings, roles) as process:
            for name, address in process.addresses.items():
                say(f"{name}: {address}")
            calm_collector()
            await told_to_stop()

    give_back()
    keep_memory_private()
    raise_descriptors()
    with asyncio.Runner(loop_factory=event_loop()) as runner:
        runner.run(running())


async def told_to_stop() -> None:
    """Returns when the process is interrupted or terminated."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run the story, check every expectation, and end.")] = False,  # noqa: FBT002 - an option of typer
    pg: Annotated[str | None, typer.Option(help="PostgreSQL instead of SQLite: postgresql+asyncpg://...")] = None,
    amqp: Annotated[str | None, typer.Option(help="RabbitMQ instead of the memory broker: amqp://...")] = None,
    port: Annotated[int, typer.Option(help="Port of the console; 0 takes a free one.")] = 8080,
) -> None:
    """Show the whole gateway on synthetic partners: no server, no account, no real person."""
    from gateway.demo.story import tell  # noqa: PLC0415 - heavy, needed here only
    from gateway.demo.world import Wishes  # noqa: PLC0415 - as above

    held = asyncio.run(tell(Wishes(once=once, database=pg, broker=amqp, port=port)))
    raise typer.Exit(Exit.OK if held else Exit.FINDINGS)


@database.command()
def upgrade() -> None:
    """Bring the schema up to this version; safe to repeat."""
    from gateway.store.migrations import migrate  # noqa: PLC0415 - heavy, needed here only

    settings = local.settings()
    _make_database_folder(settings.db.url)
    asyncio.run(migrate(settings.db.url))
    say("The database has the present schema.")


def check_config() -> None:
    """Print the settings in force; secrets are masked."""
    shown = local.settings().model_dump(mode="json")
    shown["db"]["url"] = _masked(shown["db"]["url"])
    put(shown)


def doctor(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Look at everything this gateway needs and say what is wrong."""
    from gateway.telemetry import configure_logs  # noqa: PLC0415 - heavy, needed here only

    configure_logs(json=False, level=logging.WARNING)
    findings = asyncio.run(_examined(local.settings()))
    if json:
        put(findings)
    else:
        facts(findings)
    if any(value != "ok" for value in findings.values()):
        raise typer.Exit(Exit.CONFIGURATION)


_LOOKED_AT = (
    "python",
    "libraries",
    "crypto",
    "computers",
    "catalog",
    "keys",
    "database",
    "schema",
    "log",
    "clock",
    "queues",
    "deadlines",
    "readings",
    "places",
    "incidents",
    "broker",
)


def _crypto(settings: Settings) -> str:
    from gateway.fips import refuse_unfit, report  # noqa: PLC0415 - heavy, needed here only

    try:
        refuse_unfit(settings)
    except Misconfigured as error:
        return error.detail
    told = report(settings)
    idle = [one.version for one in told.modules if not one.active]
    if told.mode == "off" or not idle:
        return "ok"
    return f"approved algorithms only, by modules that are not validated: no FIPS provider in {', '.join(idle)}"


def _computers(settings: Settings) -> str:
    if settings.console.device_ca is not None or is_loopback(settings.console.host):
        return "ok"
    return "the console lets in whatever computer reaches it: set console.device_ca"


async def _log(base: Foundation) -> str:
    try:
        await base.logbook.examine()
    except Tampered as alarm:
        return f"{alarm.detail} ({alarm.problem})"
    return "ok"


async def _deadlines(base: Foundation) -> str:
    late = [one for one in await danger(base) if one.stage != "open"]
    if not late:
        return "ok"
    return f"{len(late)} changes of a family violence indicator are not sent: see `gateway deadlines`"


async def _readings(base: Foundation) -> str:
    if not await unreviewed(base):
        return "ok"
    return "content was read and nobody has looked through it for a week: see `gateway readings list`"


async def _places(base: Foundation) -> str:
    places, partners = base.settings.places.value(), (await base.stores.partners.directory()).partners
    found = [f"{key}: {fault}" for key, partner in sorted(partners.items()) for fault in places.faults(partner)]
    return "; ".join(found) or "ok"


def _masked(url: str) -> str:
    """The address without its password."""
    return PASSWORD.sub(r"\1:**********@", url)


def _away(settings: BrokerSettings) -> str:
    where = _masked(settings.url.get_secret_value()) if settings.url else "the memory broker"
    return f"{where} is not reachable; deliveries would wait in the store"


async def _examined(settings: Settings) -> dict[str, str]:
    from gateway.admitting import told_waits  # noqa: PLC0415 - heavy, needed here only
    from gateway.floors import refuse_old_libraries  # noqa: PLC0415 - as above
    from gateway.foundation import foundation  # noqa: PLC0415 - as above
    from gateway.store.migrations import is_current  # noqa: PLC0415 - as above
    from gateway.wiring import open_broker, references  # noqa: PLC0415 - heavy, needed here only

    found = dict.fromkeys(_LOOKED_AT, "not looked at")
    found["python"] = "ok"
    try:
        refuse_old_libraries()
    except Misconfigured as error:
        return found | {"libraries": error.detail}
    found["libraries"] = "ok"
    found |= {"crypto": _crypto(settings), "computers": _computers(settings)}
    try:
        async with foundation(settings) as base:
            found |= {"catalog": "ok", "keys": "ok"}
            await base.stores.health.ping()
            current = await is_current(settings.db.url)
            if current:
                await base.stores.health.writes()
            found |= {"database": "ok", "schema": "ok" if current else "out of date: run `gateway db upgrade`"}
            if current:
                found |= {
                    "log": await _log(base),
                    "clock": await references(base).examine(),
                    "queues": await told_waits(base),
                    "deadlines": await _deadlines(base),
                    "readings": await _readings(base),
                    "places": await _places(base),
                    "incidents": await late(base),
                }
            broker = open_broker(settings, base)
            await broker.open()
            found["broker"] = "ok" if broker.connected else _away(settings.broker)
            await broker.close()
    except GatewayError as error:
        if isinstance(error, Misconfigured):
            found["keys"] = error.detail
        else:
            found |= {"catalog": "ok", "keys": "ok", "database": f"{_masked(settings.db.url)}: {error.detail}"}
    if not os.access(settings.secrets, os.R_OK):
        found["secrets"] = f"{settings.secrets} is missing: run `gateway init`"
    return found
