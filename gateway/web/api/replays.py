"""Bulk actions: plan over a frozen selection, start with the plan's token, watch, cancel."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from gateway.core.model import DeliveryId, DeliveryState, JobId, PartnerKey
from gateway.core.ports.store import DeliveryQuery, Job
from gateway.web import operations
from gateway.web.api import answers, documents, models
from gateway.web.api.operation import Call, absent
from gateway.web.problems import Fault, InvalidMembers


async def plan_replay(call: Call) -> web.Response:
    asked = await call.document(models.ReplayPlan)
    job = await operations.plan(call.parts, call.caller.actor, asked.action, asked.reason, _selection(asked))
    return _told(job, 201)


def _selection(asked: models.ReplayPlan) -> DeliveryQuery | Sequence[DeliveryId]:
    filters = (asked.state, asked.partner, asked.cause)
    if (asked.ids is None) == (filters == (None, None, None)):
        raise InvalidMembers([Fault("", "selection", "either ids or at least one of state, partner, cause")])
    if asked.ids is not None:
        return [DeliveryId(one) for one in asked.ids]
    return DeliveryQuery(
        state=None if asked.state is None else DeliveryState(asked.state),
        partner=None if asked.partner is None else PartnerKey(asked.partner),
        cause=asked.cause,
    )


async def start_replay(call: Call) -> web.Response:
    asked = await call.document(models.ReplayStart)
    return _told(await operations.start(call.parts, call.caller.actor, JobId(asked.token)), 202)


async def get_replay(call: Call) -> web.Response:
    found = await call.parts.jobs.get(JobId(call.id()))
    return answers.told(documents.job(absent() if found is None else found))


async def cancel_replay(call: Call) -> web.Response:
    return answers.told(documents.job(await operations.cancel(call.parts, call.caller.actor, JobId(call.id()))))


def _told(job: Job, status: int) -> web.Response:
    return answers.told(documents.job(job), status=status, headers={"Location": f"/v1/replays/{job.id}"})
