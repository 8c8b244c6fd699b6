"""The command tree. Commands import what they need when they run, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import (
    answers,
    approvals,
    attestation,
    audit,
    backup,
    dead,
    deadlines,
    extracts,
    files,
    formats,
    glass,
    incident,
    incidents,
    keys,
    layouts,
    local,
    mailbox,
    operators,
    override,
    partners,
    policy,
    processes,
    queries,
    readings,
    receipt,
    records,
    retention,
    rules,
    samples,
    token,
    topology,
    why,
    wire,
    witness,
)
from gateway.cli.examples import show_examples
from gateway.cli.exits import MEANING, Exit, exit_of
from gateway.cli.out import say
from gateway.core.errors import GatewayError

app = typer.Typer(
    name="gateway",
    help="The gateway for child-support records: validates, seals, routes, delivers and proves.",
    epilog=f"Start with: gateway demo\n\nExit codes: {'; '.join(f'{one.value} {MEANING[one]}' for one in Exit)}.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(partners.app, name="partner")
app.add_typer(operators.app, name="operator")
app.add_typer(approvals.app, name="approval")
app.add_typer(override.app, name="override")
app.add_typer(keys.app, name="keys")
app.add_typer(topology.app, name="topology")
app.add_typer(mailbox.app, name="mailbox")
app.add_typer(dead.app, name="dead")
app.add_typer(receipt.app, name="receipt")
app.add_typer(audit.app, name="audit")
app.add_typer(readings.app, name="readings")
app.add_typer(glass.app, name="glass")
app.add_typer(incident.app, name="incident")
incidents.register(incident.app)
app.add_typer(wire.app, name="wire")
app.add_typer(witness.app, name="witness")
app.add_typer(policy.app, name="policy")
app.add_typer(retention.app, name="retention")
app.add_typer(backup.app, name="backup")
app.add_typer(extracts.extracts, name="extract")
app.add_typer(extracts.disclosures, name="disclosures")
app.add_typer(layouts.app, name="layout")
app.add_typer(rules.app, name="rules")
app.add_typer(processes.database, name="db")
processes.register(app)
files.register(app)
formats.register(app)
layouts.register(app)
samples.register(app)
answers.register(app)
records.register(app)
queries.register(app)
attestation.register(app)
why.register(app)
token.register(app)
deadlines.register(app)
show_examples(app)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature of an option's callback
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    config: Annotated[Path | None, typer.Option(help="Settings file; default: gateway.toml where it exists.")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,  # noqa: ARG001, FBT002 - handled by its callback
) -> None:
    local.choose(config)


def run() -> None:
    """Run the command line; every error of our tree becomes a sentence and an exit code."""
    try:
        app()
    except GatewayError as error:
        say(f"{error.detail}\n({error.problem})")
        sys.exit(exit_of(error))
    except PermissionError as error:
        say(f"{error.filename}: permission denied. Run this as whoever the gateway's files belong to.\n(misconfigured)")
        sys.exit(Exit.CONFIGURATION)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
