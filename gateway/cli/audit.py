"""Commands on the audit log: verify the whole, prove one record, check a proof without any access."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.exits import Exit
from gateway.cli.extracts import Purpose, register, taken
from gateway.cli.options import Json
from gateway.cli.out import progress, put, say, table, tell
from gateway.cli.results import Out, expect_file
from gateway.cli.texts import text_of
from gateway.core.errors import NotFound, Unavailable
from gateway.core.model import RecordId

if TYPE_CHECKING:
    from gateway.audit.export import Extent
    from gateway.audit.faults import LogReport
    from gateway.comparing import Comparison
    from gateway.core.extract import Extract
    from gateway.core.ports.audit_log import Checkpoint
    from gateway.core.ports.stamps import Stamp
    from gateway.foundation import Foundation

app = typer.Typer(help="The audit log.", no_args_is_help=True)


@app.command()
def verify(
    anchor: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint kept outside; the log must contain it.")
    ] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Derive the whole log anew from the database and compare hashes, tiles, checkpoints and signatures; then compare
    the state of every submission, record and delivery with what the log says of it."""
    from gateway.comparing import compare  # noqa: PLC0415 - needed here only

    notes = [text_of(file) for file in anchor or ()]

    async def work(base: Foundation) -> tuple[LogReport, Comparison]:
        head = await base.stores.audit.head()
        with progress("entries", head.size if head else None) as bar:
            report = await base.logbook.verify(notes, bar.reach)
        with progress("rows", None) as bar:
            return report, await compare(base.stores.standings, base.stores.audit, bar.reach)

    report, compared = local.on_foundation(work)
    if json:
        put(_verdict(report, compared))
    else:
        _say_verdict(report, compared)
    if report.faults or compared.contradictions:
        raise typer.Exit(Exit.INTEGRITY)


def _verdict(report: LogReport, compared: Comparison) -> dict[str, object]:
    return {
        "entries": report.size,
        "checkpoints": report.checkpoints,
        "tiles": report.tiles,
        "faults": [{"kind": f.kind, "first": f.first, "last": f.last} for f in report.faults],
        "rows": compared.rows,
        "contradictions": compared.contradictions,
        "first_contradictions": [{"object": c.object, "log": c.action, "row": c.state} for c in compared.first],
    }


def _say_verdict(report: LogReport, compared: Comparison) -> None:
    if report.faults:
        faults = [(f.kind, f.first, f.last) for f in report.faults]
        table("The log does not hold", ("what", "first", "last"), faults)
    else:
        say(f"{report.size} entries, {report.checkpoints} checkpoints and {report.tiles} tiles hold.")
    if compared.contradictions:
        rows = [(c.object, c.action or "nothing", c.state or "missing") for c in compared.first]
        table(
            f"Log and rows contradict each other ({compared.contradictions})", ("of", "the log says", "the row"), rows
        )
    else:
        say(f"The states of {compared.rows} submissions, records and deliveries are those of their entries.")


