"""Commands on the key ring."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, table, tell

if TYPE_CHECKING:
    from gateway.foundation import Foundation
    from keys.states import KeyUse

app = typer.Typer(help="Keys: their life, their end, what is under which.", no_args_is_help=True)
Label = Annotated[str, typer.Argument(help="What the key is for, like `records`.")]
Use = Annotated[
    str, typer.Option(help="Use of the key: kek, index, token-pepper, receipt-signing, note-signing or token-signing.")
]
COLUMNS = ("id", "state", "since", "lies_in", "ends", "days", "values", "note")


@app.command("list")
def list_(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """All keys with their states, their end and how many values or API keys are under each; never their material."""

    async def work(base: Foundation) -> None:
        from gateway.key_rounds import key_report  # noqa: PLC0415 - the composition costs time that --help must not pay
        from gateway.key_rows import KeyRows  # noqa: PLC0415 - as above

        lines, wrapped = key_report(base), await KeyRows.of(base).counts()
        rows = [(f.id, f.state, f.since, f.place, f.ends_at, f.days, wrapped.get(f.id), f.attention) for f in lines]
        if json:
            put([dict(zip(COLUMNS, row, strict=True)) for row in rows])
        else:
            table("Keys", COLUMNS, [(*row[:-1], row[-1] or None) for row in rows])

    local.on_foundation(work)


@app.command()
def new(label: Label, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Make the first sealing key of a label."""

    async def work(base: Foundation) -> None:
        made = base.keys.new(label)
        await base.stores.audit.write([base.scribe.entry(local.actor(), "key.created", f"key:{made.id}")])
        tell(f"{made.id} is active.", {"key": made.id}, json=json)

    local.on_foundation(work)


@app.command()
def prepare(label: Label = "records", use: Use = "kek", json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Make the key that will follow the active one, so that copies of the key file have it before it is used."""

    async def work(base: Foundation) -> None:
        made = base.keys.prepare(label, _use(use))
        await base.stores.audit.write([base.scribe.entry(local.actor(), "key.prepared", f"key:{made.id}")])
        tell(f"{made.id} waits; rotate makes it the active one.", {"key": made.id}, json=json)

    local.on_foundation(work)


@app.command()
def rotate(label: Label = "records", use: Use = "kek", json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Make the next key the active one; what the old one sealed stays readable and is wrapped anew."""

    async def work(base: Foundation) -> None:
        made = base.keys.rotate(label, _use(use))
        await base.stores.audit.write([base.scribe.entry(local.actor(), "key.rotated", f"key:{made.id}")])
        tell(f"{made.id} is active; the one before it only opens.", {"key": made.id}, json=json)

    local.on_foundation(work)


@app.command()
def rewrap(
    rate: Annotated[int, typer.Option(min=1, help="Values a second at most.")] = 2_000,
    now: Annotated[bool, typer.Option("--now", help="Do not wait until every process has the new key.")] = False,  # noqa: FBT002 - as above
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """Wrap every data key anew that an older key wraps, and index anew what an older key indexed. The scheduler does
    so by itself."""

    async def work(base: Foundation) -> None:
        from gateway.cli.rewrapping import run  # noqa: PLC0415 - as above

        told = await run(base, rate, now=now)
        if json:
            put(told)

    local.on_foundation(work)


@app.command()
def destroy(
    key: Annotated[str, typer.Argument(help="The id of the key.")],
    ask: Annotated[str, typer.Option(help="Ask for the second word, with this reason; nothing is destroyed.")] = "",
    lose_copies: Annotated[  # noqa: FBT002 - an option of typer
        bool, typer.Option("--lose-copies", help="Backups in the register that need the key become unreadable.")
    ] = False,
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """Destroy a key that nothing is stored under. One person asks with --ask, another one approves, then it is done."""

    async def work(base: Foundation) -> None:
        from gateway.cli.key_end import ask_for, carry_out  # noqa: PLC0415 - as above

        if ask:
            asked = (await ask_for(base, key, ask, lose_copies=lose_copies)).id
            said = f"Asked ({asked}). When somebody else has approved it, run this again without --ask."
            tell(said, {"key": key, "destroyed": False, "request": asked}, json=json)
        else:
            await carry_out(base, key, lose_copies=lose_copies)
            tell(f"{key} is destroyed.", {"key": key, "destroyed": True, "request": None}, json=json)

    local.on_foundation(work)


@app.command()
def convert(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Write the key file anew: its passphrase stretched as crypto.fips asks for. Stop all processes first."""
    from gateway.key_file import convert as converted  # noqa: PLC0415 - as above
    from keys.files import CLEAR  # noqa: PLC0415 - as above

    done = asyncio.run(converted(local.settings(), local.actor()))
    if done.after == CLEAR:
        said = "The key file is in the clear; nothing was derived."
    else:
        said = f"The key file is written anew: {done.before} before, {done.after} now."
    tell(said, {"before": done.before, "after": done.after}, json=json)


@app.command()
def inventory(json: Json = False) -> None:  # noqa: FBT002 - as above
    """Every algorithm in use: key length, use, and until when it may be used."""
    from gateway.core.crypto_inventory import INVENTORY  # noqa: PLC0415 - as above

    if json:
        put([one.told() for one in INVENTORY])
    else:
        columns = ("what", "algorithm", "bits", "use", "standard", "until")
        table("Cryptography", columns, [tuple(one.told().values()) for one in INVENTORY])


def _use(name: str) -> KeyUse:
    from gateway.core.errors import Misconfigured  # noqa: PLC0415 - as above
    from keys.states import KeyUse  # noqa: PLC0415 - as above

    try:
        return KeyUse(name)
    except ValueError:
        raise Misconfigured(f"There is no use {name!r} of a key.", code="key-use") from None
