"""Bulk actions: plan over a frozen selection, start with the plan's token, watch, cancel."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from gateway.core.model import DeliveryId, DeliveryState, JobId, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.jobs import Job
from gateway.web import operations
from gateway.web.api import answers, asked, documents
from gateway.web.api.operation import Call, absent
from gateway.web.problems import Fault, InvalidMembers


async def plan_replay(call: Call) -> web.Response:
    wanted = await call.document(asked.ReplayPlan)
    job = await operations.plan(call.parts, call.caller.actor, wanted.action, wanted.reason, _selection(wanted))
    return _told(job, 201)


def _selection(wanted: asked.ReplayPlan) -> DeliveryQuery | Sequence[DeliveryId]:
    filters = (wanted.state, wanted.partner, wanted.cause)
    if (wanted.ids is None) == (filters == (None, None, None)):
        raise InvalidMembers([Fault("", "selection", "either ids or at least one of state, partner, cause")])
    if wanted.ids is not None:
        return [DeliveryId(one) for one in wanted.ids]
    return DeliveryQuery(
        state=None if wanted.state is None else DeliveryState(wanted.state),
        partner=None if wanted.partner is None else PartnerKey(wanted.partner),
        cause=wanted.cause,
    )


async def start_replay(call: Call) -> web.Response:
    wanted = await call.document(asked.ReplayStart)
    return _told(await operations.start(call.parts, call.caller.actor, JobId(wanted.token)), 202)


async def get_replay(call: Call) -> web.Response:
    found = await call.parts.jobs.get(JobId(call.id()))
    return answers.told(documents.job(absent() if found is None else found))


async def cancel_replay(call: Call) -> web.Response:
    return answers.told(documents.job(await operations.cancel(call.parts, call.caller.actor, JobId(call.id()))))


def _told(job: Job, status: int) -> web.Response:
    return answers.told(documents.job(job), status=status, headers={"Location": f"/v1/replays/{job.id}"})
