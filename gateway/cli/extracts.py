"""Commands on copies that left the gateway, and on what was disclosed of a case."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import put, say, table, tell
from gateway.core.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.accounting import Disclosure
    from gateway.core.extract import Extract
    from gateway.core.model import RecordId
    from gateway.foundation import Foundation

extracts = typer.Typer(help="The register of copies that left the gateway.", no_args_is_help=True)
disclosures = typer.Typer(help="The accounting of disclosures.", no_args_is_help=True)

Purpose = Annotated[str, typer.Option(help="Why the copy is made; it is written into the register.")]
YEAR = timedelta(days=365.25)


async def register(base: Foundation, what: str, about: str, purpose: str) -> Extract:
    """Write a copy into the register, before it is made."""
    from gateway.retaining import local_desk  # noqa: PLC0415 - heavy, needed here only

    made = await (await local_desk(base)).register(local.actor(), what, about, purpose)
    say(f"Extract {made.id}: erase it by {made.erase_by.date()} and confirm: gateway extract erased {made.id}")
    return made


def taken(copy: Extract) -> dict[str, object]:
    """What a command that made a copy tells programs of its line in the register."""
    return {"extract": copy.id, "erase_by": copy.erase_by}


@extracts.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are erased.")] = False,  # noqa: FBT002 - an option of typer
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Copies that still exist, those first that have to go first."""

    async def work(base: Foundation) -> list[tuple[object, ...]]:
        now = base.clock()
        found = await base.stores.extracts.list(erased=everything)
        return [
            (e.id, e.what, e.about, e.owner, e.purpose, e.made_at, e.erase_by, e.erased_at, e.overdue(now))
            for e in found
        ]

    columns = ("extract", "what", "about", "owner", "purpose", "made", "erase by", "erased", "overdue")
    rows = local.on_foundation(work)
    if json:
        put([dict(zip((c.replace(" ", "_") for c in columns), row, strict=True)) for row in rows])
    else:
        table("Extracts", columns, [(*row[:-1], "overdue" if row[-1] else "") for row in rows])


@extracts.command()
def erased(id: Annotated[str, typer.Argument(help="Extract id.")], json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """Confirm that a copy is erased, everywhere."""

    async def work(base: Foundation) -> None:
        from gateway.retaining import local_desk  # noqa: PLC0415 - heavy, needed here only

        await (await local_desk(base)).confirm_erased(local.actor(), id)

    local.on_foundation(work)
    tell(f"Extract {id} is erased.", {"extract": id}, json=json)


@extracts.command()
def add(
    about: Annotated[str, typer.Option(help="What the copy holds, without personal data.")],
    purpose: Purpose,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Write down a copy that was made by other means, such as a copy of the database's files."""
    made = local.on_foundation(lambda base: register(base, "other", about, purpose))
    if json:
        put(taken(made))
    else:
        print(made.id)


@disclosures.command("list")
def account(
    purpose: Purpose,
    case: Annotated[str | None, typer.Option(help="Token of the case.")] = None,
    record: Annotated[str | None, typer.Option(help="Or the id of a record of it.")] = None,
    years: Annotated[int, typer.Option(min=1, max=100, help="How far back.")] = 6,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """What of a case went to whom, when, under which agreement (45 CFR 164.528); of erased records as well."""

    async def work(base: Foundation) -> tuple[Disclosure, ...]:
        tokens = await _tokens(base, case, record)
        await register(base, "disclosures", f"case:{tokens[0].hex()}", purpose)
        return await base.stores.accounting.of_case(tokens, base.clock() - years * YEAR)

    found = local.on_foundation(work)
    columns = ("at", "partner", "kind", "from", "agreement", "record", "delivery")
    rows = [(d.at, d.partner, d.kind, d.sender, d.agreement, d.record, d.delivery) for d in found]
    if json:
        put([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        table(f"Disclosures of {years} years", columns, rows)


@disclosures.command()
def token(
    sender: Annotated[str, typer.Option(help="Key of the partner whose case it is.")],
    case_id: Annotated[str | None, typer.Option(help="Default: it is asked for, to stay out of histories.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Print the token of a case: a keyed digest that says nothing of it."""
    asked = case_id or typer.prompt("Case id", hide_input=True, err=True)

    async def work(base: Foundation) -> bytes:
        from gateway.core.people import renewal  # noqa: PLC0415 - as the others

        indexer = base.tools.examiner.indexer
        tokens = b"".join(indexer.tokens(f"case:{sender}", asked))
        if moves := renewal(tokens, None, indexer.keys):  # Whoever names a case moves it under the active key.
            await base.stores.indexed.renew([moves])
        return tokens

    found = local.on_foundation(work).hex()
    if json:
        put({"token": found})
    else:
        print(found)


async def _tokens(base: Foundation, case: str | None, record: str | None) -> Sequence[bytes]:
    """Of the case, under each index key that there is."""
    from gateway.core.model import RecordId  # noqa: PLC0415 - as the others
    from gateway.core.people import unpacked  # noqa: PLC0415 - as the others

    if (case is None) == (record is None):
        raise typer.BadParameter("Give one of --case and --record.")
    if record is not None:
        return await _tokens_of(base, RecordId(record))
    try:
        found = tuple(unpacked(bytes.fromhex(case or "")))
    except ValueError:
        found = ()
    if not found:
        raise Refused("The token of a case is hexadecimal.")
    return found


async def _tokens_of(base: Foundation, id_: RecordId) -> Sequence[bytes]:
    from gateway.core.labels import open_record  # noqa: PLC0415 - as the others
    from gateway.core.people import unpacked  # noqa: PLC0415 - as the others
    from gateway.work.examine import case_indexes  # noqa: PLC0415 - heavy, needed here only

    record = await base.stores.records.get(id_)
    if record is None or record.case_index is None or record.sealed is None:
        raise NotFound("There is no such record, or it has no case, or it is erased: give the case's token.")
    indexer = base.tools.examiner.indexer
    if " " not in indexer.keys:
        return (record.case_index,)
    facts = base.speech.canonical.facts(base.speech.canonical.read(open_record(base.sealer, id_, record.sealed)))
    return (record.case_index, *unpacked(case_indexes(facts, record.sender, indexer)))
