"""Commands of back-ups: make one, look whether it is whole, restore it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.extracts import Purpose, register, taken
from gateway.cli.options import Json
from gateway.cli.out import facts, put, say, tell

if TYPE_CHECKING:
    from gateway.core.backup import Manifest
    from gateway.core.extract import Extract
    from gateway.foundation import Foundation

app = typer.Typer(help="Back-ups of the database, made while it serves.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="Directory of the back-up.")]


@app.command()
def create(
    directory: Folder,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Keys too: whoever has it reads all.")] = False,  # noqa: FBT002 - an option of typer
    purpose: Purpose = "disaster recovery",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Copy the database into a new directory, with the signed checkpoint and a manifest; without the keys."""

    async def work(base: Foundation) -> tuple[Manifest, Extract]:
        from gateway.backups import create as made  # noqa: PLC0415 - heavy, needed here only
        from gateway.backups import expect_vacant  # noqa: PLC0415 - as above
        from gateway.core.backup import about  # noqa: PLC0415 - as above
        from gateway.key_rows import KeyRows  # noqa: PLC0415 - as above

        expect_vacant(directory)  # before it is in the register of copies: nothing is made otherwise
        copy = await register(base, "backup", about(await KeyRows.of(base).needed()), purpose)
        return await made(base, directory, local.actor(), with_keys=with_keys), copy

    told, copy = local.on_foundation(work)
    size = sum(one.size for one in told.files.values())
    shown = {"directory": str(directory), "bytes": size, **_shown(told), **taken(copy)}
    tell(f"Wrote {directory}: {told.log_size:,} entries of the log, {size:,} bytes.", shown, json=json)
    if with_keys:
        say("The keys are in it: whoever has this directory can read every record.")
    else:
        say("The keys are not in it. Keep a copy of the key directory elsewhere: without it nothing can be read.")


@app.command()
def verify(directory: Folder, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Look whether every file is as the manifest says, the copy can be read, and the checkpoint is signed."""

    async def work(base: Foundation) -> Manifest:
        from gateway.backups import verify as verified  # noqa: PLC0415 - heavy, needed here only
        from gateway.backups import verify_keys  # noqa: PLC0415 - as above

        return await verified(directory, verify_keys(base, directory))

    told = local.on_foundation(work)
    if json:
        put(_shown(told))
        return
    facts({"made": told.made_at, "database": told.dialect, "schema": told.schema, "keys": told.keys})
    facts({"needs": " ".join(told.needs)})
    facts({"log": told.origin, "size": told.log_size, "root": told.log_root})


@app.command()
def restore(
    directory: Folder,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Restore its keys as well.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Fill the empty database of the settings, and derive its audit log anew."""
    from gateway.backups import restore as restored  # noqa: PLC0415 - heavy, needed here only

    found = asyncio.run(restored(local.settings(), directory, with_keys=with_keys))
    say(f"Restored. The log holds; at its {found.size:,} entries its root is")
    if json:
        put({"log_size": found.size, "log_root": found.root})
    else:
        print(found.root)
    say("Erased records may be back: run `gateway retention run` before you serve.")


def _shown(told: Manifest) -> dict[str, object]:
    made = {"made_at": told.made_at, "database": told.dialect, "schema": told.schema, "keys": told.keys}
    log = {"log": told.origin, "log_size": told.log_size, "log_root": told.log_root}
    return {**made, "needs": list(told.needs), **log}
