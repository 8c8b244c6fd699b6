"""The use case of an order of a court: ask for a second person's word on it, and enter it once that is given."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.court_orders import Ordered
from gateway.core.four_eyes import Act, Request, State
from gateway.core.model import Actor, PartnerKey, Record
from gateway.core.ports.overrides import CourtDesk
from gateway.web.approving import Person, SecondWords, Wish


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom it is about, by a place in the record that names it (None: the only protected person), and the paper."""

    record: Record
    number: int | None
    ordered: Ordered
    recipient: PartnerKey | None = None
    """The partner that gets the answer; None: whoever asked."""


async def ask(court: CourtDesk, words: SecondWords, person: Person, asking: Asking, reason: str) -> Request:
    """The request for exactly this order, new or still open. One that somebody agreed to and that was not entered,
    since a process ended in between, is entered now. Raises as :class:`CourtDesk` and :meth:`SecondWords.ask`."""
    asking.ordered.check(court.today())
    terms = await court.terms(asking.record, asking.number, asking.recipient)
    terms["court"] = asking.ordered.court
    terms |= {"ordered_on": str(asking.ordered.ordered_on), "expires_on": str(asking.ordered.expires_on)}
    wish = Wish(Act.OVERRIDE, f"record:{asking.record.id}", terms)
    request = await words.pending_or_asked(person, wish, reason)
    await enter(court, request, person.actor)
    return request


async def enter(court: CourtDesk, request: Request, by: Actor) -> None:
    """Enter the order when two people agreed on one; nothing for every other act and state."""
    if request.act is Act.OVERRIDE and request.state is State.APPROVED:
        await court.enter(request, by)
