"""The command that shows what is attested with requests to find persons."""

from __future__ import annotations

from typing import Any

import typer

from gateway.cli.client import Client
from gateway.cli.options import Ca, Json, Url
from gateway.cli.out import put, say


def register(app: typer.Typer) -> None:
    app.command()(attestation)


def attestation(url: Url = None, ca: Ca = None, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Show what `--attest VERSION` attests: read it before you do."""
    found: dict[str, Any] = Client.without_key(url, ca).send("GET", "/about/attestation").json()
    if json:
        put(found)
        return
    print(found["text"])
    say(f"Version: {found['version']}")


def attesting(version: str | None) -> dict[str, str]:
    """The header field of a request with ``--attest``. Raises Refused for what is no version, before anything is made
    of it: an idempotency key that is would be blamed."""
    if version is None:
        return {}
    from gateway.core.attestation import HEADER, named  # noqa: PLC0415 - loads the model, needed here only

    return {HEADER: named(version)}
