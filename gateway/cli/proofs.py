"""Commands on how partners prove themselves: tables for their files, and what is in force."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, table
from gateway.cli.texts import text_of

if TYPE_CHECKING:
    from gateway.core.model import Partner
    from gateway.foundation import Foundation

_SOON = timedelta(days=365)
COLUMNS = ("partner", "proof", "name", "counts_until", "days_left")


def certificate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A certificate in PEM.")],
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write the table of a client certificate, for the partner's file."""
    from keys.certificates import facts_of_pem  # noqa: PLC0415 - cryptography, needed here only

    found = facts_of_pem(file.read_bytes())
    last = found.not_after.astimezone(UTC).date()
    if json:
        put({"thumbprint": found.thumbprint, "valid_until": last})
        return
    print("[[partner.caller.certificate]]")
    print(f'thumbprint = "{found.thumbprint}"')
    print(f"valid_until = {last}")


def public_key(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A public key in PEM.")],
    id: Annotated[str, typer.Option(help="Its id: the `kid` or `keyid` of what it signs.")],
    purpose: Annotated[str, typer.Option(help="`token` or `signature`.")] = "token",
    until: Annotated[datetime | None, typer.Option(help="Last day; default: in a year.", formats=["%Y-%m-%d"])] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write the table of a partner's public key, for the partner's file; refuses what is too weak."""
    from gateway.core.caller import Purpose  # noqa: PLC0415 - as below
    from gateway.core.errors import Misconfigured  # noqa: PLC0415 - as below
    from keys.public_key import check  # noqa: PLC0415 - cryptography, needed here only

    if purpose not in set(Purpose):
        raise Misconfigured(f"A purpose is one of {', '.join(Purpose)}.", code="purpose")
    pem = text_of(file, "ascii")
    check(pem)
    last = until.date() if until else datetime.now(UTC).date() + _SOON
    if json:
        put({"id": id, "purpose": purpose, "public_key": pem.strip(), "valid_until": last})
        return
    print("[[partner.caller.key]]")
    print(f'id = "{id}"\npurpose = "{purpose}"\npublic_key = """\n{pem.strip()}\n"""\nvalid_until = {last}')


def callers(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """How each partner proves itself, the weakest proof that its agreements allow, and what ends when."""
    from gateway.core.caller_floor import floors  # noqa: PLC0415 - needed here only

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        directory = await base.stores.partners.directory()
        today = base.clock().date()
        least = floors(directory, today, synthetic=base.settings.api.sandbox)
        rows: list[tuple[object, ...]] = []
        for key, partner in sorted(directory.partners.items()):
            rows.append((key, "at least", least[key].value, "", ""))
            rows += _listed(partner, today)
        return rows + [
            _row(one.principal.partner, "API key", one.id, one.expires_at.date(), today)
            for one in await base.stores.callers.list(None)
            if one.principal.partner is not None and one.expires_at is not None
        ]

    rows = local.on_foundation(work)
    if json:
        put([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        table("Callers", COLUMNS, rows)


def _listed(partner: Partner, today: date) -> list[tuple[object, ...]]:
    """What the partner's file lists."""
    caller = partner.caller
    shown = [("certificate", f"{one.thumbprint[:16]}…", one.valid_until) for one in caller.certificates]
    shown += [(f"key for {one.purpose}s", one.id, one.valid_until) for one in caller.keys]
    return [_row(partner.key, proof, name, last, today) for proof, name, last in shown]


def _row(partner: object, proof: str, name: str, last: date, today: date) -> tuple[object, ...]:
    return partner, proof, name, last.isoformat(), (last - today).days


def register(app: typer.Typer) -> None:
    """Put the commands beside those on partners."""
    app.command()(certificate)
    app.command("public-key")(public_key)
    app.command()(callers)
