"""What a partner admin sees: the traffic of the one partner that it looks after. The rest does not exist for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.core.errors import NotFound
from gateway.core.model import Delivery, Partner, PartnerKey, Principal, Record, Submission
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.records import RecordQuery, Step
from gateway.core.routing import Directory
from gateway.web.api import visibility
from gateway.web.console.rights import NARROWED, known_role
from gateway.web.console.visit import Visit

_NOBODY = PartnerKey("")
"""Stands in for the partner of an account that has none: nothing is its own."""


def own(visit: Visit) -> PartnerKey | None:
    """The partner to which everything is narrowed; None: nothing is."""
    operator = visit.operator
    if operator is None or known_role(operator.role) not in NARROWED:
        return None
    return operator.partner or _NOBODY


def choices(visit: Visit, directory: Directory) -> list[Partner]:
    """The partners that a filter may be set to, by name, where everything is narrowed to the operator's own: no other
    choice would have an effect."""
    mine = own(visit)
    found = (one for one in directory.partners.values() if mine in (None, one.key))
    return sorted(found, key=lambda one: one.name)


def sees_partner(visit: Visit, key: PartnerKey) -> PartnerKey:
    """The key, when it may be looked at. Raises NotFound."""
    if own(visit) not in (None, key):
        raise NotFound("There is no such partner.")
    return key


def of_records(visit: Visit, query: RecordQuery) -> RecordQuery:
    """The search, narrowed to what the operator's partner sent or is sent."""
    partner = own(visit)
    return query if partner is None else replace(query, party=partner)


def of_deliveries(visit: Visit, query: DeliveryQuery) -> DeliveryQuery:
    """The list, narrowed to what is owed to the operator's partner."""
    partner = own(visit)
    return query if partner is None else replace(query, partner=partner)


def sees_delivery(visit: Visit, delivery: Delivery) -> bool:
    return visibility.sees_delivery(_eyes(visit), delivery)


def owes(visit: Visit, delivery: Delivery) -> bool:
    """Whether the operator may act on the delivery: a partner admin on what is owed to its own partner only."""
    return own(visit) in (None, delivery.partner)


def sees_record(visit: Visit, record: Record, deliveries: Sequence[Delivery]) -> bool:
    return visibility.sees_record(_eyes(visit), record, deliveries)


def sees_submission(visit: Visit, submission: Submission) -> bool:
    return visibility.sees_submission(_eyes(visit), submission)


def visible_steps(
    visit: Visit, record: Record, deliveries: Sequence[Delivery], steps: Sequence[Step]
) -> tuple[Step, ...]:
    return tuple(visibility.visible_steps(_eyes(visit), record, deliveries, steps))


def _eyes(visit: Visit) -> Principal:
    """For whom things are looked at, as the API has it: a partner, or an operator who sees all."""
    return Principal("console", frozenset(), own(visit), visit.operator.name if visit.operator else None)
