"""Files that commands make: where ``--out`` says, else to stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.out import tell

Out = Annotated[Path | None, typer.Option("--out", help="File to write; default: stdout.")]


def expect_file(out: Path | None, *, json: bool) -> None:
    """Raises BadParameter where the file and what is told of it would both go to stdout."""
    if json and out is None:
        raise typer.BadParameter("With it, name the file to write: --out FILE.", param_hint="--json")


def give_out(made: bytes, out: Path | None, *, json: bool, **more: object) -> None:
    """Write what was made; of a file tell name and size (bytes), with ``more`` for programs."""
    if out is None:
        sys.stdout.buffer.write(made)
        sys.stdout.flush()
        return
    out.write_bytes(made)
    tell(f"Wrote {out} ({len(made)} bytes).", {"file": str(out), "bytes": len(made), **more}, json=json)
