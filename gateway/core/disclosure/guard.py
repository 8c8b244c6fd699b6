"""The decision, and the word without which nothing leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.core.bearing import Bearing
from gateway.core.disclosure.decision import Decision, Withheld
from gateway.core.disclosure.passage import Override, Passage
from gateway.core.disclosure.tags import (
    BEYOND,
    COURT,
    CUSTODY,
    LOCATE_TYPE,
    TOLD,
    VERIFIED_BY,
    VERIFIED_ON,
    asks_registry,
)
from gateway.core.model import DeliveryId, Facts, Kind, PartnerKey, RecordId
from gateway.core.policy import IRS, IV_D, Answer, Cell, KindPolicy, Policy, program_of
from gateway.core.routing import FEDERAL_TAX

_NOBODY = KindPolicy(frozenset(), frozenset(), "")


_MADE_HERE = object()


@dataclass(frozen=True, slots=True)
class Clearance:
    """The guard's word that a delivery may go to a partner now. Channels take nothing without one; whoever tries to
    make one elsewhere gets a TypeError, and a test finds the place."""

    delivery: str
    """Id of the delivery or of the query."""
    partner: PartnerKey
    policy: str
    maker: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.maker is not _MADE_HERE:
            raise TypeError("Only the disclosure guard clears what leaves.")

    def covers(self, delivery: DeliveryId | str, partner: PartnerKey) -> bool:
        return (self.delivery, self.partner) == (delivery, partner)


class Guard:
    """Decides by one policy. Has no state but what it computed before."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._released = policy.released
        self._ceilings = {label.name: label.keep_months for label in policy.labels.values() if label.keep_months}
        self._confirmed_as = {one.name: one.verified_as for one in policy.labels.values() if one.verified_as}
        self._allowed = Decision(None, "allowed", policy.version)
        self._refused = {reason: Decision(reason, self.rule(reason), policy.version) for reason in Withheld}
        self.registries = frozenset(kind for kind, one in policy.kinds.items() if one.told_of_danger)
        """Kinds by which a registry is told of danger."""
        self._bearings: dict[tuple[object, ...], Bearing] = {}

    def rule(self, reason: Withheld) -> str:
        """The requirement that a reason follows from."""
        answer = self.policy.answers.get(reason)
        return answer.rule if answer else "L01"

    # --- what a record is --------------------------------------------------------------------------------------------

    def bearing(self, facts: Facts) -> Bearing:
        """What of the facts decides, without anything of a person."""
        kind = self.policy.kinds.get(facts.kind, _NOBODY)
        tags, transaction = facts.tags, facts.transaction or ""
        labels = tuple([label for tag, label in self.policy.tags.items() if tag in tags])
        tells = kind.always_tells or TOLD in tags or _says_by_code(kind, transaction)
        side = _known(transaction.partition(" ")[0], kind) if kind.sides else ""
        purpose = self.policy.locate_types.get(tags.get(LOCATE_TYPE, ""), "")
        verified = _verification(tags) if kind.verified else ""
        asks = asks_registry(facts)
        key = (
            facts.kind,
            labels,
            tells,
            facts.family_violence,
            facts.nondisclosure,
            BEYOND in tags,
            asks,
            side,
            purpose,
            verified,
        )
        found = self._bearings.get(key)
        if found is None:
            found = Bearing(
                facts.kind,
                kind.labels.union(labels),
                tells,
                facts.family_violence,
                facts.nondisclosure,
                BEYOND in tags,
                asks,
                side,
                purpose,
                verified=verified,
            )
            self._bearings[key] = found
        return found

    def crossed(self, bearing: Bearing, to: Kind) -> Bearing:
        """The bearing of a record that crosses a bridge to another kind: it keeps every label and mark."""
        kind = self.policy.kinds.get(to, _NOBODY)
        return bearing.joined(Bearing(to, kind.labels, kind.always_tells, verified=bearing.verified))

    # --- the decision ------------------------------------------------------------------------------------------------

    def decide(self, passage: Passage) -> Decision:
        """Whether the record may leave on this route on this day. The first reason against it counts."""
        reason = self._against(passage)
        if reason is None:
            return self._by_order(passage) if passage.orders else self._allowed
        return self._refused[reason]

    def clear(
        self, delivery: DeliveryId | str, partner: PartnerKey, decisions: Mapping[RecordId, Decision]
    ) -> Clearance:
        """The word that a delivery may go, when every one of its records may. Raises ValueError when one may not, or
        when there is none to decide about."""
        if not decisions or any(one.withheld is not None for one in decisions.values()):
            raise ValueError("A record of the delivery may not leave.")
        return Clearance(delivery, partner, self.policy.version, _MADE_HERE)

    def _against(self, passage: Passage) -> Withheld | None:
        bearing, partner, agreement = passage.bearing, passage.route.partner, passage.route.agreement
        kind = self.policy.kinds.get(bearing.kind, _NOBODY)
        if partner.program not in kind.programs:
            if partner.program not in kind.verified:
                return Withheld.PROGRAM
            if not _confirmed(passage):
                return Withheld.UNVERIFIED
        if kind.sides and partner.program not in kind.sides.get(bearing.side, ()):
            return Withheld.PROGRAM
        if not agreement.in_force(passage.day):
            return Withheld.AGREEMENT
        program = program_of(partner)
        purpose = bearing.purpose or agreement.purpose or self.policy.programs.get(program, "")
        return (
            self._of_labels(passage, program, purpose)
            or (self._of_locating(passage) if bearing.asks else None)
            or (self._of_age(passage) if passage.received_on else None)
            or self._of_danger(passage, kind)
        )

    def _of_labels(self, passage: Passage, program: str, purpose: str) -> Withheld | None:
        requester = passage.route.agreement.requester
        if purpose not in self.policy.purposes or requester not in self.policy.requesters:
            return Withheld.PURPOSE
        labels = passage.bearing.labels
        if IRS in labels and (reason := self._of_tax(passage, Cell(IRS, program, purpose, requester))):
            return reason
        for label in labels:
            if (label, program, purpose, requester) in self._released:
                continue
            confirmed = self._confirmed_as.get(label, "") if _confirmed(passage) else ""
            if (confirmed, program, purpose, requester) not in self._released:
                return Withheld.LABEL
        return Withheld.CONTENT if purpose == CUSTODY and passage.bearing.beyond else None

    def _of_tax(self, passage: Passage, cell: Cell) -> Withheld | None:
        """26 USC 6103(l)(6), (8); whether a partner may have tax data is a matter of its own, with its own dates."""
        if "Y" not in passage.route.agreement.filters.get(FEDERAL_TAX, ()):
            return Withheld.FEDERAL_TAX
        approved = passage.route.partner.tax_approval.in_force(passage.day)
        if not approved:
            at_best = self.policy.tax_row(cell, approved=True, day=passage.day)
            allowed = at_best is not None and at_best.allowed
            return Withheld.FEDERAL_TAX_APPROVAL if allowed else Withheld.FEDERAL_TAX_RECIPIENT
        row = self.policy.tax_row(cell, approved=True, day=passage.day)
        return None if row is not None and row.allowed else Withheld.FEDERAL_TAX_RECIPIENT

    def _of_locating(self, passage: Passage) -> Withheld | None:
        """45 CFR 303.70(b), (e): only the central locator service of a state asks, attested within the year."""
        until = passage.sender.locate_attested_until if passage.sender else None
        if until is None:
            return Withheld.LOCATE_ROLE
        return Withheld.LOCATE_ATTESTATION if until < passage.day else None

    def _of_age(self, passage: Passage) -> Withheld | None:
        received = passage.received_on
        months = [self._ceilings[label] for label in passage.bearing.labels if label in self._ceilings]
        if received is None or not months:
            return None
        return Withheld.RETENTION if _later(received, min(months)) < passage.day else None

    def _of_danger(self, passage: Passage, kind: KindPolicy) -> Withheld | None:
        bearing, program = passage.bearing, passage.route.partner.program
        if not (bearing.family_violence or bearing.nondisclosure or passage.held):
            return None
        if (program == IV_D or program in kind.told_of_danger) and not bearing.tells:
            return None
        if passage.held and passage.held == {one.person for one in passage.orders if _fits(one, passage)}:
            return None
        if bearing.family_violence:
            return Withheld.FAMILY_VIOLENCE
        return Withheld.NONDISCLOSURE if bearing.nondisclosure else Withheld.PROTECTED_PERSON

    def _by_order(self, passage: Passage) -> Decision:
        """Allowed; the orders count as used only where they were needed."""
        bare = Passage(passage.bearing, passage.route, passage.day, passage.sender, passage.received_on, passage.held)
        if self._against(bare) is None:
            return self._allowed
        return Decision(None, "V02", self.policy.version, passage.orders)

    def answer(self, reason: str) -> Answer | None:
        """The sentence for a reason of this guard; None for a reason of somebody else's."""
        return self.policy.answers.get(reason)


