"""Commands that ask what became of something: status and trace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.client import Client
from gateway.cli.files import ApiKeyOption, Json, Url
from gateway.cli.out import facts, put, table


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(trace)


def status(
    id: Annotated[str, typer.Argument(help="Submission id.")],
    url: Url = None,
    key: ApiKeyOption = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """What became of a submission."""
    found = Client.of(url, key).get(f"/v1/submissions/{id}")
    if json:
        put(found)
        return
    facts({name: found.get(name) for name in ("id", "state", "format", "received_at", "judged_at")})
    facts(found["counts"])
    rows = [(f["severity"], f["code"], f["field"], f["count"], f["title"]) for f in found.get("rules") or ()]
    if rows:
        table("Findings", ("severity", "rule", "field", "count", "what"), rows)


def trace(
    id: Annotated[str, typer.Argument(help="Record id.")],
    url: Url = None,
    key: ApiKeyOption = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Every step of one record: when, who, what, attempt."""
    found: dict[str, Any] = Client.of(url, key).get(f"/v1/records/{id}/trace")
    if json:
        put(found)
        return
    rows = [(s["at"], s["actor"], s["action"], s.get("attempt"), s["outcome"]) for s in found["steps"]]
    table(f"Record {id}", ("at", "actor", "step", "attempt", "outcome"), rows)
