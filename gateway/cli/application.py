"""The program ``gateway``: its trunk, whose branches grow when they are called, and what becomes of its errors."""

from __future__ import annotations

import sys
from errno import ENOSPC
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from gateway import __version__
from gateway.cli.branches import BRANCHES
from gateway.cli.examples import show_examples
from gateway.cli.exits import MEANING, Exit, exit_of
from gateway.cli.out import say
from gateway.core.errors import GatewayError

_NOT_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
"""What whoever called can mend by another name."""


class Trunk(TyperGroup):
    """The program as the list of its commands shows it; a command's own module is loaded when the command is called."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - handed on to typer's group as they come
        super().__init__(**attributes)
        told = {name: branch.help for name, branch in BRANCHES.items()}
        self.commands = {name: TyperCommand(name, help=text, short_help=text) for name, text in told.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401 - typer keeps the types of its context and commands to itself
        name, command, rest = super().resolve_command(ctx, args)
        return name, grown(name) if name else command, rest


def grown(name: str) -> Any:  # noqa: ANN401 - as above
    """The command or group of this name, whole: a value of typer. Raises KeyError for a name that is none."""
    branch = BRANCHES[name]
    module = import_module(f"gateway.cli.{branch.module}")
    around = typer.Typer(callback=lambda: None)  # with a callback it is a group, though it hold one command only
    if branch.group is None:
        module.register(around)
    else:
        around.add_typer(getattr(module, branch.group), name=name)
    show_examples(around)
    return cast("TyperGroup", get_command(around)).commands[name]


def whole() -> TyperGroup:
    """The program with every command loaded, for whoever wants to look at all of them."""
    trunk = cast("TyperGroup", get_command(app))
    trunk.commands = {name: grown(name) for name in BRANCHES}
    return trunk


app = typer.Typer(
    name="gateway",
    cls=Trunk,
    help="The gateway for child-support records: validates, seals, routes, delivers and proves.",
    epilog=f"Start with: gateway demo\n\nExit codes: {'; '.join(f'{one.value} {MEANING[one]}' for one in Exit)}.",
    no_args_is_help=True,
    rich_markup_mode=None,  # boxes take as long to load as all the rest of this page
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature of an option's callback
    if wanted:
        print(__version__)
        raise typer.Exit


VERSION = typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")


@app.callback()
def _root(
    config: Annotated[Path | None, typer.Option(help="Settings file; default: gateway.toml where it exists.")] = None,
    version: Annotated[bool, VERSION] = False,  # noqa: ARG001, FBT002 - handled by its callback
) -> None:
    from gateway.cli import local  # noqa: PLC0415 - settings cost time that --help must not pay

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
    except OSError as error:
        if error.filename is None and error.errno != ENOSPC:  # no file: a defect, and its place is of use
            raise
        say(f"{error.filename or 'What is written to'}: {(error.strerror or 'no use').lower()}.")
        sys.exit(Exit.USAGE if isinstance(error, _NOT_THERE) else Exit.UNEXPECTED)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
