"""The command line. Data goes to stdout, everything else to stderr; exit codes are in docs/cli.md."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``gateway`` command."""
    from gateway.memory import leave_as_it_is, rare_collector  # noqa: PLC0415 - before anything else is loaded

    rare_collector()
    from gateway.cli.application import run  # noqa: PLC0415 - the package must import without typer

    try:
        run()
    finally:
        leave_as_it_is()
