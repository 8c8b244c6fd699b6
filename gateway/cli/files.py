"""Commands on files: submit to a gateway, validate and convert here."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.client import Client, wait_until_judged
from gateway.cli.exits import Exit
from gateway.cli.out import progress, put, say

PIECE = 256 * 2**10

Url = Annotated[str | None, typer.Option(help="The gateway's API; default: GATEWAY_URL.")]
ApiKeyOption = Annotated[str | None, typer.Option("--key", help="API key; default: GATEWAY_KEY.")]
Ca = Annotated[
    Path | None,
    typer.Option("--ca", help="PEM file of the authority to trust; default: GATEWAY_CA."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    app.command()(submit)
    app.command()(validate)
    app.command()(convert)


class _Watched:
    """A file that moves a progress bar while it is read."""

    def __init__(self, file: Any, tell: Any) -> None:  # noqa: ANN401 - http.client asks for read() only
        self._file, self._tell = file, tell

    def read(self, size: int = PIECE) -> bytes:
        piece: bytes = self._file.read(size)
        self._tell(len(piece))
        return piece


def submit(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    format: Annotated[str, typer.Option("--format", "-f", help="csenet, w4, xml, json, newhire-csv-nc, ...")],
    idempotency_key: Annotated[str | None, typer.Option(help="Default: the SHA-256 of the file.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the judgement of a big file.")] = 0,
    url: Url = None,
    key: ApiKeyOption = None,
    ca: Ca = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Post a file; print the receipt. A repeat of the same file is answered with the same receipt."""
    client = Client.of(url, key, ca)
    used = idempotency_key or _digest(file)
    size = file.stat().st_size
    with progress("sent", size) as bar, file.open("rb") as opened:
        body = _Watched(opened, lambda count: bar.advance(bar.task_ids[0], count))
        headers = {"Idempotency-Key": f'"{used}"', "Content-Length": str(size)}
        answer = client.send("POST", f"/v1/submissions?format={format}", body, headers)  # type: ignore[arg-type] # http.client reads anything with read()
    receipt = answer.json()
    if wait and receipt["state"] != "judged":
        receipt = wait_until_judged(client, receipt["submission"], wait)
    if json:
        put(receipt)
    else:
        _show_receipt(receipt, replayed="Idempotent-Replayed" in answer.headers)
    if receipt["counts"]["refused"]:
        raise typer.Exit(Exit.FINDINGS)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _show_receipt(receipt: dict[str, Any], *, replayed: bool) -> None:
    counts, submission = receipt["counts"], receipt.get("submission") or receipt["id"]
    again = " (received before; this is its first receipt)" if replayed else ""
    say(f"Submission {submission}: {receipt['state']}{again}.")
    if receipt["state"] != "judged":
        say(f"It is durable and judged in the background: gateway status {submission} --wait 600")
        return
    say(", ".join(f"{value} {name}" for name, value in counts.items()))
    show_findings(receipt["findings"])


def show_findings(findings: list[dict[str, Any]]) -> None:
    """One finding in two lines: what and where, then how to mend it. Plain text, so that it can be cut and pasted."""
    for f in findings:
        field = f" {f['field']}" if f["field"] else ""
        times = "once" if f["count"] == 1 else f"{f['count']} times"
        place = _first_place(f["samples"])
        print(f"{f['severity']:<8}{f['code']}{field}: {f['title']} ({times}{', first at ' if place else ''}{place})")
        if f["fix"]:
            print(f"{'':8}{f['fix']}")


def _first_place(samples: list[dict[str, Any]]) -> str:
    if not samples:
        return ""
    first = samples[0]
    parts = [f"{name} {first[name]}" for name in ("record", "line", "columns") if first.get(name) is not None]
    return ", ".join(parts) or str(first.get("path") or "")


def validate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    format: Annotated[str, typer.Option("--format", "-f", help="csenet, w4, xml, json, newhire-csv-nc, ...")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Check a file here, without server or database: layout, schema and rules (not who may send it)."""
    from gateway.offline import check  # noqa: PLC0415 - heavy, needed here only

    with progress("read", file.stat().st_size) as bar:
        checked = check(file, format, lambda count: bar.advance(bar.task_ids[0], count))
    if json:
        put(checked)
    else:
        say(f"{checked['records']} records, {checked['refused']} with faults that would refuse them.")
        show_findings(checked["findings"])
    if checked["refused"] or any(f["severity"] in ("fatal", "error") for f in checked["findings"]):
        raise typer.Exit(Exit.FINDINGS)


def convert(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    format: Annotated[str, typer.Option("--format", "-f", help="The file's format.")],
    to: Annotated[str, typer.Option("--to", help="The format to write.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: stdout.")] = None,
) -> None:
    """Rewrite a file in another format; refuses when a record has a fault or does not fit."""
    from gateway.offline import rewrite  # noqa: PLC0415 - heavy, needed here only

    body, findings = rewrite(file, format, to)
    if body is None:
        show_findings(findings)
        raise typer.Exit(Exit.FINDINGS)
    if out is None:
        sys.stdout.buffer.write(body)
    else:
        out.write_bytes(body)
        say(f"Wrote {out} ({len(body)} bytes).")
