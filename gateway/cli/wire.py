"""Commands on wire keys: the gateway's own, and those of partners."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, say, table, tell
from gateway.core.errors import Misconfigured, NotFound
from gateway.core.model import PartnerKey
from gateway.core.protection import GATEWAY, Algorithm, Profile, Stage, Use, WireKey

if TYPE_CHECKING:
    from gateway.foundation import Foundation

app = typer.Typer(help="Keys that protect messages between partners and the gateway.", no_args_is_help=True)
OWN = "gateway"
"""How the gateway is named where a partner could stand."""
Owner = Annotated[str, typer.Argument(help="The partner's key name in its file, or `gateway`.")]
Partner = Annotated[str, typer.Argument(help="The partner's key name in its file.")]
KeyId = Annotated[str, typer.Argument(help="The id of the key, from `gateway wire list`.")]
_COLUMNS = ("owner", "id", "use", "algorithm", "stage", "expires_at", "days_left")


@app.command("list")
def list_(
    owner: Annotated[str | None, typer.Argument(help="Only this partner's, or `gateway`; default: all.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """All wire keys with their stages, and how many days they have left; never a private side."""

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        found = await wire_desk(base).list(_owner(owner) if owner else None)
        now = base.clock()
        return [
            (k.owner or OWN, k.id, k.use, k.algorithm, k.stage, k.material.expires_at, k.days_left(now)) for k in found
        ]

    rows = local.on_foundation(work)
    if json:
        put([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    else:
        table("Wire keys", _COLUMNS, rows)


@app.command()
def new(
    profile: Annotated[Profile, typer.Argument(help="The profile whose keys of ours are made.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Make the gateway's keys that a profile needs and that are not there yet; they are used at once."""

    async def work(base: Foundation) -> tuple[WireKey, ...]:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        return await wire_desk(base).make(local.actor(), profile)

    if profile is Profile.NONE:
        raise Misconfigured("The profile none has no keys.", code="wire-key-unfit")
    made = local.on_foundation(work)
    for key in made:
        say(f"{key.id} {key.algorithm} to {key.use} is valid.")
    if not made:
        say("All are there.")
    if json:
        put({"made": [_told(key) for key in made]})


@app.command()
def renew(
    use: Annotated[Use, typer.Argument(help="What partners do with it: encrypt to it, or verify with it.")],
    algorithm: Annotated[Algorithm, typer.Argument(help="What kind of key.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Make the next key of the gateway: partners get it from `GET /v1/keys` or `gateway wire show`. It opens and
    verifies from now on; it signs, and is the first that partners should take, after `gateway wire activate`."""

    async def work(base: Foundation) -> WireKey:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        return await wire_desk(base).renew(local.actor(), use, algorithm)

    made = local.on_foundation(work)
    tell(f"{made.id} is pending.", _told(made), json=json)


@app.command()
def activate(id_: KeyId, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Use a pending key of the gateway from now on."""

    async def work(base: Foundation) -> None:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        await wire_desk(base).activate(local.actor(), id_)

    local.on_foundation(work)
    tell("It is valid.", {"id": id_, "stage": Stage.VALID}, json=json)


@app.command()
def add(
    partner: Partner,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PEM: a certificate or a public key.")],
    use: Annotated[Use, typer.Option(help="What we do with it: encrypt to it, or verify with it.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Register a partner's key, pending. A key to verify with is confirmed by its first message, one to encrypt to by a
    test message."""

    async def work(base: Foundation) -> tuple[str, bool]:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only
        from gateway.work.wire_desk import Wanted  # noqa: PLC0415 - as above

        if partner not in (await base.stores.partners.directory()).partners:
            raise NotFound(f"There is no partner {partner}.")
        desk = wire_desk(base)
        material = desk.wire.material(file.read_text(encoding="ascii", errors="replace"))
        return material.id, bool(await desk.add(local.actor(), [Wanted(partner, use, material)]))

    id_, added = local.on_foundation(work)
    said = f"{id_} is pending.{_next(partner, use, id_)}" if added else f"{id_} is there already."
    tell(said, {"id": id_, "owner": partner, "use": use, "added": added}, json=json)


def _next(partner: str, use: Use, id_: str) -> str:
    if use is Use.VERIFY:
        return " The first message that it verifies confirms it."
    return f" Nothing is encrypted to it before its holder has proved it: gateway wire test {partner} {id_} -o FILE"


@app.command("test")
def trial(
    partner: Partner,
    id_: KeyId,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the message goes.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write a message to a pending key that only its holder can read. The line in it is the proof that `confirm` takes;
    an earlier one counts no more."""

    async def work(base: Foundation) -> bytes:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only
        from gateway.work.wire_book import WireBook  # noqa: PLC0415 - as above

        book = WireBook(base.stores.wire_keys, base.sealer)
        known = (await base.stores.partners.directory()).partners.get(PartnerKey(partner))
        profile = Profile.NONE if known is None else known.protection.profile
        return (await wire_desk(base).test(local.actor(), partner, id_, book, profile)).body

    made = local.on_foundation(work)
    output.write_bytes(made)
    tell(f"Written to {output}.", {"file": str(output), "bytes": len(made), "id": id_}, json=json)


@app.command()
def confirm(
    partner: Partner,
    id_: KeyId,
    proof: Annotated[str | None, typer.Argument(help="The line of the test message; default: standard input.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Confirm a pending key of a partner by its proof: messages are encrypted to it from now on."""
    told = proof if proof is not None else sys.stdin.readline()

    async def work(base: Foundation) -> None:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        await wire_desk(base).confirm(local.actor(), partner, id_, told)

    local.on_foundation(work)
    tell("It is valid.", {"id": id_, "stage": Stage.VALID}, json=json)


@app.command()
def retire(owner: Owner, id_: KeyId, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Refuse messages under a key from now on; of the gateway's own, the private side is destroyed."""

    async def work(base: Foundation) -> None:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        await wire_desk(base).retire(local.actor(), _owner(owner), id_)

    local.on_foundation(work)
    tell("It is retired.", {"id": id_, "stage": Stage.RETIRED}, json=json)


@app.command()
def show(owner: Owner, id_: KeyId, json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """The certificate, or the public key, as PEM on stdout: what a partner needs of ours."""

    async def work(base: Foundation) -> str:
        from gateway.wire import wire_desk  # noqa: PLC0415 - heavy, needed here only

        desk = wire_desk(base)
        found = next((key for key in await desk.list(_owner(owner)) if key.id == id_), None)
        if found is None:
            raise NotFound("There is no wire key with this id.")
        return desk.wire.public_text(found.material)

    found = local.on_foundation(work)
    if json:
        put({"id": id_, "pem": found})
    else:
        print(found, end="")


def _told(key: WireKey) -> dict[str, object]:
    """A key of ours, as `list` tells it."""
    return {"id": key.id, "use": key.use, "algorithm": key.algorithm, "stage": key.stage}


def _owner(name: str) -> str:
    return GATEWAY if name == OWN else name
