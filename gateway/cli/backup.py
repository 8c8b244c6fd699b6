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
    from gateway.core.four_eyes import Request
    from gateway.foundation import Foundation
    from gateway.web.approving import SecondWords

app = typer.Typer(help="Back-ups of the database, made while it serves.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="Directory of the back-up.")]


@app.command()
def create(
    directory: Folder,
    with_keys: Annotated[  # noqa: FBT002 - an option of typer
        bool, typer.Option("--with-keys", help="Keys too: whoever has it reads all. Somebody else agrees first.")
    ] = False,
    ask: Annotated[str, typer.Option(help="Ask for the second word on the keys, with this reason; no copy yet.")] = "",
    purpose: Purpose = "disaster recovery",
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Copy the database into a new directory, with the signed checkpoint and a manifest; without the keys. For the keys
    one person asks with --ask, another one agrees, then it is made."""
    if ask and not with_keys:
        raise typer.BadParameter("Without --with-keys nobody has to agree.", param_hint="--ask")
    if ask:
        request = local.on_foundation(lambda base: _asked(base, directory, purpose, ask))
        said = f"Asked ({request.id}). When somebody else has agreed in the console, run this again without --ask."
        tell(said, {"request": request.id}, json=json)
        return
    told, copy = local.on_foundation(lambda base: _made(base, directory, purpose, with_keys=with_keys))
    size = sum(one.size for one in told.files.values())
    shown = {"directory": str(directory), "bytes": size, **_shown(told), **taken(copy)}
    tell(f"Wrote {directory}: {told.log_size:,} entries of the log, {size:,} bytes.", shown, json=json)
    if with_keys:
        say("The keys are in it: whoever has this directory can read every record.")
    else:
        say("The keys are not in it. Keep a copy of the key directory elsewhere: without it nothing can be read.")


async def _asked(base: Foundation, directory: Path, purpose: str, reason: str) -> Request:
    from gateway.backups import copying_keys, expect_vacant  # noqa: PLC0415 - heavy, needed here only
    from gateway.web.approving import Person  # noqa: PLC0415 - as above

    expect_vacant(directory)
    wish = copying_keys(directory, purpose)
    return await _words(base).pending_or_asked(Person(local.actor(), None), wish, reason)


async def _made(base: Foundation, directory: Path, purpose: str, *, with_keys: bool) -> tuple[Manifest, Extract]:
    from gateway.backups import copying_keys, expect_vacant  # noqa: PLC0415 - heavy, needed here only
    from gateway.backups import create as made  # noqa: PLC0415 - as above
    from gateway.core.backup import about  # noqa: PLC0415 - as above
    from gateway.key_rows import KeyRows  # noqa: PLC0415 - as above

    expect_vacant(directory)  # before a word is spent and it is in the register of copies: nothing is made otherwise
    agreed = await _words(base).use(local.actor(), copying_keys(directory, purpose)) if with_keys else None
    kind = "backup-with-keys" if with_keys else "backup"
    copy = await register(base, kind, about(await KeyRows.of(base).needed()), purpose)
    return await made(base, directory, local.actor(), agreed), copy


def _words(base: Foundation) -> SecondWords:
    from gateway.web.approving import SecondWords  # noqa: PLC0415 - as above

    return SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)


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
