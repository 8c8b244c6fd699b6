"""Commands of the disclosure guard: why something was not sent, and the end of a notice of danger."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Ca, Json, Url
from gateway.cli.out import facts, put, say, tell
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
    """Why a record or delivery was not sent: rule, sentence, source, what would have to change; of a dead letter what
    its cause means and what to do. Never its content. Of a record that was routed: what keeps each delivery of it."""
    client = Client.of(url, key, ca)
    found = _found(client, id)
    kept = [client.get(f"/v1/deliveries/{one['id']}") for one in found.get("deliveries", ()) if one["state"] in KEPT]
    if json:
        deliveries = [_why(one) for one in kept]
        put(_why(found) | ({"deliveries": deliveries} if deliveries else {}))
        return
    for one in [found, *kept] if found["why"] or not kept else kept:
        facts(_shown(one))


KEPT = ("dead", "held", "withheld")
"""States of a delivery in which something keeps it back."""


def _why(found: dict[str, Any]) -> dict[str, Any]:
    partner = {"partner": found["partner"]} if "partner" in found else {}
    stopped = {"cause": found["cause"], "stopped": found["stopped"]} if found.get("stopped") else {}
    return {"id": found["id"], "state": found["state"], **partner, "why": found["why"], **stopped}


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    shown = {name: found[name] for name in ("id", "state", "partner") if name in found}
    reason = found["why"]
    if reason is None:
        cause = found.get("reason") or found.get("cause") or "nothing keeps it back"
        return shown | {"why": cause} | meant(found)
    return shown | {
        "reason": reason["code"],
        "why": reason["title"],
        "what would have to change": reason["change"],
        "requirement": reason["rule"],
        "source": reason["source"],
        "policy": reason["policy"],
    }


def meant(found: dict[str, Any]) -> dict[str, Any]:
    """What the cause of a delivery that needs a person means, as facts."""
    stopped = found.get("stopped")
    return {"meaning": stopped["meaning"], "what to do": stopped["remedy"]} if stopped else {}


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
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Take back the notice of danger that a record of yours placed on persons."""
    found = Client.of(url, key, ca).post(f"/v1/records/{record}/lift", {"reason": reason})
    tell(f"Taken back for {found['persons']} persons; what other partners placed stands.", found, json=json)
    if found["persons"]:
        say(
            "What stayed behind because of it goes when an operator sends it again: gateway dead list --state withheld."
        )
