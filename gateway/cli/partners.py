"""Commands on partners, agreements and their API keys."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local, proofs
from gateway.cli.options import Json
from gateway.cli.out import put, say, table, tell
from gateway.core.errors import Conflict, NotFound
from gateway.core.model import PartnerKey

if TYPE_CHECKING:
    from gateway.core.model import Partner
    from gateway.core.routing import Directory
    from gateway.foundation import Foundation
    from gateway.partner_files import Applied

app = typer.Typer(help="Partners and agreements.", no_args_is_help=True)
proofs.register(app)


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Partner files (TOML).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Set partners and agreements from files; refuses all of them when one has a fault, naming the line."""
    from gateway.partner_files import read, text_of  # noqa: PLC0415 - heavy, needed here only
    from gateway.partner_store import apply as store  # noqa: PLC0415 - as above
    from gateway.partner_store import known  # noqa: PLC0415 - as above
    from gateway.tax_words import agreed  # noqa: PLC0415 - as above

    texts = {str(file): text_of(file) for file in files}

    async def work(base: Foundation) -> None:
        before = await base.stores.partners.directory()
        wanted = read(texts, before, known(base.speech, base.settings.places.value()))
        count = f"{len(wanted.partners)} partners, {len(wanted.agreements)} agreements"
        told: dict[str, object] = {"partners": len(wanted.partners), "agreements": len(wanted.agreements)}
        told["kept"] = kept = _left_out(before, wanted, base.clock().date())
        if dry_run:
            tell(f"{count}: all right, nothing changed.", {**told, "changed": 0, "waiting": []}, json=json)
            _say_kept(kept)
            return
        now = await agreed(base, local.actor(), wanted)
        changed = await store(base, local.actor(), now.applied)
        waiting = [{"partner": partner, "request": request} for partner, request in now.waiting]
        tell(f"{count}: {changed} changed.", {**told, "changed": changed, "waiting": waiting}, json=json)
        _say_kept(kept)
        for partner, request in now.waiting:
            say(f"{partner}: no federal tax information before somebody else agrees to request {request}.")

    local.on_foundation(work)


def _left_out(before: Directory, wanted: Applied, today: date) -> list[str]:
    """The agreements of partners in these files that hold on, though the files do not have them."""
    named, given = {one.key for one in wanted.partners}, {one.key for one in wanted.agreements}
    return [
        one.key
        for one in before.agreements
        if one.key not in given and one.in_force(today) and {one.recipient, *one.senders} <= named
    ]


def _say_kept(kept: list[str]) -> None:
    if kept:
        say(f"In none of these files, and in force as before: {', '.join(kept)}. End an agreement by its valid_until.")


@app.command("list")
def list_(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """All partners."""

    async def work(base: Foundation) -> None:
        directory = await base.stores.partners.directory()
        partners = sorted(directory.partners.values(), key=lambda partner: partner.key)
        if json:
            put([_shown(p) for p in partners])
            return
        rows = [(p.key, p.name, p.role, p.program, p.endpoint.adapter, "paused" if p.paused else "") for p in partners]
        table("Partners", ("key", "name", "role", "program", "adapter", ""), rows)

    local.on_foundation(work)


def _shown(partner: Partner) -> dict[str, str]:
    endpoint = partner.endpoint
    told = {"key": partner.key, "name": partner.name, "role": partner.role}
    return {**told, "adapter": endpoint.adapter, "country": endpoint.country}


@app.command()
def key(
    partner: Annotated[str, typer.Argument(help="The partner's key name in its file.")],
    scope: Annotated[str, typer.Option(help="Comma-separated scopes.")] = "submit,read,mailbox,acknowledge",
    days: Annotated[int, typer.Option(help="Days until it expires.", min=1, max=90)] = 90,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Make an API key for a partner (two may live at once). It is printed once and stored only as a digest."""
    from gateway.callers import new_partner_key  # noqa: PLC0415 - heavy, needed here only

    async def work(base: Foundation) -> str:
        directory = await base.stores.partners.directory()
        if partner not in directory.partners:
            raise NotFound(f"There is no partner {partner}.")
        scopes = frozenset(name.strip() for name in scope.split(","))
        return await new_partner_key(base, local.actor(), PartnerKey(partner), scopes, timedelta(days=days))

    made = local.on_foundation(work)
    if json:
        put({"key": made})
    else:
        print(made)


@app.command()
def keys(
    partner: Annotated[str | None, typer.Argument(help="Only this partner's; default: everybody's.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """API keys that are not revoked, with their ids (what `revoke` needs), never the keys."""
    columns = ("id", "holder", "scopes", "created_at", "expires_at")

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        found = await base.stores.callers.list(PartnerKey(partner) if partner else None)
        return [
            (one.id, one.principal.actor, " ".join(sorted(one.principal.scopes)), one.created_at, one.expires_at)
            for one in found
        ]

    rows = local.on_foundation(work)
    if json:
        put([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table("API keys", columns, rows)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id inside the key: gwk_<id>_...")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Revoke an API key at once."""

    async def work(base: Foundation) -> bool:
        entry = base.scribe.entry(local.actor(), "apikey.revoked", f"apikey:{key_id}")
        return await base.stores.callers.revoke(key_id, entry)

    if not local.on_foundation(work):
        raise NotFound("There is no live key with this id.")
    tell("Revoked.", {"id": key_id}, json=json)


@app.command()
def files(
    partner: Annotated[str, typer.Argument(help="The partner's key name in its file.")],
    restart: Annotated[
        str | None, typer.Option(metavar="SERIES", help="Let the next file of this series have any day.")
    ] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """The last file of each series of a partner's, where its file asks that none is older than the last one."""
    columns = ("series", "made", "submission")
    key = PartnerKey(partner)

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        if partner not in (await base.stores.partners.directory()).partners:
            raise NotFound(f"There is no partner {partner}.")
        if restart is not None:
            details: dict[str, str | int] = {"series": restart}
            entry = base.scribe.entry(local.actor(), "partner.restarted", f"partner:{partner}", details=details)
            if not await base.stores.turns.forget(key, restart, entry):
                raise NotFound(f"{partner} has no series {restart}.")
        return [(one.series, one.place, one.submission) for one in await base.stores.turns.last(key)]

    rows = local.on_foundation(work)
    if json:
        put([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table("Last files", columns, rows)


@app.command()
def pause(
    partner: Annotated[str, typer.Argument(help="The partner's key name in its file.")],
    resume: Annotated[bool, typer.Option("--resume", help="Let deliveries go on.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Stop deliveries to a partner; they wait. With --resume let them go on."""

    async def work(base: Foundation) -> bool:
        if partner not in (await base.stores.partners.directory()).partners:
            raise NotFound(f"There is no partner {partner}.")
        action = "partner.resumed" if resume else "partner.paused"
        entry = base.scribe.entry(local.actor(), action, f"partner:{partner}")
        return await base.stores.partners.pause(PartnerKey(partner), entry, paused=not resume)

    if not local.on_foundation(work):
        raise Conflict(f"{partner} is {'not paused' if resume else 'paused already'}.")
    said = "Deliveries go on." if resume else "Deliveries wait."
    tell(said, {"partner": partner, "paused": not resume}, json=json)
