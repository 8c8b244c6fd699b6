"""The desk of orders of courts: who may be meant, entering what two people agreed on, by which order something left.

Whom an order is about is said by a place in a record; the gateway finds the person's blind index itself, so that no
number goes into a form, a term, a log or the audit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.court_orders import Ordered
from gateway.core.disclosure import Override
from gateway.core.errors import Conflict, Unprocessable
from gateway.core.four_eyes import Request
from gateway.core.ids import Clock, Mint
from gateway.core.labels import open_record
from gateway.core.model import Actor, DeliveryId, Record, RecordId
from gateway.core.people import DOMAIN, unpacked
from gateway.core.ports.approvals import Spent
from gateway.core.ports.formats import CanonicalForm
from gateway.core.ports.keys import Indexer, Sealer
from gateway.core.ports.overrides import Overrides, Place
from gateway.core.ports.records import Records
from gateway.core.why import Why, why_ordered
from gateway.work.protection import RegisterWatch

log = structlog.get_logger()
GONE = "The record that the order is about is not there any more as it was: ask anew."
"""It was erased, refused when it came, or is under another index key since."""


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """Implements :class:`gateway.core.ports.overrides.CourtDesk`."""

    overrides: Overrides
    records: Records
    watch: RegisterWatch
    sealer: Sealer
    canonical: CanonicalForm
    indexer: Indexer
    scribe: Scribe
    clock: Clock
    mint: Mint
    policy: str
    """Version of the disclosure policy."""

    def today(self) -> date:
        return self.clock().date()

    async def protected(self, record: Record) -> tuple[Place, ...]:
        return tuple([place for place, _ in await self._people(record)])

    async def terms(self, record: Record, number: int | None = None) -> dict[str, str | int]:
        if record.sealed is None:
            raise Conflict(GONE, code="override-record")
        protected = await self._people(record)
        chosen = [one for one in protected if number in (None, one[0].number)]
        if len(chosen) != 1:
            raise Unprocessable(_unclear([place for place, _ in protected]), code="override-person")
        ((place, person),) = chosen
        return {"request": record.id, "person": digest_of(person), "place": place.path}

    async def enter(self, request: Request, by: Actor) -> Override:
        order = await self._agreed(request)
        Ordered(order.court, order.ordered_on, order.expires_on).check(self.today())
        told: dict[str, str | int] = {
            "order": order.id,
            "court": order.court,
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

    async def list(self, limit: int) -> tuple[Override, ...]:
        return await self.overrides.list(limit)

    async def get(self, order: str) -> Override | None:
        return await self.overrides.get(order)

    async def of_delivery(self, delivery: DeliveryId) -> Why | None:
        return self._why(await self.overrides.used_by(delivery))

    async def of_record(self, record: RecordId) -> Why | None:
        return self._why(await self.overrides.used_for(record))

    def _why(self, order: Override | None) -> Why | None:
        return None if order is None else why_ordered(order, self.policy)

    async def _people(self, record: Record) -> Sequence[tuple[Place, bytes]]:
        """The protected persons of the record, each with the blind index."""
        await self.watch.refresh()
        held = self.watch.register.held(record.persons)
        if record.sealed is None or not held:
            return ()
        content = self.canonical.read(open_record(self.sealer, record.id, record.sealed))
        found: list[tuple[Place, bytes]] = []
        for number, value in enumerate(self.canonical.people(content).everybody, 1):
            person = next((one for one in self.indexer.tokens(DOMAIN, value) if one in held), None)
            if person is not None:
                found.append(
                    (Place(number, next(path for path, one in content.fields.items() if one == value)), person)
                )
        return found

    async def _agreed(self, request: Request) -> Override:
        terms = {name: str(value) for name, value in request.terms.items()}
        record = await self.records.get(RecordId(terms["request"]))
        persons = unpacked(record.persons) if record is not None else iter(())
        person = next((one for one in persons if digest_of(one) == terms["person"]), None)
        if record is None or person is None:
            raise Conflict(GONE, code="override-record")
        return Override(
            id=self.mint(),
            request=record.id,
            person=person,
            court=terms["court"],
            ordered_on=date.fromisoformat(terms["ordered_on"]),
            expires_on=date.fromisoformat(terms["expires_on"]),
            requested_by=request.asked_by,
            approved_by=request.decided_by or request.asked_by,
        )


def digest_of(person: bytes) -> str:
    """What stands for a person in the terms of a request: SHA-256 of the blind index, itself a keyed digest."""
    return hashlib.sha256(person).hexdigest()


def _unclear(protected: Sequence[Place]) -> str:
    if not protected:
        return "No notice of danger is held about anybody in this record: nothing has to be ordered."
    places = ", ".join(f"{one.number} ({one.path})" for one in protected)
    return f"Say by its number which protected person of the record the order is about: {places}."
