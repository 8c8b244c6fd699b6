"""Orders of courts at the command line: asked for here, agreed to by another person in the console, looked at here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import local
from gateway.cli.options import Json
from gateway.cli.out import facts, put, say, table, tell

if TYPE_CHECKING:
    from gateway.core.court_orders import Stood
    from gateway.foundation import Foundation

app = typer.Typer(
    help="What a court ordered about a protected person: one answer to one request, once.", no_args_is_help=True
)
SHOWN = 100
_DAY = ["%Y-%m-%d"]


@app.command()
def ask(
    record: Annotated[str, typer.Argument(help="Id of the request whose answer the court ordered, or of the answer.")],
    court: Annotated[str, typer.Option(help="The court's id; no names.")],
    ordered_on: Annotated[datetime, typer.Option(formats=_DAY, help="Day of the order.")],
    expires_on: Annotated[datetime, typer.Option(formats=_DAY, help="Last day on which it may be used.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit log. Names no person.")],
    person: Annotated[int | None, typer.Option(help="Number of the protected person, where there are several.")] = None,
    to: Annotated[str | None, typer.Option(help="The partner that asked, where the gateway cannot know.")] = None,
    json: Json = False,  # noqa: FBT002 - an option of typer
) -> None:
    """Ask for the second word on an order. Nothing leaves before somebody else has agreed to exactly this."""

    async def work(base: Foundation) -> None:
        from gateway.core.court_orders import Ordered  # noqa: PLC0415 - heavy, needed here only
        from gateway.core.model import PartnerKey, RecordId  # noqa: PLC0415 - as above
        from gateway.court import local_order_desk  # noqa: PLC0415 - as above
        from gateway.web import overriding  # noqa: PLC0415 - as above
        from gateway.web.approving import Person, SecondWords  # noqa: PLC0415 - as above

        desk = await local_order_desk(base)
        found = await desk.named(RecordId(record))
        words = SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)
        paper = Ordered(court, ordered_on.date(), expires_on.date())
        asking = overriding.Asking(found, person, paper, PartnerKey(to) if to else None)
        request = await overriding.ask(desk, words, Person(local.actor(), None), asking, reason)
        if request.decided_by:
            said = f"{request.decided_by} has agreed ({request.id}): the order is entered."
        else:
            said = f"Asked ({request.id}). When somebody else has agreed in the console, the order stands."
        tell(said, {"request": request.id, "decided_by": request.decided_by}, json=json)

    local.on_foundation(work)


@app.command("list")
def list_(json: Json = False) -> None:  # noqa: FBT002 - an option of typer
    """The last hundred orders, newest first."""

    async def work(base: Foundation) -> None:
        from gateway.court import local_order_desk  # noqa: PLC0415 - as above

        found = [_told(one) for one in await (await local_order_desk(base)).list(SHOWN)]
        if json:
            put(found)
            return
        columns = ("id", "state", "request", "court", "recipient", "expires_on", "delivery")
        table("Orders of courts", columns, [tuple(one[name] or "" for name in columns) for one in found])

    local.on_foundation(work)


@app.command()
def show(
    order: Annotated[str, typer.Argument(help="Id of the order.")],
    json: Json = False,  # noqa: FBT002 - as above
) -> None:
    """One order: its terms, the two people, and what it let go. Never whom it is about."""

    async def work(base: Foundation) -> None:
        from gateway.core.court_orders import Standing  # noqa: PLC0415 - as above
        from gateway.core.errors import NotFound  # noqa: PLC0415 - as above
        from gateway.court import local_order_desk  # noqa: PLC0415 - as above

        found = await (await local_order_desk(base)).get(order)
        if found is None:
            raise NotFound("There is no such order.")
        told = _told(found)
        (put if json else facts)(told)
        if found.standing is Standing.UNDELIVERED and not json:
            say(f"Send it again by {told['expires_on']} (gateway dead retry {told['delivery']}), or ask anew.")

    local.on_foundation(work)


def _told(stood: Stood) -> dict[str, str | None]:
    order = stood.order
    return {
        "id": order.id,
        "state": stood.standing.value,
        "request": order.request,
        "court": order.court,
        "recipient": order.recipient,
        "ordered_on": order.ordered_on.isoformat(),
        "expires_on": order.expires_on.isoformat(),
        "requested_by": order.requested_by,
        "approved_by": order.approved_by,
        "delivery": order.used.delivery if order.used else None,
        "record": order.used.record if order.used else None,
    }
