"""Every address of the console: method, path, the right that it asks for, and its view."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from gateway.web.console import login
from gateway.web.console.login import Gate
from gateway.web.console.pages import Pages
from gateway.web.console.rights import Right
from gateway.web.console.screens import (
    audit,
    dead,
    deliveries,
    find,
    jobs,
    overview,
    partners,
    queues,
    records,
    rules,
    submissions,
    system,
)
from gateway.web.console.visit import Shown, Visit

View = Callable[[Visit], Awaitable[web.StreamResponse | Shown]]
Region = Callable[[Visit], Awaitable[Shown]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    right: Right
    view: View


def routes(gate: Gate, pages: Pages) -> tuple[Route, ...]:
    """The table. A route without a right cannot be written down."""
    look, prove, repair, steer = Right.LOOK, Right.PROVE, Right.REPAIR, Right.STEER
    return (
        Route("GET", "/login", Right.ANYBODY, login.form),
        Route("POST", "/login", Right.ANYBODY, partial(login.submit, gate=gate)),
        Route("POST", "/logout", Right.ANYBODY, partial(login.leave, gate=gate)),
        Route("GET", "/stay", look, stay),
        Route("GET", "/", look, overview.overview),
        Route("GET", "/live", look, _live(gate, pages, overview.live)),
        Route("GET", "/queues", look, queues.queues),
        Route("GET", "/queues/live", look, _live(gate, pages, queues.live)),
        Route("GET", "/partners", look, partners.partners),
        Route("GET", "/partners/{key}", look, partners.partner),
        Route("POST", "/partners/{key}/pause", steer, partners.pause),
        Route("POST", "/partners/{key}/resume", steer, partners.resume),
        Route("GET", "/records", look, records.records),
        Route("POST", "/records/case", look, records.by_case),
        Route("GET", "/records/{id}", look, records.trace),
        Route("GET", "/records/{id}/proof", prove, records.proof),
        Route("GET", "/deliveries", look, deliveries.deliveries),
        Route("GET", "/deliveries/{id}", look, deliveries.delivery),
        Route("POST", "/deliveries/{id}/retry", repair, deliveries.retry),
        Route("POST", "/deliveries/{id}/withdraw", repair, deliveries.withdraw),
        Route("GET", "/dead", look, dead.dead),
        Route("GET", "/dead/group", look, dead.group),
        Route("POST", "/dead/plan", repair, dead.plan),
        Route("GET", "/jobs", look, jobs.jobs),
        Route("GET", "/jobs/{id}", look, jobs.job),
        Route("GET", "/jobs/{id}/live", look, _live(gate, pages, jobs.live)),
        Route("POST", "/jobs/{id}/start", repair, jobs.start),
        Route("POST", "/jobs/{id}/cancel", repair, jobs.cancel),
        Route("GET", "/submissions", look, submissions.submissions),
        Route("GET", "/submissions/{id}", look, submissions.submission),
        Route("GET", "/submissions/{id}/receipt", look, submissions.receipt),
        Route("GET", "/submissions/{id}/receipts/{kind}", look, submissions.signed),
        Route("GET", "/rules", look, rules.rules),
        Route("GET", "/rules/{code}", look, rules.rule),
        Route("GET", "/audit", look, audit.audit),
        Route("GET", "/system", look, system.system),
        Route("GET", "/accounts", Right.ACCOUNTS, system.accounts),
        Route("POST", "/accounts/keys/{id}/revoke", Right.ACCOUNTS, system.revoke),
        Route("POST", "/find", look, find.find),
    )


async def stay(_: Visit) -> web.Response:
    """The operator is still there: asking for this keeps the login alive."""
    return web.Response(status=204)


def _live(gate: Gate, pages: Pages, region: Region) -> View:
    """A stream of the region's markup. It carries no htmx attributes, since those would be stripped."""

    async def fragment(visit: Visit) -> tuple[str, bool]:
        shown = await region(visit)
        return pages.page(visit, shown.template, shown.values), shown.final

    return lambda visit: gate.streams.send(visit, fragment)
