"""Turns an examined record into what is committed: the record, what is owed for it, and its audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gateway.core.acceptance import Judged
from gateway.core.attestation import asks_to_locate
from gateway.core.audit_entry import Scribe
from gateway.core.bearing import Bearing
from gateway.core.bridge import Bridging, Stuck
from gateway.core.court_orders import Search, fitting
from gateway.core.disclosure import Guard, Passage, Withheld
from gateway.core.ids import Mint
from gateway.core.model import (
    Actor,
    BatchMode,
    Delivery,
    DeliveryId,
    DeliveryState,
    Facts,
    Finding,
    Item,
    Ordering,
    PartnerKey,
    Record,
    RecordState,
    RuleCode,
    Severity,
    SubmissionId,
)
from gateway.core.people import keyed, renewal, renewed, under, unpacked
from gateway.core.ports.crew import Examined
from gateway.core.protected import Notice, Register
from gateway.core.routing import Directory, Route
from gateway.core.swift import swift

UNROUTABLE, WITHHELD, SUBSCRIBER = (
    RuleCode("ROUTE-PARKED"),
    RuleCode("DISCLOSURE-WITHHELD"),
    RuleCode("DISCLOSURE-SUBSCRIBER"),
)


_ENDS = {
    True: (WITHHELD, RecordState.WITHHELD, "record.withheld"),
    False: (UNROUTABLE, RecordState.UNROUTABLE, "record.parked"),
}
"""Whether the guard keeps a record back (else it has no way) -> rule, state and action."""


@swift
class Origin:
    """Where the records of one submission come from."""

    submission: SubmissionId
    sender: PartnerKey
    received_at: datetime
    routed_on: date | None = None
    """The day whose agreements count; None: the day of receipt."""
    by: Actor | None = None
    """Who put them in; None: their sender."""
    attested: str = ""
    """The version of the text that the sender attested with its requests to find persons; empty: none."""

    @property
    def actor(self) -> Actor:
        return self.by or Actor("partner", self.sender)


@dataclass(frozen=True, slots=True)
class Router:
    """Decides where records go: by agreement, then by the disclosure guard."""

    scribe: Scribe
    mint: Mint
    guard: Guard
    bridging: Bridging = field(default_factory=Bridging)
    register: Register = field(default_factory=Register)

    def judge(self, examined: Iterable[Examined], origin: Origin, directory: Directory) -> tuple[Judged, ...]:
        return tuple(self._judged(one, origin, directory) for one in examined)

    def _judged(self, one: Examined, origin: Origin, directory: Directory) -> Judged:
        if one.sealed is None or one.facts is None:
            rule = next((f.rule for f in one.findings if f.severity.blocks), RuleCode("UNREADABLE"))
            return self._parked(one, origin, RecordState.REFUSED, rule, "record.refused", one.findings)
        day = origin.routed_on or origin.received_at.date()
        routing = directory.route(one.facts, origin.sender, day)
        bearing, notices = self.guard.bearing(one.facts), self._notices(one, origin)
        if bearing.kind in self.guard.registries:
            bearing = self._turning(one, origin, bearing)
        sender, received = directory.partners.get(origin.sender), origin.received_at.date()
        held = self.register.held(one.persons)
        if one.unnumbered:
            held |= one.unnumbered
        passages = [Passage(bearing, route, day, sender, received, held) for route in routing.routes]
        if held and self.register.orders:
            passages = [self._ordered(one, passage) for passage in passages]
        obstacles = [self._obstacle(one, one.facts, passage) for passage in passages]
        first = obstacles[0] if obstacles else routing.reason
        if first is None:
            allowed = [route for route, obstacle in zip(routing.routes, obstacles, strict=True) if obstacle is None]
            barred = [obstacle for obstacle in obstacles if obstacle is not None]
            judged = self._routed(one, origin, allowed, barred, bearing.text())
        else:
            rule, state, action = _ENDS[isinstance(first, Withheld)]
            findings = (*one.findings, Finding(rule, Severity.WARNING, one.ordinal, note=first))
            judged = self._parked(one, origin, state, str(first), action, findings, bearing.text())
        renewing = renewal(one.case_index, one.persons, one.index_keys)
        return replace(judged, notices=notices, renewal=renewing) if notices or renewing else judged

    def _ordered(self, one: Examined, passage: Passage) -> Passage:
        """With the orders of courts that may let the record go this way; they are used up when it leaves."""
        requests = (one.id,) if one.question is None else (one.question, one.id)
        search = Search(requests, passage.route.partner.key, passage.day)
        orders = fitting(self.register.orders.about(passage.held, one.id), passage.held, search)
        return replace(passage, request=one.question, record=one.id, orders=orders)

    def _notices(self, one: Examined, origin: Origin) -> tuple[Notice, ...]:
        """What the record says of persons in danger; rare. Of those who are known to have a notice of this sender as
        well: it may have been taken back a moment ago, and who says it after that places it again."""
        if not one.endangered:
            return ()
        keys = one.index_keys
        unplaced = self.register.unplaced(one.endangered, origin.sender)
        # Whoever is known under any key has a notice of this sender: it is renewed, not placed again.
        known = set(unpacked(one.endangered)) - set(unplaced)
        old = {index for pair in renewed(one.endangered, keys) if not known.isdisjoint(pair) for index in pair}
        said = [index for index in unpacked(one.endangered) if index in known or index not in old]
        key_of, active = keyed(one.endangered, keys), keys.partition(" ")[0]
        placed = [
            Notice(person, origin.sender, one.id, origin.received_at, key_of.get(person), known=person in known)
            for person in dict.fromkeys(said)
        ]
        return tuple([replace(n, renewed=active) if n.index_key not in (None, active) else n for n in placed])

    def _turning(self, one: Examined, origin: Origin, bearing: Bearing) -> Bearing:
        """With the mark of a change when the record says that a person is in danger, or says it no more of one about
        whom its sender's notice stands."""
        turns = bearing.family_violence or (not bearing.asks and self.register.placed_by(one.persons, origin.sender))
        return replace(bearing, turns=True) if turns else bearing

    def _obstacle(self, one: Examined, facts: Facts, passage: Passage) -> Withheld | Stuck | None:
        """Why the record may not go this way, or cannot be written for the partner: the guard is asked first, about the
        kind that a bridge leads to as well, which keeps every label."""
        withheld = self.guard.decide(passage).withheld
        bridge = self.bridging.between(facts.kind, self.bridging.format_of(passage.route.partner, facts.kind))
        if withheld is not None or bridge is None:
            return withheld
        crossed = self.guard.crossed(passage.bearing, bridge.to)
        if withheld := self.guard.decide(replace(passage, bearing=crossed)).withheld:
            return withheld
        if not bridge.may_cross(facts) or not one.crosses:
            return Stuck.NOTHING_TO_TELL
        return Stuck.QUESTION_UNKNOWN if bridge.asks and one.question is None else None

    def _parked(
        self,
        one: Examined,
        origin: Origin,
        state: RecordState,
        reason: str,
        action: str,
        findings: tuple[Finding, ...],
        bearing: str | None = None,
    ) -> Judged:
        record = _record(one, origin, state, reason, None, bearing)
        details: dict[str, str | int] = {"ordinal": one.ordinal}
        if one.digest:
            details["sha256"] = one.digest
        if state is RecordState.WITHHELD:
            details |= {"policy": self.guard.policy.version, "rule": self.guard.rule(Withheld(reason))}
        if origin.attested and state is not RecordState.REFUSED:
            details |= _attested(one, origin)
        entry = self.scribe.entry(origin.actor, action, f"record:{one.id}", reason, details)
        return Judged(record, findings, (), (), entry)

    def _routed(
        self, one: Examined, origin: Origin, routes: Sequence[Route], withheld: Sequence[str], bearing: str
    ) -> Judged:
        record = _record(one, origin, RecordState.ROUTED, None, routes[0].partner.key, bearing)
        owed = [self._owed(one, origin, route) for route in routes]
        details: dict[str, str | int] = {"ordinal": one.ordinal, "sha256": one.digest or ""}
        details["recipients"] = " ".join(route.partner.key for route in routes)
        details["policy"] = self.guard.policy.version
        if withheld:
            details["withheld"] = " ".join(withheld)
        if origin.attested:
            details |= _attested(one, origin)
        entry = self.scribe.entry(origin.actor, "record.accepted", f"record:{one.id}", "ok", details)
        notices = tuple(Finding(SUBSCRIBER, Severity.NOTICE, one.ordinal, note=reason) for reason in withheld)
        return Judged(
            record=record,
            findings=(*one.findings, *notices),
            items=tuple(item for item, _ in owed),
            deliveries=tuple(delivery for _, delivery in owed if delivery is not None),
            entry=entry,
            question=one.question,
        )

    def _owed(self, one: Examined, origin: Origin, route: Route) -> tuple[Item, Delivery | None]:
        assert one.facts is not None  # noqa: S101 - only examined records with facts are routed
        kind = one.facts.kind
        partner = route.partner
        delivery = None
        if partner.batching_of(kind).mode is BatchMode.IMMEDIATE:
            delivery = Delivery(
                id=DeliveryId(self.mint()),
                partner=partner.key,
                sender=origin.sender,
                kind=kind,
                format=self.bridging.format_of(partner, kind),
                agreement=route.agreement.key,
                state=DeliveryState.PENDING,
                created_at=origin.received_at,
                due_at=origin.received_at,
                records=1,
                lane=under(one.case_index, one.index_keys) if partner.ordering is Ordering.CASE else None,
            )
        item = Item(
            record=one.id,
            partner=partner.key,
            sender=origin.sender,
            kind=kind,
            agreement=route.agreement.key,
            delivery=delivery.id if delivery else None,
            owed_at=origin.received_at,
        )
        return item, delivery


def _attested(one: Examined, origin: Origin) -> dict[str, str]:
    """Who attested and when are the entry's own; of other records nothing is said."""
    return {"attested": origin.attested} if one.facts is not None and asks_to_locate(one.facts) else {}


def _record(
    one: Examined,
    origin: Origin,
    state: RecordState,
    reason: str | None,
    recipient: PartnerKey | None,
    bearing: str | None,
) -> Record:
    return Record(
        id=one.id,
        submission=origin.submission,
        ordinal=one.ordinal,
        kind=one.facts.kind if one.facts else None,
        sender=origin.sender,
        recipient=recipient,
        state=state,
        reason=reason,
        transaction=one.facts.transaction if one.facts else None,
        case_index=under(one.case_index, one.index_keys),
        serial=one.facts.serial if one.facts else None,
        digest=one.digest,
        sealed=one.sealed,
        received_at=origin.received_at,
        bearing=bearing,
        persons=under(one.persons, one.index_keys),
        index_key=one.index_keys.partition(" ")[0] or None,
    )
