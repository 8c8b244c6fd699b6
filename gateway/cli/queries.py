"""The command that asks a partner about one case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.attestation import attesting
from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Attest, Ca, Url
from gateway.cli.out import say

_BEGINS_JSON = b"{"


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A case-status query, XML or JSON.")],
    out: Annotated[Path | None, typer.Option(help="File for the answer; default: stdout.")] = None,
    attest: Attest = None,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
) -> None:
    """Ask the partner that works a case; the answer comes in the form of the query."""
    body = file.read_bytes()
    media_type = "application/json" if body.lstrip().startswith(_BEGINS_JSON) else "application/xml"
    headers = {"Content-Type": media_type, **attesting(attest)}
    answer = Client.of(url, key, ca).send("POST", "/v1/queries", body, headers)
    say(f"Query {answer.headers['Gateway-Query']} is answered.")
    if out is None:
        sys.stdout.buffer.write(answer.body)
    else:
        out.write_bytes(answer.body)
