"""Amending what a dead delivery carries, for operators' keys: elements as shapes, a request, its use. Values come in
and never go out; whoever has to see them looks at them in the console, behind two factors."""

from __future__ import annotations

from aiohttp import web

from gateway.core.amendment import Change
from gateway.core.model import DeliveryId, RecordId
from gateway.web.amending import amending
from gateway.web.api import answers, asked, documents, told
from gateway.web.api.operation import Call
from gateway.web.approving import Person, person


async def list_elements(call: Call) -> web.Response:
    reason = (await call.document(asked.Because)).reason
    delivery, record = DeliveryId(call.id()), RecordId(call.id("record"))
    lines = await amending(call.parts).look(await _who(call), delivery, record, reason)
    rows = [told.ElementTold(path=line.path, shape=line.shape, fixed=line.fixed) for line in lines]
    return answers.told(told.Elements(rows=rows))


async def ask_amendment(call: Call) -> web.Response:
    wanted = await call.document(asked.Amending)
    changes = tuple(Change(one.path, one.value) for one in wanted.changes)
    use_cases = amending(call.parts)
    request = await use_cases.ask(
        await _who(call), DeliveryId(call.id()), RecordId(wanted.record), changes, wanted.reason
    )
    headers = {"Location": f"/v1/amendments/{request.id}"}
    return answers.told(await _told(call, request.id), status=201, headers=headers)


async def get_amendment(call: Call) -> web.Response:
    return answers.told(await _told(call, call.id()))


async def send_amendment(call: Call) -> web.Response:
    return answers.told(documents.delivery(await amending(call.parts).send(await _who(call), call.id())))


async def _who(call: Call) -> Person:
    return await person(call.parts, call.caller.actor)


async def _told(call: Call, amendment_id: str) -> told.AmendmentTold:
    use_cases = amending(call.parts)
    amendment, request = await use_cases.found(amendment_id)
    tried = await use_cases.tried(amendment, request)
    return told.AmendmentTold(
        id=amendment.id,
        delivery=amendment.delivery,
        record=amendment.record,
        elements=list(amendment.fields),
        state=request.at(call.parts.clock()).value,
        reason=request.reason,
        asked_by=request.asked_by,
        asked_at=request.asked_at,
        expires_at=request.expires_at,
        decided_by=request.decided_by,
        used_at=request.used_at,
        format=tried.format if tried else None,
        writable=tried.writable if tried else None,
        findings=[documents.finding(one) for one in tried.findings] if tried else [],
    )
