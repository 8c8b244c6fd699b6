"""Deliveries: look, retry, withdraw; queues and dead letters."""

from __future__ import annotations

from aiohttp import web

from gateway.core.causes import cause_of, stopped
from gateway.core.errors import Forbidden
from gateway.core.model import DeliveryId, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.web import operations
from gateway.web.api import answers, asked, documents, told
from gateway.web.api.operation import Call, absent
from gateway.web.api.visibility import is_operator, sees_delivery
from gateway.web.movement import Movement, movements


async def list_deliveries(call: Call) -> web.Response:
    query = call.query(asked.DeliveriesQuery)
    found = await call.parts.desk.list(_narrowed(call, query), answers.page(query))
    rows = [documents.delivery(row) for row in found.rows]
    return answers.listed(call, told.Deliveries(rows=rows, next=found.next), found.next)


def _narrowed(call: Call, query: asked.DeliveriesQuery) -> DeliveryQuery:
    """The query that the caller may ask: a partner that names neither side means what is owed to it; one that names
    only others is refused."""
    partner, sender, own = query.partner, query.sender, call.caller.partner
    if own is not None and own not in (partner, sender):
        if sender is None and partner is None:
            partner = own
        elif sender is None:
            sender = own
        elif partner is None:
            partner = own
        else:
            raise Forbidden("Name yourself as partner or as sender.")
    return DeliveryQuery(
        partner=None if partner is None else PartnerKey(partner),
        sender=None if sender is None else PartnerKey(sender),
        state=query.state,
        cause=query.cause,
        since=query.since,
        until=query.until,
    )


async def get_delivery(call: Call) -> web.Response:
    found = await call.parts.desk.get(DeliveryId(call.id()))
    if found is None or not sees_delivery(call.caller, found):
        absent()
    attempts = await call.parts.desk.attempts(found.id)
    findings = await call.parts.desk.findings(found.id)
    reason = call.parts.disclosures.of_delivery(found) or await call.parts.court.of_delivery(found.id)
    amended = await call.parts.amendments.store.of_delivery(found.id)
    operator = is_operator(call.caller)
    cause = stopped(found, call.parts.rules) if operator and not reason else None
    detail = documents.delivery_detail(
        found, attempts, findings, amended, reason=reason, stopped=cause, answers=operator
    )
    return answers.told(detail)


async def retry_delivery(call: Call) -> web.Response:
    reason = (await call.document(asked.Because)).reason
    found = await operations.retry(call.parts, call.caller.actor, DeliveryId(call.id()), reason)
    return answers.told(documents.delivery(found))


async def withdraw_delivery(call: Call) -> web.Response:
    reason = (await call.document(asked.Because)).reason
    found = await operations.withdraw(call.parts, call.caller.actor, DeliveryId(call.id()), reason)
    return answers.told(documents.delivery(found))


async def list_queues(call: Call) -> web.Response:
    moved = await movements(call.parts.health, call.parts.clock())
    queues = await call.parts.desk.queues()
    rows = [documents.queue(row, moved.get(row.partner, Movement())) for row in queues]
    return answers.told(told.Queues(rows=rows))


async def list_dead_letters(call: Call) -> web.Response:
    rules = call.parts.rules
    groups = await call.parts.desk.groups()
    return answers.told(told.Groups(rows=[documents.group(one, cause_of(one.cause, rules)) for one in groups]))
