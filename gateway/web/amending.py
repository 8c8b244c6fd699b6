"""Use cases of amending what a dead delivery carries: look, draft, ask, send. Console and API share them.

Errors: NotFound, Forbidden (``approval-role``), Conflict (``delivery-state``, ``approval-needed``, ``amend-changed``),
Unprocessable (``amend-...``, an unfit reason), Unfit (findings), Unavailable.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from gateway.core import four_eyes
from gateway.core.amendment import Amendment, Change
from gateway.core.errors import Conflict, NotFound
from gateway.core.four_eyes import Act, Request, State, Terms
from gateway.core.ids import Clock
from gateway.core.model import Actor, AuditEntry, Content, Delivery, DeliveryId, DeliveryState, RecordId, known_as
from gateway.core.ports.amendments import Amendments, Draft, Mending, Tried
from gateway.core.ports.approvals import Spent
from gateway.core.ports.deliveries import DeliveryDesk
from gateway.core.reasons import fit_reason
from gateway.web.approving import Person, SecondWords, Wish, second_words
from gateway.web.opening import Opening, Openings, openings
from gateway.web.parts import Parts

log = structlog.get_logger()
ABSENT = "not there"


@dataclass(frozen=True, slots=True)
class Line:
    """One element: its path and what its value is like, and whether nobody may amend it."""

    path: str
    shape: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One element before and after, as shapes or as values."""

    path: str
    before: str
    after: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Amending:
    """What one person begins and another one agrees to."""

    desk: DeliveryDesk
    store: Amendments
    mending: Mending
    words: SecondWords
    openings: Openings
    clock: Clock

    async def look(self, person: Person, delivery: DeliveryId, record: RecordId, reason: str) -> tuple[Line, ...]:
        """The elements as shapes, for whoever may ask; an entry of the log says who looked, and why."""
        four_eyes.check_asker(Act.AMEND, person.role)
        why = fit_reason(reason)
        await self._dead(delivery)
        content = await self.mending.opened(delivery, record)
        await self.openings.note(person.actor, Opening(record, (content,), why, len(content.fields)))
        return tuple(
            Line(path, shape(value), self.mending.fixed(content, path)) for path, value in content.fields.items()
        )

    async def draft(
        self, person: Person, delivery: DeliveryId, record: RecordId, changes: Sequence[Change]
    ) -> tuple[Draft, tuple[Difference, ...]]:
        """What would be asked for, judged; nothing is kept of it."""
        four_eyes.check_asker(Act.AMEND, person.role)
        await self._dead(delivery)
        draft = await self.mending.draft(delivery, record, changes)
        return draft, _differences(draft.before, draft.after, draft.fields, ())

    async def ask(
        self, person: Person, delivery: DeliveryId, record: RecordId, changes: Sequence[Change], reason: str
    ) -> Request:
        """The request for a second person, with the amended content sealed beside it. The same once more while it is
        open gives the same request."""
        draft, _ = await self.draft(person, delivery, record, changes)
        wish = _wish(delivery, draft.terms)
        found = await self.words.approvals.pending(wish.act, wish.object, wish.terms, self.clock())
        if found is not None:
            return found
        request, entry = self.words.drawn_up(person, wish, reason)
        base = draft.body.amendment
        amendment = Amendment(
            id=request.id,
            delivery=delivery,
            record=record,
            base=None if base is None else base.id,
            fields=draft.fields,
            before=draft.body.digest,
            after=draft.digest,
            sealed=self.mending.sealed(request.id, draft),
            made_at=request.asked_at,
            asked_by=request.asked_by,
        )
        await self.store.ask(amendment, request, entry)
        log.info("amendment.asked", id=request.id, count=len(amendment.fields))
        return request

    async def send(self, person: Person, amendment_id: str) -> Delivery:
        """Use the permission: the delivery carries the amended content and is on its way again."""
        four_eyes.check_asker(Act.AMEND, person.role)
        amendment, request = await self.found(amendment_id)
        dead = await self._dead(amendment.delivery)
        _, _, terms = await self.mending.reopened(amendment)
        wish = _wish(amendment.delivery, terms)
        now = self.clock()
        agreed = request.frozen == four_eyes.frozen(wish.act, wish.object, wish.terms)
        if not agreed or request.at(now) is not State.APPROVED:
            raise Conflict("Another person has to agree to exactly this content.", code="approval-needed")
        entries = self._entries(person.actor, amendment, request, dead)
        if not await self.store.use(amendment, Spent(person.actor, now), entries):
            raise Conflict("The delivery is not what it was when this was asked for.", code="amend-changed")
        log.info("delivery.amended", id=amendment.delivery, count=len(amendment.fields))
        return await self._delivery(amendment.delivery)

    async def difference(
        self, actor: Actor, amendment_id: str, reason: str, shown: Collection[str]
    ) -> tuple[Difference, ...]:
        """What changes: as shapes, and as values for those paths that are in ``shown``. An entry of the log tells."""
        why = fit_reason(reason)
        amendment, _ = await self.found(amendment_id)
        before, after, _ = await self.mending.reopened(amendment)
        opened = tuple(path for path in amendment.fields if path in shown)
        opening = Opening(amendment.record, (before, after), why, len(amendment.fields), opened)
        await self.openings.note(actor, opening)
        return _differences(before, after, amendment.fields, opened)

    async def tried(self, amendment: Amendment, request: Request) -> Tried | None:
        """How it would be written for the partner, as long as it may still be sent; None when it may not, or when it is
        too big to be tried."""
        open_ = request.at(self.clock()) in (State.ASKED, State.APPROVED)
        found = await self.desk.get(amendment.delivery) if open_ else None
        if found is None or found.state is not DeliveryState.DEAD:
            return None
        return await self.mending.tried(amendment)

    async def found(self, amendment_id: str) -> tuple[Amendment, Request]:
        amendment = await self.store.get(amendment_id)
        request = None if amendment is None else await self.words.approvals.get(amendment_id)
        if amendment is None or request is None:
            raise NotFound("There is no such amendment, or it was refused or has expired.")
        return amendment, request

    async def _delivery(self, delivery: DeliveryId) -> Delivery:
        found = await self.desk.get(delivery)
        if found is None:
            raise NotFound("There is no such delivery.")
        return found

    async def _dead(self, delivery: DeliveryId) -> Delivery:
        found = await self._delivery(delivery)
        if found.state is not DeliveryState.DEAD:
            raise Conflict(f"A delivery that is {found.state.value} cannot be amended.", code="delivery-state")
        return found

    def _entries(self, actor: Actor, amendment: Amendment, request: Request, dead: Delivery) -> tuple[AuditEntry, ...]:
        """That the permission was used, what became of the record's content, and what became of the delivery: by which
        ids its partner knows it before and after."""
        entry, about = self.words.scribe.entry, f"delivery:{dead.id}"
        again: dict[str, str | int] = {
            "reason": request.reason,
            "approval": request.id,
            "was_known_as": dead.known_as,
            "known_as": known_as(dead.id, dead.edition + 1),
        }
        people: dict[str, str | int] = {"asked_by": request.asked_by, "approved_by": request.decided_by or ""}
        content: dict[str, str | int] = {
            "delivery": amendment.delivery,
            "fields": " ".join(amendment.fields),
            "before": amendment.before or "",
            "after": amendment.after or "",
        }
        used: dict[str, str | int] = {"act": Act.AMEND.value, "frozen": request.frozen, "approval": request.id}
        return (
            entry(actor, "approval.used", about, "ok", used),
            entry(actor, "record.amended", f"record:{amendment.record}", "ok", content | people),
            entry(actor, "delivery.retried", about, "ok", again),
        )


def amending(parts: Parts) -> Amending:
    """The use cases over the ports of the web."""
    kept = parts.amendments
    return Amending(parts.desk, kept.store, kept.mending, second_words(parts), openings(parts), parts.clock)


def shape(value: str) -> str:
    """What a value is like without what it says: digits, a day, or text, and about how long."""
    if value.isdigit():
        return f"{len(value)} digits"
    if len(value) == len("2026-01-31") and value[:4].isdigit() and value[4] == value[7] == "-":
        return "a day"
    return "short text" if len(value) <= len("a short text") else "long text"


def _wish(delivery: DeliveryId, terms: Terms) -> Wish:
    return Wish(Act.AMEND, f"delivery:{delivery}", terms)


def _differences(
    before: Content, after: Content, fields: Sequence[str], shown: Collection[str]
) -> tuple[Difference, ...]:
    def told(content: Content, path: str) -> str:
        value = content.get(path)
        if value is None:
            return ABSENT
        return value if path in shown else shape(value)

    return tuple(Difference(path, told(before, path), told(after, path), path in shown) for path in fields)
