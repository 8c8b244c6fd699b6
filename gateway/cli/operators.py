"""Commands on operator accounts."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import devices, local
from gateway.cli.options import Json
from gateway.cli.out import put, table, tell
from gateway.core.roles import Role

if TYPE_CHECKING:
    from gateway.foundation import Foundation

app = typer.Typer(help="Operator accounts of the console.", no_args_is_help=True)
app.add_typer(devices.app, name="device")
Name = Annotated[str, typer.Argument(help="The account's name.")]
BreakGlass = Annotated[
    bool, typer.Option("--break-glass", help="It may read content in an emergency, where its role may not.")
]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do: docs/access.md.")] = Role.VIEWER,
    partner: Annotated[str | None, typer.Option(help="Of a partner admin: the key of its partner.")] = None,
    surname: Annotated[
        str | None, typer.Option(help="Marks readings of records that name somebody so; kept sealed.")
    ] = None,
    break_glass: BreakGlass = False,  # noqa: FBT002 - an option of typer
    password: Annotated[str | None, typer.Option(envvar="GATEWAY_PASSWORD", help="Default: it is asked for.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Add an account, or replace it: a new role or a new password."""
    from gateway.callers import Account, add_operator  # noqa: PLC0415 - heavy, needed here only

    if password is None and not sys.stdin.isatty():
        raise typer.BadParameter("Without a terminal, give the password as GATEWAY_PASSWORD.")
    chosen = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    account = Account(name, role.value, chosen, partner, surname, break_glass)
    local.on_foundation(lambda base: add_operator(base, local.actor(), account))
    told = {"name": name, "role": role.value, "partner": partner, "break_glass": break_glass}
    tell(f"{name} may log in as {role.value}.", told, json=json)


@app.command()
def disable(name: Name, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Shut an account out at once, with its open sessions. `add` lets it in again."""
    from gateway.callers import disable_operator  # noqa: PLC0415 - heavy, needed here only

    local.on_foundation(lambda base: disable_operator(base, local.actor(), name))
    tell(f"{name} may not log in any more.", {"name": name, "disabled": True}, json=json)


@app.command()
def reset(name: Name, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Forget the second factors of an account and end its sessions; its next login enrols a new factor."""
    from gateway.callers import reset_factors  # noqa: PLC0415 - heavy, needed here only

    count = local.on_foundation(lambda base: reset_factors(base, local.actor(), name))
    said = f"{name} had {count} second factors and enrols anew at the next login."
    tell(said, {"name": name, "factors_forgotten": count}, json=json)


@app.command("list")
def list_(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """All accounts."""

    async def work(base: Foundation) -> None:
        found = await base.stores.operators.list()
        told = [
            {
                "name": one.name,
                "role": one.role,
                "partner": one.partner,
                "provider": one.provider,
                "break_glass": one.break_glass,
                "surname": one.sealed_surname is not None,
                "factors": len(await base.stores.factors.of(one.name)),
                "disabled": one.disabled,
            }
            for one in found
        ]
        if json:
            put(told)
        else:
            columns = ("name", "role", "partner", "provider", "break_glass", "surname", "factors", "disabled")
            rows = [tuple("yes" if one[c] is True else str(one[c] or "") for c in columns) for one in told]
            table("Operators", columns, rows)

    local.on_foundation(work)


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="Whose key it is, for the audit log.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 90,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Make an API key for an operator's scripts (`gateway dead` and `trace` use it). Printed once."""
    from gateway.callers import new_operator_key  # noqa: PLC0415 - heavy, needed here only

    made = local.on_foundation(lambda base: new_operator_key(base, local.actor(), name, timedelta(days=days)))
    if json:
        put({"key": made})
    else:
        print(made)
