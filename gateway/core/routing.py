"""Who gets a record: by kind, locator and agreement. No agreement in force, no route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property

from gateway.core.model import Agreement, AgreementKey, AgreementMode, Facts, Kind, Partner, PartnerKey
from gateway.core.swift import swift


class Reason(StrEnum):
    """Why a valid record has no route."""

    UNKNOWN_RECIPIENT = "recipient-unknown"
    NO_AGREEMENT = "agreement-missing"
    EXPIRED = "agreement-expired"
    NOT_YET = "agreement-not-yet-in-force"
    FILTERED = "agreement-filter"


@swift
class Route:
    partner: Partner
    agreement: Agreement


@swift
class Routing:
    """Direct route first, then subscribers. Empty routes come with a reason."""

    routes: tuple[Route, ...]
    reason: Reason | None = None


EMPLOYER_DIGITS = 9


def owning(locator: str) -> tuple[str, ...]:
    """The locators whose owner answers for this one, nearest first: a county or office code (7 characters) belongs to
    its tribe (5) or its state (2). A FEIN (9 digits) belongs to nobody else, whatever state its first digits spell."""
    if len(locator) >= EMPLOYER_DIGITS:
        return (locator,)
    return locator, locator[:5], locator[:2]


class Directory:
    """A frozen picture of all partners and agreements, indexed for routing."""

    def __init__(self, partners: Sequence[Partner], agreements: Sequence[Agreement], version: int = 0) -> None:
        self.partners: Mapping[PartnerKey, Partner] = {p.key: p for p in partners}
        self.agreements: tuple[Agreement, ...] = tuple(sorted(agreements, key=lambda a: a.key))
        self.version = version

    @cached_property
    def _by_key(self) -> Mapping[AgreementKey, Agreement]:
        return {agreement.key: agreement for agreement in self.agreements}

    def agreement(self, key: AgreementKey) -> Agreement | None:
        return self._by_key.get(key)

    @cached_property
    def _owners(self) -> Mapping[str, Partner]:
        return {locator: partner for partner in self.partners.values() for locator in partner.locators}

    @cached_property
    def _direct(self) -> Mapping[tuple[PartnerKey, str], tuple[Agreement, ...]]:
        return self._by_sender(AgreementMode.DIRECT)

    @cached_property
    def _subscriptions(self) -> Mapping[tuple[PartnerKey, str], tuple[Agreement, ...]]:
        return self._by_sender(AgreementMode.SUBSCRIPTION)

    def _by_sender(self, mode: AgreementMode) -> Mapping[tuple[PartnerKey, str], tuple[Agreement, ...]]:
        index: dict[tuple[PartnerKey, str], tuple[Agreement, ...]] = {}
        for agreement in self.agreements:
            if agreement.mode is mode:
                for sender in agreement.senders:
                    for kind in agreement.kinds:
                        index[sender, kind] = (*index.get((sender, kind), ()), agreement)
        return index

    def senders_to(self, recipient: PartnerKey, kind: Kind) -> frozenset[PartnerKey]:
        """Who has an agreement, in force or not, to send records of a kind directly to a partner."""
        direct = (a for a in self.agreements if a.mode is AgreementMode.DIRECT and a.recipient == recipient)
        return frozenset(sender for agreement in direct if kind in agreement.kinds for sender in agreement.senders)

    def owner(self, locator: str) -> Partner | None:
        """Who owns a locator: the longest known prefix wins (a county or office code belongs to its state)."""
        return next((self._owners[known] for known in owning(locator) if known in self._owners), None)

    def route(self, facts: Facts, sender: PartnerKey, today: date) -> Routing:
        """The routes of a record of ``sender``."""
        candidates = self._direct.get((sender, facts.kind), ())
        if facts.recipient is not None:
            owner = self.owner(facts.recipient)
            if owner is None:
                return Routing((), Reason.UNKNOWN_RECIPIENT)
            candidates = tuple(a for a in candidates if a.recipient == owner.key)
        chosen, reason = _choose(candidates, facts, today)
        if chosen is None:
            return Routing((), reason)
        direct = Route(self.partners[chosen.recipient], chosen)
        return Routing((direct, *self._subscribers(facts, sender, direct, today)))

    def _subscribers(self, facts: Facts, sender: PartnerKey, direct: Route, today: date) -> tuple[Route, ...]:
        found: dict[PartnerKey, Route] = {}
        for party in (sender, direct.partner.key):
            for agreement in self._subscriptions.get((party, facts.kind), ()):
                taken = agreement.recipient in found or agreement.recipient == direct.partner.key
                if not taken and agreement.in_force(today) and passes(agreement, facts):
                    found[agreement.recipient] = Route(self.partners[agreement.recipient], agreement)
        return tuple(found.values())


FEDERAL_TAX = "federal_tax"
"""Tag of records that hold federal tax data."""


def passes(agreement: Agreement, facts: Facts) -> bool:
    """Whether every filter of the agreement holds for the record, and names its federal tax data if it has any."""
    return of_federal_tax(agreement, facts) and all(
        facts.tags.get(tag, "") in values for tag, values in agreement.filters.items()
    )


def of_federal_tax(agreement: Agreement, facts: Facts) -> bool:
    """Federal tax data leave only under an agreement whose filter names them: whether a partner may have them is a
    matter of its own, with its own date (26 USC 6103(l)(6), (8))."""
    return FEDERAL_TAX not in facts.tags or "Y" in agreement.filters.get(FEDERAL_TAX, ())


def _choose(candidates: Sequence[Agreement], facts: Facts, today: date) -> tuple[Agreement | None, Reason | None]:
    """The first agreement (by key) that fits; else the most telling reason why none does."""
    if not candidates:
        return None, Reason.NO_AGREEMENT
    in_force = [a for a in candidates if a.in_force(today)]
    if not in_force:
        expired = any(a.valid_until is not None and a.valid_until < today for a in candidates)
        return None, Reason.EXPIRED if expired else Reason.NOT_YET
    fitting = [a for a in in_force if passes(a, facts)]
    return (fitting[0], None) if fitting else (None, Reason.FILTERED)
