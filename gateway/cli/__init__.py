"""The command line. Data goes to stdout, everything else to stderr; exit codes are in docs/cli.md."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``gateway`` command."""
    from gateway.cli.application import run  # noqa: PLC0415 - the package must import without typer

    run()
