"""One record: what it is, what happened to it, and the proof."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import Conflict
from gateway.core.model import Delivery, Record, RecordId
from gateway.core.reasons import fit_reason
from gateway.web.api import answers, asked, documents, told
from gateway.web.api.operation import Call, absent
from gateway.web.api.visibility import opened, sees_delivery, sees_record, sent, visible_steps


async def get_record(call: Call) -> web.Response:
    record, deliveries = await _visible(call)
    seen = [delivery for delivery in deliveries if sees_delivery(call.caller, delivery)]
    erasure = await call.parts.retention.erased(record.id) if record.digest is None else None
    reason = call.parts.disclosures.of_record(record) or await call.parts.court.of_record(record.id)
    return answers.told(documents.record_detail(record, seen, erasure, reason, own=sent(call.caller, record)))


async def lift_notice(call: Call) -> web.Response:
    """The sender takes back the notice of danger that its record placed; nobody else can."""
    reason = fit_reason((await call.document(asked.Because)).reason)
    record = await call.parts.records.get(RecordId(call.id()))
    if record is None or record.sender != call.partner:
        absent()
    return answers.told(told.LiftedTold(persons=await call.parts.disclosures.lift(record.id, call.partner, reason)))


async def get_trace(call: Call) -> web.Response:
    record, deliveries = await _visible(call)
    steps = visible_steps(call.caller, record, deliveries, await call.parts.records.trace(record.id))
    return answers.told(told.Trace(steps=[documents.step(step) for step in steps]))


async def get_proof(call: Call) -> web.Response:
    record, _ = await _visible(call)
    proof = await call.parts.proof(record.id, lambda entry: opened(call.caller, record, entry.action, entry.object))
    if proof is None:
        raise Conflict("The log has not numbered the record's entry yet.", code="proof-pending")
    name = f"record-{record.id}.proof"
    return web.Response(text=proof, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _visible(call: Call) -> tuple[Record, tuple[Delivery, ...]]:
    record = await call.parts.records.get(RecordId(call.id()))
    if record is None:
        absent()
    deliveries = await call.parts.records.deliveries(record.id)
    return (record, deliveries) if sees_record(call.caller, record, deliveries) else absent()