@app.command()
def prove(
    record: Annotated[str, typer.Argument(help="Record id.")],
    out: Out = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write a proof of what the log says about a record; anybody can check it offline."""
    expect_file(out, json=json)

    async def work(base: Foundation) -> str:
        if await base.stores.records.get(RecordId(record)) is None:
            raise NotFound("There is no record with this id.")
        text = await base.logbook.proof(RecordId(record))
        if text is None:
            raise Unavailable("The log has not numbered this record yet; try again in a second.")
        return text

    text = local.on_foundation(work)
    if out is None:
        print(text)
    else:
        size = out.write_bytes(text.encode())
        tell(f"Wrote {out}.", {"file": str(out), "bytes": size, "record": record}, json=json)


@app.command()
def export(
    first: Annotated[int, typer.Option("--from", min=0, help="Number of the first entry.")] = 0,
    last: Annotated[int | None, typer.Option("--to", min=1, help="Number after the last entry; default: all.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Zip file to write; default: named by the entries.")] = None,
    purpose: Purpose = "audit",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write entries and tiles with the newest checkpoint; `gateway-verify log` derives the root from nothing else."""
    from gateway.disclosed import Export  # noqa: PLC0415 - needed here only

    file = out or Path(f"audit-log-{first}-{'end' if last is None else last}.zip")

    async def work(base: Foundation) -> tuple[Extent, Extract]:
        head = await base.stores.audit.head()
        copy = await register(base, "audit-export", f"log:{first}-{'end' if last is None else last}", purpose)
        with progress("entries", head.size if head else None) as bar:
            made = await Export(base.logbook).write(file, first, last, bar.reach)
        return made, copy

    made, copy = local.on_foundation(work)
    facts = {"file": str(file), "bytes": file.stat().st_size, "first": made.first, "last": made.last, **taken(copy)}
    tell(f"Wrote entries {made.first} to {made.last} (not included) to {file}.", facts, json=json)


@app.command()
def evidence(
    record: Annotated[str, typer.Argument(help="Record id.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    reader: Annotated[
        str | None, typer.Option("--for", help="Partner who will read it; default: an auditor, who may see all.")
    ] = None,
    purpose: Purpose = "evidence",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write all that the log says about a record into one file that `gateway-verify evidence` checks offline."""
    from gateway.core.model import PartnerKey  # noqa: PLC0415 - needed here only
    from gateway.disclosed import Evidence  # noqa: PLC0415 - as above

    async def work(base: Foundation) -> tuple[str, Extract]:
        bundle = Evidence(base.logbook, base.stores.records).bundle
        made = await bundle(RecordId(record), PartnerKey(reader) if reader else None)
        # In the register before it leaves, and not where there is nothing to take: nobody could erase that.
        return made, await register(base, "evidence", f"record:{record}", purpose)

    text, copy = local.on_foundation(work)
    size = out.write_bytes(text.encode())
    tell(f"Wrote {out}.", {"file": str(out), "bytes": size, "record": record, **taken(copy)}, json=json)


@app.command()
def checkpoint(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Print the newest checkpoint: keep it outside, and anybody can show later whether the log was rewritten."""

    async def work(base: Foundation) -> Checkpoint:
        head = await base.logbook.newest()
        if head is None:
            raise NotFound("The log has no checkpoint yet.")
        return head

    found = local.on_foundation(work)
    if json:
        put({"size": found.size, "root": found.root.hex(), "at": found.at, "note": found.note})
    else:
        print(found.note, end="")


@app.command()
def timestamp(
    out: Annotated[Path, typer.Option("--out", help="Directory to write checkpoint and token into.")],
    size: Annotated[int | None, typer.Option(help="Entries of the stamped checkpoint; default: the newest.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write a stamped checkpoint with its time stamp; `openssl ts -verify -in token -data checkpoint` checks them."""

    async def work(base: Foundation) -> Stamp:
        stamps = base.stores.stamps
        found = await stamps.get(size) if size is not None else next(iter(await stamps.newest(1)), None)
        if found is None:
            raise NotFound("No such checkpoint has been stamped.")
        return found

    found = local.on_foundation(work)
    out.mkdir(parents=True, exist_ok=True)
    (out / "checkpoint").write_text(found.note, encoding="utf-8")
    (out / "token").write_bytes(found.token)
    tell(
        f"Wrote checkpoint and token of {found.size} entries, stamped at {found.at:%Y-%m-%d %H:%M:%S} UTC.",
        {"directory": str(out), "size": found.size, "at": found.at},
        json=json,
    )


@app.command()
def consistency(
    old: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A checkpoint that was kept outside.")],
    out: Out = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Prove that the log went on from a checkpoint that was kept; `gateway-verify consistency` checks it offline."""
    from gateway.audit.checkpoint import open_checkpoint  # noqa: PLC0415 - cryptography is needed here only

    expect_file(out, json=json)
    note = text_of(old)

    async def work(base: Foundation) -> str:
        return (await base.logbook.growth(open_checkpoint(note, base.logbook.verify_keys))).text()

    text = local.on_foundation(work)
    if out is None:
        print(text, end="")
    else:
        size = out.write_bytes(text.encode())
        tell(f"Wrote {out}.", {"file": str(out), "bytes": size}, json=json)


@app.command()
def key(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Print the log's verification keys, newest first: what `audit check` needs besides the proof. One that waits to
    sign next (`keys prepare`) is among them, so that others can know it before."""

    async def work(base: Foundation) -> list[str]:
        return [str(one) for one in base.logbook.verify_keys]

    found = local.on_foundation(work)
    if json:
        put({"keys": found})
    else:
        print(*found, sep="\n")


@app.command()
def check(
    proof: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file of `audit prove`.")],
    key: Annotated[list[str], typer.Option("--key", help="Verification key of the log, from a place you trust.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Check a proof file offline: no database, no keys of the gateway, no network."""
    from gateway.audit.proof import check_proof  # noqa: PLC0415 - cryptography is needed here only

    report = check_proof(text_of(proof), *key)
    rows = [(e.number, e.at, e.action, e.object, e.outcome, e.fault or "proved") for e in report.entries]
    if json:
        names = ("number", "at", "action", "object", "outcome", "result")
        put({"ok": report.ok, "entries": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        table("Proof", ("number", "at", "action", "object", "outcome", "result"), rows)
    if not report.ok:
        raise typer.Exit(Exit.INTEGRITY)
