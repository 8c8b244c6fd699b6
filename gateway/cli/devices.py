"""Commands that bind operators' accounts to computers of the agency's."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, say, table, tell

if TYPE_CHECKING:
    from gateway.foundation import Foundation

app = typer.Typer(help="Computers that accounts are bound to.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="The account's name.")]
_Which = Annotated[str, typer.Argument(help="Its certificate (PEM file), or that one's SHA-256 thumbprint in hex.")]


@app.command()
def add(
    name: _Name,
    certificate: _Which,
    label: Annotated[str, typer.Option(help="What the site calls the computer.")] = "",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Bind an account to a computer: it may be used on its own computers alone from now on."""
    from gateway.devices import bind, thumbprint_of  # noqa: PLC0415 - heavy, needed here only

    which = thumbprint_of(certificate)
    ended = local.on_foundation(lambda base: bind(base, local.actor(), name, which, label))
    told = {"operator": name, "thumbprint": which, "label": label, "sessions_ended": ended}
    tell(f"{name} is bound to {which}; {ended} logins elsewhere ended.", told, json=json)
    if local.settings().console.device_ca is None:
        say("console.device_ca is not set here: where the console has no such setting, this account cannot log in.")


@app.command()
def remove(name: _Name, certificate: _Which, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Take a computer from an account; its logins there end. Without any, every computer of the agency's will do."""
    from gateway.devices import thumbprint_of, unbind  # noqa: PLC0415 - heavy, needed here only

    which = thumbprint_of(certificate)

    async def work(base: Foundation) -> tuple[int, int]:
        ended = await unbind(base, local.actor(), name, which)
        return ended, len(await base.stores.devices.of(name))

    ended, left = local.on_foundation(work)
    told = {"operator": name, "thumbprint": which, "sessions_ended": ended, "computers_left": left}
    tell(f"{name} may not be used on {which} any more; {ended} logins ended.", told, json=json)
    if not left:
        say(f"{name} is bound to no computer now: it may be used on each of the agency's.")


@app.command()
def lost(
    certificate: _Which,
    reason: Annotated[str, typer.Option(help="What happened, for the audit log.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Report a computer lost: every login on it ends, and nobody gets in from it, whatever the account."""
    from gateway.devices import lose, thumbprint_of  # noqa: PLC0415 - heavy, needed here only

    which = thumbprint_of(certificate)
    ended = local.on_foundation(lambda base: lose(base, local.actor(), which, reason))
    told = {"thumbprint": which, "sessions_ended": ended}
    tell(f"Nobody gets in from {which} any more; {ended} logins ended.", told, json=json)


@app.command()
def found(certificate: _Which, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Take the report back: the computer is there again."""
    from gateway.devices import recover, thumbprint_of  # noqa: PLC0415 - heavy, needed here only

    which = thumbprint_of(certificate)
    local.on_foundation(lambda base: recover(base, local.actor(), which))
    tell(f"People get in from {which} again.", {"thumbprint": which}, json=json)


@app.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="The account's name; default: all accounts.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """The computers of one account; or of all that are bound, and those that were lost."""

    async def work(base: Foundation) -> None:
        bound = await (base.stores.devices.list() if name is None else base.stores.devices.of(name))
        away = await base.stores.devices.lost() if name is None else ()
        if json:
            put({"bound": [asdict(one) for one in bound], "lost": [asdict(one) for one in away]})
            return
        rows = [(one.operator, one.label, one.thumbprint, f"{one.added_at:%Y-%m-%d}") for one in bound]
        table("Computers", ("account", "name", "thumbprint", "since"), rows)
        if away:
            table(
                "Lost", ("thumbprint", "reason", "since"), [(x.thumbprint, x.reason, f"{x.at:%Y-%m-%d}") for x in away]
            )

    local.on_foundation(work)
