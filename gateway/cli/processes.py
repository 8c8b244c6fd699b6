"""Commands that prepare and run processes: init, serve, demo, db, doctor, check-config."""

from __future__ import annotations

import asyncio
import secrets
import signal
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import local
from gateway.cli.doctor import doctor, masked
from gateway.cli.exits import Exit
from gateway.cli.options import Json
from gateway.cli.out import put, say, tell
from gateway.cli.runtime import event_loop
from gateway.core.errors import Misconfigured
from gateway.kernel_limits import give_way, keep_memory_private, raise_descriptors
from gateway.memory import calm_collector, give_back

database = typer.Typer(help="The database's schema.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(serve)
    app.command()(demo)
    app.command()(doctor)
    app.command("check-config")(check_config)


def init(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Prepare a new gateway: keys, credentials folder and database schema. Does nothing twice."""
    from gateway.clock import utc_now  # noqa: PLC0415 - heavy, needed here only
    from gateway.fips import refuse_unfit  # noqa: PLC0415 - as above
    from gateway.foundation import stretch  # noqa: PLC0415 - as above
    from gateway.key_secrets import passphrase, token_address  # noqa: PLC0415 - as above
    from gateway.store.migrations import in_use, migrate, newest  # noqa: PLC0415 - as above
    from gateway.transports import database_transport  # noqa: PLC0415 - as above
    from keys.files import FILE_NAME, FileKeys  # noqa: PLC0415 - as above

    settings = local.settings()
    refuse_unfit(settings)
    _make_database_folder(settings.db.url)
    _private_folder(settings.secrets)
    fresh = not (settings.keys.directory / FILE_NAME).exists()
    if fresh:
        if asyncio.run(in_use(settings.db.url, database_transport(settings))):
            raise Misconfigured(
                f"The database is in use, and its keys are not in {settings.keys.directory}: put them back, or name "
                "their directory. New keys would open nothing of what is stored.",
                code="keys-missing",
            )
        FileKeys.create(
            settings.keys.directory,
            utc_now,
            secrets.token_bytes,
            passphrase(settings.keys),
            stretch=stretch(settings),
            token=token_address(settings.keys),
        )
        say(f"Made new keys in {settings.keys.directory}.")
    asyncio.run(migrate(settings.db.url, transport=database_transport(settings)))
    told = {"keys": str(settings.keys.directory), "keys_made": fresh, "schema": newest()}
    tell("The database has the present schema.", told, json=json)


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
    if roles.isdisjoint({Role.API, Role.CONSOLE}):
        give_way(settings.work.niceness)
    with asyncio.Runner(loop_factory=event_loop()) as runner:
        runner.run(running())


async def told_to_stop() -> None:
    """Returns when the process is interrupted or terminated, or its terminal is closed (unless nohup keeps it)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run the story, check every expectation, and end.")] = False,  # noqa: FBT002 - an option of typer
    pg: Annotated[str | None, typer.Option(help="PostgreSQL instead of SQLite: postgresql+asyncpg://...")] = None,
    amqp: Annotated[str | None, typer.Option(help="RabbitMQ instead of the memory broker: amqp://...")] = None,
    port: Annotated[int, typer.Option(help="Port of the console; 0 takes a free one.")] = 8080,
) -> None:
    """Show the whole gateway on synthetic partners: no server, no account, no real person."""
    from gateway.demo.story import end_as_by_ctrl_c, tell  # noqa: PLC0415 - heavy, needed here only
    from gateway.demo.world import Wishes  # noqa: PLC0415 - as above

    end_as_by_ctrl_c()
    held = asyncio.run(tell(Wishes(once=once, database=pg, broker=amqp, port=port)))
    raise typer.Exit(Exit.OK if held else Exit.FINDINGS)


@database.command()
def upgrade(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Bring the schema up to this version; safe to repeat."""
    from gateway.store.migrations import migrate, newest  # noqa: PLC0415 - heavy, needed here only
    from gateway.transports import database_transport  # noqa: PLC0415 - as above

    settings = local.settings()
    _make_database_folder(settings.db.url)
    asyncio.run(migrate(settings.db.url, transport=database_transport(settings)))
    tell("The database has the present schema.", {"schema": newest()}, json=json)


def check_config() -> None:
    """Print the settings in force; secrets are masked."""
    shown = local.settings().model_dump(mode="json")
    shown["db"]["url"] = masked(shown["db"]["url"])
    put(shown)
