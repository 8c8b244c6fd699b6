"""Commands of the disclosure guard: why something was not sent, and the end of a notice of danger."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.client import Client
from gateway.cli.files import ApiKeyOption, Ca, Json, Url
from gateway.cli.out import facts, put, say
from gateway.core.errors import NotFound


def register(app: typer.Typer) -> None:
    app.command()(why)
    app.command()(lift)


def why(
    id: Annotated[str, typer.Argument(help="Record or delivery id.")],
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Why a record or delivery was not sent: rule, sentence, source, what would have to change. Never its content."""
    found = _found(Client.of(url, key, ca), id)
    if json:
        put({"id": found["id"], "state": found["state"], "why": found["why"]})
        return
    shown = {"id": found["id"], "state": found["state"]}
    reason = found["why"]
    if reason is None:
        facts(shown | {"why": found.get("reason") or found.get("cause") or "nothing keeps it back"})
        return
    facts(
        shown
        | {
            "reason": reason["code"],
            "why": reason["title"],
            "what would have to change": reason["change"],
            "requirement": reason["rule"],
            "source": reason["source"],
            "policy": reason["policy"],
        }
    )


def _found(client: Client, id_: str) -> dict[str, Any]:
    """The record of that id, else the delivery."""
    try:
        found: dict[str, Any] = client.get(f"/v1/records/{id_}")
    except NotFound:
        found = client.get(f"/v1/deliveries/{id_}")
    return found


def lift(
    record: Annotated[str, typer.Argument(help="Id of the record that placed the notice.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit log. Names no person.")],
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
) -> None:
    """Take back the notice of danger that a record of yours placed on persons."""
    found = Client.of(url, key, ca).post(f"/v1/records/{record}/lift", {"reason": reason})
    say(f"Taken back for {found['persons']} persons; what other partners placed stands.")
