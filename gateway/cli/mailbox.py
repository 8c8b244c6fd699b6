"""Commands of a partner that pulls: list, get, acknowledge, refuse."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Ca, Delivery, Json, Url
from gateway.cli.out import put, say, table, tell
from gateway.cli.results import Out, expect_file, give_out

app = typer.Typer(help="A partner's mailbox.", no_args_is_help=True)


@app.command("list")
def list_(url: Url = None, key: ApiKeyOption = None, ca: Ca = None, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Lease and list what lies there."""
    found = Client.of(url, key, ca).get("/v1/mailbox")
    if json:
        put(found)
        return
    if not found["rows"]:
        say("Nothing to list. What was listed lately is leased: it is listed again when its lease ends.")
        return
    rows = [(p["delivery"], p["name"], p["size"], p["placed_at"]) for p in found["rows"]]
    table("Mailbox", ("delivery", "name", "bytes", "placed"), rows)


@app.command()
def get(
    delivery: Delivery,
    out: Out = None,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Fetch one parcel. It stays until it is acknowledged."""
    expect_file(out, json=json)
    body = Client.of(url, key, ca).send("GET", f"/v1/mailbox/{delivery}").body
    give_out(body, out, json=json, delivery=delivery)


@app.command()
def ack(
    delivery: Delivery,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The parcel as you keep it.")],
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Say that the parcel is safely yours, and prove it by its digest; its bytes are removed here."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    found = Client.of(url, key, ca).post(f"/v1/mailbox/{delivery}/acknowledge", {"digest": digest})
    tell("Acknowledged.", found, json=json)


@app.command()
def refuse(
    delivery: Delivery,
    reason: Annotated[str, typer.Option(help="A short code: record-unreadable, case-unknown, ...")],
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Say that the parcel cannot be used; an operator here will look at it."""
    found = Client.of(url, key, ca).post(f"/v1/mailbox/{delivery}/refuse", {"reason": reason})
    tell("Refused.", found, json=json)
