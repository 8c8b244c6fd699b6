"""The desk of orders of courts: who may be meant, entering what two people agreed on, by which order something left.

Whom an order is about is said by a place in a record; the gateway finds the person's blind index itself, so that no
number goes into a form, a term, a log or the audit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.bearing import bearing_from
from gateway.core.court_orders import Ordered, Standing, Stood, standing, unnumbered
from gateway.core.disclosure import Override
from gateway.core.errors import Conflict, NotFound, Unprocessable
from gateway.core.four_eyes import Request
from gateway.core.ids import Clock, Mint
from gateway.core.labels import open_record
from gateway.core.model import Actor, DeliveryId, Kind, PartnerKey, Record, RecordId, RecordState
from gateway.core.people import DOMAIN, unpacked
from gateway.core.ports.approvals import Spent
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.overrides import Overrides, Place
from gateway.core.why import Why, why_ordered
from gateway.work.court_orders import Asked
from gateway.work.protection import RegisterWatch

log = structlog.get_logger()
GONE = "The record that the order is about is not there any more as it was: ask anew."
"""It was erased, refused when it came, or is under another index key since."""
QUERY = (
    "It was a query, answered while its caller waited. Nothing of such an answer is kept, so no order can let it go:"
    " what a court may have is asked for by a record."
)


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """Implements :class:`gateway.core.ports.overrides.CourtDesk`."""

    overrides: Overrides
    asked: Asked
    audit: AuditLog
    watch: RegisterWatch
    scribe: Scribe
    clock: Clock
    mint: Mint
    policy: str
    """Version of the disclosure policy."""

    def today(self) -> date:
        return self.clock().date()

    async def protected(self, record: Record) -> tuple[Place, ...]:
        return tuple([place for place, _ in await self._people(record)])

    async def named(self, record: RecordId) -> Record:
        found = await self.asked.records.get(record)
        if found is not None:
            return found
        if await self.audit.about(f"query:{record}"):
            raise Conflict(QUERY, code="override-query")
        raise NotFound("There is no such record.")

    async def terms(
        self, record: Record, number: int | None = None, recipient: PartnerKey | None = None
    ) -> dict[str, str | int]:
        if record.sealed is None:
            raise Conflict(GONE, code="override-record")
        protected = await self._people(record)
        chosen = [one for one in protected if number in (None, one[0].number)]
        if len(chosen) != 1:
            raise Unprocessable(_unclear([place for place, _ in protected]), code="override-person")
        ((place, person),) = chosen
        to = await self._recipient(record, recipient)
        return {"request": record.id, "person": digest_of(person), "place": place.path, "recipient": to}

    async def enter(self, request: Request, by: Actor) -> Override:
        if "recipient" not in request.terms:
            raise Conflict("Two people agreed on it before orders named a recipient: ask anew.", code="override-record")
        order = await self._agreed(request)
        Ordered(order.court, order.ordered_on, order.expires_on).check(self.today())
        told: dict[str, str | int] = {
            "order": order.id,
            "court": order.court,
            "recipient": order.recipient,
            "ordered_on": order.ordered_on.isoformat(),
            "expires_on": order.expires_on.isoformat(),
            "approval": request.id,
        }
        agreed = {"act": request.act.value, "object": request.object, "frozen": request.frozen, "approval": request.id}
        entries = (
            self.scribe.entry(by, "approval.used", request.object, "ok", agreed),
            self.scribe.entry(by, "override.entered", f"record:{order.request}", "ok", told),
        )
        if not await self.overrides.enter(order, request.id, Spent(by, self.clock()), entries):
            raise Conflict("Two people have to agree on exactly this order first.", code="approval-needed")
        log.info("override.entered", id=order.request, name=order.id)
        return order

    async def list(self, limit: int) -> tuple[Stood, ...]:
        return await self._stood(await self.overrides.list(limit))

    async def get(self, order: str) -> Stood | None:
        found = await self.overrides.get(order)
        return None if found is None else (await self._stood([found]))[0]

    async def counts(self) -> Mapping[Standing, int]:
        return await self.overrides.counts(self.today())

    async def of_delivery(self, delivery: DeliveryId) -> Why | None:
        return why_ordered(await self._stood(await self.overrides.used_by(delivery)), self.policy)

    async def of_record(self, record: RecordId) -> Why | None:
        return why_ordered(await self._stood(await self.overrides.used_for(record)), self.policy)

    async def _stood(self, orders: Sequence[Override]) -> tuple[Stood, ...]:
        states = await self.overrides.states({one.used.delivery for one in orders if one.used is not None})
        today = self.today()
        return tuple(
            [Stood(one, standing(one, today, states.get(one.used.delivery) if one.used else None)) for one in orders]
        )

    async def _recipient(self, record: Record, named: PartnerKey | None) -> PartnerKey:
        """Whoever sent the request, be that the record itself or what it answers."""
        request = await self.asked.of(record.id)
        asking = record if request is None else await self.asked.records.get(request)
        known = None if asking is None or (request is None and record.state is RecordState.WITHHELD) else asking.sender
        if known is None and named is None:
            raise Unprocessable("It is not known who asked: name the partner that gets it.", code="override-recipient")
        if named is not None and named not in self.asked.questions.directory().partners:
            raise Unprocessable("There is no such partner.", code="override-recipient")
        if named not in (None, known) and known is not None:
            raise Unprocessable("The order is for whoever asked, and that is another.", code="override-recipient")
        return known or named or record.sender

    async def _people(self, record: Record) -> Sequence[tuple[Place, bytes]]:
        """The protected persons of the record, each with the blind index, or what stands for it."""
        await self.watch.refresh()
        held = self.watch.register.held(record.persons)
        marked = bearing_from(record.kind or Kind(""), record.bearing or "")
        if record.sealed is None or not (held or marked.family_violence or marked.nondisclosure):
            return ()
        questions = self.asked.questions
        content = questions.canonical.read(open_record(questions.sealer, record.id, record.sealed))
        people = questions.canonical.people(content).everybody
        found: list[tuple[Place, bytes]] = []
        for number, value in enumerate(people, 1):
            person = next((one for one in questions.indexer.tokens(DOMAIN, value) if one in held), None)
            if person is not None:
                path = next(path for path, one in content.fields.items() if one == value)
                found.append((Place(number, path), person))
        for number, group in enumerate(questions.canonical.unnumbered(content), len(people) + 1):
            found.append((Place(number, group, numbered=False), unnumbered(record.id, group)))
        return found

    async def _agreed(self, request: Request) -> Override:
        terms = {name: str(value) for name, value in request.terms.items()}
        record = await self.asked.records.get(RecordId(terms["request"]))
        persons = await self._known(record) if record is not None else ()
        person = next((one for one in persons if digest_of(one) == terms["person"]), None)
        if record is None or person is None:
            raise Conflict(GONE, code="override-record")
        return Override(
            id=self.mint(),
            request=record.id,
            person=person,
            court=terms["court"],
            recipient=PartnerKey(terms["recipient"]),
            ordered_on=date.fromisoformat(terms["ordered_on"]),
            expires_on=date.fromisoformat(terms["expires_on"]),
            requested_by=request.asked_by,
            approved_by=request.decided_by or request.asked_by,
        )

    async def _known(self, record: Record) -> Iterable[bytes]:
        """Everybody whom an order about the record may be about."""
        return (*unpacked(record.persons), *(await self.asked.unnumbered(record.id) or ()))


def digest_of(person: bytes) -> str:
    """What stands for a person in the terms of a request: SHA-256 of the blind index, itself a keyed digest."""
    return hashlib.sha256(person).hexdigest()


def _unclear(protected: Sequence[Place]) -> str:
    if not protected:
        return "No notice of danger is held about anybody in this record: nothing has to be ordered."
    places = ", ".join(f"{one.number} ({one.path or 'the record as a whole'})" for one in protected)
    return f"Say by its number which protected person of the record the order is about: {places}."
