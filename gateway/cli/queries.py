"""The command that asks a partner about one case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.attestation import attesting
from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Attest, Ca, Json, Url
from gateway.cli.out import say
from gateway.cli.results import Out, expect_file, give_out

_BEGINS_JSON = b"{"


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A case-status query, XML or JSON.")],
    out: Out = None,
    attest: Attest = None,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Ask the partner that works a case; the answer comes in the form of the query."""
    expect_file(out, json=json)
    body = file.read_bytes()
    media_type = "application/json" if body.lstrip().startswith(_BEGINS_JSON) else "application/xml"
    headers = {"Content-Type": media_type, **attesting(attest)}
    answer = Client.of(url, key, ca).send("POST", "/v1/queries", body, headers)
    asked = answer.headers["gateway-query"]
    say(f"Query {asked} is answered.")
    give_out(answer.body, out, json=json, query=asked)
