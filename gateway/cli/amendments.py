"""Amending what a dead delivery carries of a record: look, ask, send. Another person agrees in the console."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Ca, Delivery, Json, Reason, Url
from gateway.cli.out import put, say, table, tell

Record = Annotated[str, typer.Option("--record", help="The record in it.")]
STDIN, FILE = "-", "@"


def register(app: typer.Typer) -> None:
    app.command()(elements)
    app.command()(amend)
    app.command()(send)


def elements(
    delivery: Delivery,
    record: Record,
    reason: Reason,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """The elements of a record in a dead delivery: paths, what the values are like, which are fixed."""
    found = Client.of(url, key, ca).post(f"/v1/deliveries/{delivery}/records/{record}/elements", {"reason": reason})
    if json:
        put(found)
        return
    rows = [(one["path"], one["shape"], "fixed" if one["fixed"] else None) for one in found["rows"]]
    table("Elements", ("path", "value", ""), rows)


def amend(
    delivery: Delivery,
    record: Record,
    reason: Reason,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="PATH=- reads the value from standard input (a line each), PATH=@FILE from a file."),
    ] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="Take out the element at this path.")] = None,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Ask that the delivery carries other values of the record. Nothing is sent before somebody else has agreed."""
    changes = [_change(one) for one in set_ or ()] + [{"path": path, "value": ""} for path in drop or ()]
    wanted = {"record": record, "changes": changes, "reason": reason}
    found = Client.of(url, key, ca).post(f"/v1/deliveries/{delivery}/amendments", wanted)
    if json:
        put(found)
        return
    if found["findings"]:
        rows = [(one["severity"], one["rule"], one["field"] or "", one["note"] or "") for one in found["findings"]]
        table(f"Tried as {found['format']}", ("severity", "rule", "element", "note"), rows)
    if found["writable"] is False:
        say(f"It still cannot be written as {found['format']}: sent so, the delivery is dead again.")
    say(f"Asked ({found['id']}). When a data steward has agreed: gateway dead send {found['id']}")


def send(
    amendment: Annotated[str, typer.Argument(help="The id that `amend` told.")],
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Send the delivery with what two people agreed on."""
    found = Client.of(url, key, ca).send("POST", f"/v1/amendments/{amendment}/send").json()
    tell("Amended, and on its way again.", found, json=json)


def _change(text: str) -> dict[str, str]:
    """Values never stand on the command line: the shell and the list of processes would keep them."""
    path, _, source = text.partition("=")
    if source == STDIN:
        return {"path": path, "value": _typed(path)}
    if source.startswith(FILE):
        return {"path": path, "value": _read(Path(source.removeprefix(FILE)))}
    raise typer.BadParameter("Give PATH=- (standard input) or PATH=@FILE: values do not belong on the command line.")


def _typed(path: str) -> str:
    if sys.stdin.isatty():
        prompted: str = typer.prompt(path, hide_input=True, err=True)
        return prompted
    return sys.stdin.readline().rstrip("\r\n")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read ({type(error).__name__}).") from None
