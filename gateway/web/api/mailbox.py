"""The mailbox of partners that pull, and the word of any partner on what it got."""

from __future__ import annotations

import asyncio
import hashlib

from aiohttp import web

from gateway.core.errors import Forbidden, Tampered
from gateway.core.labels import open_labelled
from gateway.core.model import DeliveryId
from gateway.core.ports.mailbox import MailboxItem
from gateway.web.acknowledgement import Acknowledged, acknowledge
from gateway.web.api import answers, asked, bodies, documents, told
from gateway.web.api.operation import Call, absent


async def list_parcels(call: Call) -> web.Response:
    limit = call.query(asked.MailboxQuery).limit
    now = call.parts.clock()
    found = await call.parts.mailbox.lease(call.partner, limit, now, now + call.limits.mailbox_lease)
    return answers.told(told.MailboxTold(rows=[documents.parcel(item) for item in found]))


async def get_parcel(call: Call) -> web.Response:
    """The bytes, and an entry that they were read."""
    delivery = DeliveryId(call.id("delivery"))
    found = await call.parts.mailbox.fetch(call.partner, delivery)
    if found is None:
        absent()
    item, sealed = found
    if kept := await call.parts.disclosures.kept_back(delivery, call.caller.actor):
        raise Forbidden(f"The disclosure guard keeps it back: {kept.withheld}.", code="withheld")
    if item.size > answers.LARGE:
        body = await asyncio.to_thread(_opened, call, item, sealed)
    else:
        body = _opened(call, item, sealed)
    actor = call.caller.actor
    await call.parts.audit.write([call.parts.scribe.entry(actor, "record.read", f"delivery:{delivery}")])
    headers = {
        "Content-Type": item.media_type,
        "Content-Digest": bodies.content_digest(item.digest),
        "Content-Disposition": f'attachment; filename="{item.name}"',
        "Gateway-Delivery": item.delivery,
        "Gateway-Edition": str(item.edition),
    }
    return web.Response(body=answers.payload(body), headers=headers)


def _opened(call: Call, item: MailboxItem, sealed: bytes) -> bytes:
    body = open_labelled(call.parts.sealer, f"mailbox.sealed:{item.delivery}", sealed)
    if hashlib.sha256(body).hexdigest() != item.digest:
        raise Tampered(f"The parcel of delivery {item.delivery} is not the one that was placed.")
    return body


async def acknowledge_parcel(call: Call) -> web.Response:
    said = await call.document(asked.Taking) if call.request.can_read_body else asked.Taking()
    return await _settle(
        call, Acknowledged(DeliveryId(call.id("delivery")), call.partner, accepted=True, digest=said.digest)
    )


async def refuse_parcel(call: Call) -> web.Response:
    said, delivery = await call.document(asked.Refusing), DeliveryId(call.id("delivery"))
    word = Acknowledged(delivery, call.partner, accepted=False, reason=said.reason, digest=said.digest, unread=True)
    return await _settle(call, word)


async def post_acknowledgement(call: Call) -> web.Response:
    said = await call.document(asked.Acknowledgement)
    accepted = said.outcome == "accepted"
    word = Acknowledged(DeliveryId(said.delivery), call.partner, accepted, said.reason or "", said.digest)
    return await _settle(call, word)


async def _settle(call: Call, word: Acknowledged) -> web.Response:
    return answers.told(documents.delivery(await acknowledge(call.parts, word)))
