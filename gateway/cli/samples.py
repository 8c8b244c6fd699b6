"""Synthetic files."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway.cli.options import Drafts, Json
from gateway.cli.out import progress, put, say
from gateway.cli.results import Out, expect_file


def register(app: typer.Typer) -> None:
    app.command("sample")(sample)


def sample(
    format: Annotated[str, typer.Argument(help="csenet, w4, xml, json, newhire-csv-nc, ...")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many records.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")] = 1,
    faults: Annotated[float, typer.Option(min=0, max=1, help="Share of the records that carry a fault, 0 to 1.")] = 0,
    kind: Annotated[str | None, typer.Option(help="Only records of this kind; default: all kinds in turn.")] = None,
    out: Out = None,
    drafts: Drafts = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """A file of people who do not exist, under numbers that are never issued; on wish with faults to be found."""
    from gateway.core.model import FormatName, Kind  # noqa: PLC0415 - needed here only
    from gateway.sample.files import Sample, Wanted  # noqa: PLC0415 - heavy, needed here only
    from gateway.tools import speech  # noqa: PLC0415 - as above

    expect_file(out, json=json)
    wanted = Wanted(FormatName(format), count, seed, faults, Kind(kind) if kind else None)
    made = Sample(speech(drafts=drafts), wanted)
    size = 0
    target = out.open("wb") if out else sys.stdout.buffer
    try:
        with progress("written", None) as bar:
            for piece in made.pieces():
                size += target.write(piece)
                bar.advance(len(piece))
    finally:
        target.flush()
        if out:
            target.close()
    say(f"Made {count} records, {size} bytes, seed {seed}.")
    for name, planted in sorted(made.planted.items()):
        say(f"  {name}: {planted.count}, first in records {', '.join(map(str, planted.records))}")
    if json:
        faulty = [
            {"fault": name, "count": one.count, "first": one.records} for name, one in sorted(made.planted.items())
        ]
        put({"file": str(out), "bytes": size, "records": count, "seed": seed, "faults": faulty})
