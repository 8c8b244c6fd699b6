"""Answers to files of partners."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Drafts, Format, Json
from gateway.cli.out import progress
from gateway.cli.results import Out, expect_file, give_out
from gateway.clock import utc_now


def register(app: typer.Typer) -> None:
    app.command("acknowledge")(acknowledge)


def acknowledge(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The X12 file that was received.")],
    number: Annotated[
        int, typer.Option("--number", min=1, max=999_999_999, help="Control number of the answer: a counter of yours.")
    ],
    format: Format = None,
    out: Out = None,
    drafts: Drafts = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """The TA1 and 999 (997 for version 4010) that an X12 file would get, with its faults by segment and element."""
    from gateway.offline import validator  # noqa: PLC0415 - heavy, needed here only
    from gateway.offline.answers import Numbering, answers  # noqa: PLC0415 - as above

    expect_file(out, json=json)
    judge = validator(drafts=drafts)
    name = judge.format_of(file, format)
    with progress("read", file.stat().st_size) as bar:
        made = b"".join(answers(judge, file, name, Numbering(number, utc_now()), bar.advance))
    give_out(made, out, json=json, format=name)
