"""Commands that ask what became of something: status and trace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.client import Client, pages, wait_until_judged
from gateway.cli.files import held, show_findings
from gateway.cli.options import ApiKeyOption, Ca, Json, Url
from gateway.cli.out import facts, put, say, table


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(trace)


def status(
    id: Annotated[str, typer.Argument(help="Submission id.")],
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait until it is judged.")] = 0,
    records: Annotated[bool, typer.Option("--records", help="All its records, with their ids.")] = False,  # noqa: FBT002 - an option of typer
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """What became of a submission."""
    client = Client.of(url, key, ca)
    found = wait_until_judged(client, id, wait) if wait else client.get(f"/v1/submissions/{id}")
    rows = list(pages(client, f"/v1/submissions/{id}/records")) if records else []
    if json:
        put(found | {"records": rows} if records else found)
        return
    shown = {name: found[name] for name in ("id", "state", "format", "received_at", "judged_at")}
    facts(shown | ({} if found["state"] == "judged" else {"judged so far": found["progress"]}) | found["counts"])
    final = f"gateway receipt get {id} --final" if found["links"]["final"] else "there once everything has ended"
    facts({"accepted receipt": f"gateway receipt get {id}", "final receipt": final})
    if found["stopped"]:
        say(held(found["stopped"]))
    show_findings(found["findings"])
    if records:
        columns = ("ordinal", "id", "kind", "transaction", "recipient", "state", "reason")
        table("Records", columns, [tuple(row[name] for name in columns) for row in rows])


def trace(
    id: Annotated[str, typer.Argument(help="Record id.")],
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Every step of one record: when, who, what, attempt."""
    found: dict[str, Any] = Client.of(url, key, ca).get(f"/v1/records/{id}/trace")
    if json:
        put(found)
        return
    rows = [(s["at"], s["actor"], s["action"], s.get("attempt"), s["outcome"], _element(s)) for s in found["steps"]]
    table(f"Record {id}", ("at", "actor", "step", "attempt", "outcome", "element"), rows)


def _element(step: dict[str, Any]) -> str:
    """What a finding on a payload is about, the element and how often; what was attested; empty for other steps."""
    details = step["details"]
    told = [str(details[name]) for name in ("path", "note") if name in details]
    return " ".join([*told, *([f"attested {details['attested']}"] if "attested" in details else [])])
