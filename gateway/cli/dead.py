"""Commands on dead letters, with an operator's key."""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from gateway.cli import amendments
from gateway.cli.client import Client
from gateway.cli.options import ApiKeyOption, Ca, Delivery, Json, Reason, Url
from gateway.cli.out import facts, progress, put, say, table, tell
from gateway.cli.why import meant

app = typer.Typer(help="Dead letters: deliveries that need a person.", no_args_is_help=True)
amendments.register(app)


@app.command()
def groups(url: Url = None, key: ApiKeyOption = None, ca: Ca = None, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Dead letters by cause, and what to do about each cause."""
    found = Client.of(url, key, ca).get("/v1/dead-letters")
    if json:
        put(found)
        return
    rows = [(g["fault"], g["cause"], g["partner"], g["kind"], g["count"], g["first"], g["last"]) for g in found["rows"]]
    table("Dead letters", ("fault", "cause", "partner", "kind", "count", "first", "last"), rows)
    for cause, one in {g["cause"]: g["stopped"] for g in found["rows"]}.items():
        say(f"{cause}: {one['meaning']}. What to do: {one['remedy']}.")


@app.command("list")
def list_(
    partner: Annotated[str | None, typer.Option(help="Only deliveries to this partner.")] = None,
    state: Annotated[str, typer.Option(help="Or those that are `held` or `withheld`.")] = "dead",
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Dead deliveries, newest first; or those that the gateway keeps back."""
    query = urlencode({name: value for name, value in (("state", state), ("partner", partner)) if value})
    found = Client.of(url, key, ca).get(f"/v1/deliveries?{query}")
    if json:
        put(found)
        return
    rows = [(d["id"], d["partner"], d["kind"], d["cause"], d["attempts"]) for d in found["rows"]]
    table(f"{state.capitalize()} deliveries", ("delivery", "partner", "kind", "cause", "attempts"), rows)


@app.command()
def show(delivery: Delivery, url: Url = None, key: ApiKeyOption = None, ca: Ca = None, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """One delivery with every attempt and the partner's last answers."""
    found = Client.of(url, key, ca).get(f"/v1/deliveries/{delivery}")
    if json:
        put(found)
        return
    facts(
        {name: value for name, value in found.items() if name not in ("history", "amended", "stopped")} | meant(found)
    )
    if found["amended"]:
        told = [
            (one["at"], one["record"], " ".join(one["elements"]), one["known_as"], one["asked_by"], one["approved_by"])
            for one in found["amended"]
        ]
        table("Amended", ("at", "record", "elements", "sent as", "asked by", "agreed by"), told)
    columns = ("number", "begun_at", "outcome", "code", "answer")
    table("Attempts", columns, [tuple(one[name] for name in columns) for one in found["history"]])


@app.command()
def bodies(url: Url = None, key: ApiKeyOption = None, ca: Ca = None, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Submissions that are held, because the gateway itself failed at judging them."""
    found = Client.of(url, key, ca).get("/v1/submissions?state=held")
    if json:
        put(found)
        return
    columns = ("id", "sender", "format", "received_at", "progress")
    table("Held submissions", columns, [tuple(one[name] for name in columns) for one in found["rows"]])
    for stopped in {one["stopped"]["meaning"]: one["stopped"] for one in found["rows"]}.values():
        say(f"{stopped['meaning']}. What to do: {stopped['remedy']}.")


@app.command()
def judge(
    submission: Annotated[str, typer.Argument(help="Submission id.")],
    reason: Reason,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Have a held submission judged on."""
    found = Client.of(url, key, ca).post(f"/v1/submissions/{submission}/retry", {"reason": reason})
    tell("It will be judged again.", found, json=json)


@app.command()
def retry(
    delivery: Delivery,
    reason: Reason,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Send one on its way again."""
    found = Client.of(url, key, ca).post(f"/v1/deliveries/{delivery}/retry", {"reason": reason})
    tell("On its way again.", found, json=json)


@app.command()
def withdraw(
    delivery: Delivery,
    reason: Reason,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Give one up; its records stay."""
    found = Client.of(url, key, ca).post(f"/v1/deliveries/{delivery}/withdraw", {"reason": reason})
    tell("Withdrawn.", found, json=json)


@app.command()
def replay(
    reason: Reason,
    partner: Annotated[str | None, typer.Option(help="Only deliveries to this partner.")] = None,
    cause: Annotated[str | None, typer.Option(help="Only this cause, as `dead groups` shows it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - an option of typer
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Retry all that match now: plan, confirm, watch. Dead letters that come later are not touched."""
    client = Client.of(url, key, ca)
    wanted = {"state": "dead", "action": "retry", "reason": reason, "partner": partner, "cause": cause}
    plan = client.post("/v1/replays/plan", {name: value for name, value in wanted.items() if value is not None})
    if not plan["total"]:
        tell("Nothing matches.", plan, json=json)
        return
    if not yes:
        typer.confirm(f"Retry {plan['total']} deliveries?", abort=True, err=True)
    job = client.post("/v1/replays", {"token": plan["id"]})
    job = _watch(client, job)
    tell(f"{job['done']} retried, {job['skipped']} skipped (somebody was faster).", job, json=json)


def _watch(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    with progress("retried", job["total"]) as bar:
        while job["state"] == "running":
            time.sleep(0.5)
            job = client.get(f"/v1/replays/{job['id']}")
            bar.reach(job["done"] + job["skipped"])
    return job