def _says_by_code(kind: KindPolicy, transaction: str) -> bool:
    return transaction[4:5] in kind.tells_action or transaction[:2] in kind.tells_type


def _verification(tags: Mapping[str, str]) -> str:
    """Source and day; empty unless both are told."""
    by, on = tags.get(VERIFIED_BY, ""), tags.get(VERIFIED_ON, "")
    return f"{by}:{on}" if by and on else ""


def _confirmed(passage: Passage) -> bool:
    """45 CFR 303.21(a)(2): a support agency has confirmed by a second source what the record says. What the federal
    services say of their own data is no second source."""
    if passage.sender is None or passage.sender.program != IV_D:
        return False
    day = passage.bearing.verified.rpartition(":")[2]
    return day != "" and day <= passage.day.isoformat()


def _known(side: str, kind: KindPolicy) -> str:
    """A document type of the policy, or one that is nobody's."""
    return side if side in kind.sides else "unknown"


def _fits(order: Override, passage: Passage) -> bool:
    """V02: the order is for this request and recipient, in its days, not used by anything else, asked and approved by
    two, and the answer goes to a court or its agent. Whose it is, the caller compares with who is protected."""
    return (
        order.used in (None, passage.way)
        and order.requested_by != order.approved_by
        and order.request in (passage.request, passage.record)
        and order.recipient == passage.route.partner.key
        and order.ordered_on <= passage.day <= order.expires_on
        and passage.route.agreement.requester == COURT
    )


_MONTHS, _LAST_SAFE_DAY = 12, 28


def _later(day: date, months: int) -> date:
    """The same day so many months later; the last day of a shorter month counts as its last but for February's."""
    year, month = divmod(day.month - 1 + months, _MONTHS)
    try:
        return day.replace(year=day.year + year, month=month + 1)
    except ValueError:
        return day.replace(year=day.year + year, month=month + 1, day=_LAST_SAFE_DAY)
