"""Every address of the console: method, path, the right that it asks for, and its view."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from gateway.core.errors import NotFound
from gateway.web.console import login, second, single_sign_on
from gateway.web.console.pages import Pages
from gateway.web.console.rights import Right
from gateway.web.console.screens import (
    account,
    amendments,
    approvals,
    audit,
    case,
    content,
    dead,
    deliveries,
    exports,
    find,
    glass,
    jobs,
    overrides,
    overview,
    partners,
    queues,
    records,
    retention,
    rules,
    submissions,
    system,
)
from gateway.web.console.sessions import Gate
from gateway.web.console.single_sign_on import SingleSignOn
from gateway.web.console.visit import Shown, Visit

View = Callable[[Visit], Awaitable[web.StreamResponse | Shown]]
Region = Callable[[Visit], Awaitable[Shown]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    right: Right
    view: View
    narrowed: bool = False
    """Whether it shows a partner admin nothing but its own partner's; what does not is closed to it."""
    glass: bool = False
    """Whether it is open to somebody who has broken the glass: reading one record's content, and nothing else."""
    live: bool = False
    """Whether an open page asks for it by itself, with or without somebody there: it keeps no login alive."""


def routes(gate: Gate, pages: Pages, sso: SingleSignOn | None = None) -> tuple[Route, ...]:
    """The table. A route without a right cannot be written down."""
    return (
        *_doors(gate),
        *_provider(gate, pages, sso),
        *_reference(),
        *_figures(gate, pages),
        *_traffic(),
        *_repairs(gate, pages),
        *_amendments(),
        *_desks(gate),
        *_emergencies(),
    )


def _doors(gate: Gate) -> tuple[Route, ...]:
    """Coming in and leaving."""
    return (
        Route("GET", "/login", Right.ANYBODY, login.form),
        Route("POST", "/login", Right.ANYBODY, partial(login.submit, gate=gate)),
        Route("POST", "/logout", Right.ANYBODY, partial(login.leave, gate=gate)),
        Route("POST", "/logout/everywhere", Right.BELONG, partial(login.leave_everywhere, gate=gate), narrowed=True),
        Route("GET", "/stay", Right.BELONG, stay, narrowed=True),
        Route("GET", "/login/second", Right.ENTER, second.form),
        Route("POST", "/login/second", Right.ENTER, partial(second.show, gate=gate)),
        Route("GET", "/login/enrol", Right.ENTER, second.enrolment),
        Route("POST", "/login/enrol", Right.ENTER, second.enrol),
        Route("GET", "/account", Right.BELONG, account.account, narrowed=True),
        Route("POST", "/account/factors/{id}/remove", Right.BELONG, second.remove, narrowed=True),
    )


def _provider(gate: Gate, pages: Pages, sso: SingleSignOn | None) -> tuple[Route, ...]:
    """To the provider and back; without one both say that there is none."""

    async def leave(visit: Visit) -> web.StreamResponse:
        return await single_sign_on.leave(visit, _needed(sso))

    async def back(visit: Visit) -> web.StreamResponse:
        return await single_sign_on.back(visit, _needed(sso), gate, pages)

    return (
        Route("GET", "/login/provider", Right.ANYBODY, leave),
        Route("GET", single_sign_on.BACK, Right.ANYBODY, back),
    )


def _needed(sso: SingleSignOn | None) -> SingleSignOn:
    if sso is None:
        raise NotFound("This console has no provider.")
    return sso


def _reference() -> tuple[Route, ...]:
    """What says nothing of anybody's traffic."""
    belong = Right.BELONG
    return (
        Route("GET", "/", belong, overview.start, narrowed=True),
        Route("GET", "/rules", belong, rules.rules, narrowed=True),
        Route("GET", "/rules/{code}", belong, rules.rule, narrowed=True),
        Route("GET", "/system", belong, system.system, narrowed=True),
    )


def _figures(gate: Gate, pages: Pages) -> tuple[Route, ...]:
    """Counts, over all partners."""
    count = Right.COUNT
    return (
        Route("GET", "/live", count, _live(gate, pages, overview.live), live=True),
        Route("GET", "/queues", count, queues.queues),
        Route("GET", "/queues/live", count, _live(gate, pages, queues.live), live=True),
        Route("GET", "/partners", count, partners.partners),
    )


def _traffic() -> tuple[Route, ...]:
    """What went through, without its content."""
    look, prove, steer = Right.LOOK, Right.PROVE, Right.STEER
    return (
        Route("GET", "/partners/{key}", Right.PARTNER, partners.partner, narrowed=True),
        Route("POST", "/partners/{key}/pause", steer, partners.pause, narrowed=True),
        Route("POST", "/partners/{key}/resume", steer, partners.resume, narrowed=True),
        Route("GET", "/records", look, records.records, narrowed=True),
        Route("POST", "/records/case", look, case.look, narrowed=True),
        Route("GET", "/records/case", look, case.by_case, narrowed=True),
        Route("GET", "/records/{id}", look, records.trace, narrowed=True),
        Route("GET", "/records/{id}/proof", prove, records.proof, narrowed=True),
        Route("GET", "/submissions", look, submissions.submissions, narrowed=True),
        Route("GET", "/submissions/{id}", look, submissions.submission, narrowed=True),
        Route("GET", "/submissions/{id}/receipt", prove, submissions.receipt, narrowed=True),
        Route("GET", "/submissions/{id}/receipts/{kind}", prove, submissions.signed, narrowed=True),
        Route("GET", "/deliveries", look, deliveries.deliveries, narrowed=True),
        Route("GET", "/deliveries/{id}", look, deliveries.delivery, narrowed=True),
        Route("POST", "/find", look, find.find),
    )


def _repairs(gate: Gate, pages: Pages) -> tuple[Route, ...]:
    """What operators mend, one by one or in bulk."""
    look, retry = Right.LOOK, Right.RETRY
    return (
        Route("POST", "/submissions/{id}/retry", retry, submissions.retry),
        Route("POST", "/deliveries/{id}/retry", retry, deliveries.retry, narrowed=True),
        Route("POST", "/deliveries/{id}/withdraw", Right.WITHDRAW, deliveries.withdraw),
        Route("GET", "/dead", look, dead.dead),
        Route("GET", "/dead/group", look, dead.group),
        Route("POST", "/dead/plan", retry, dead.plan),
        Route("GET", "/jobs", look, jobs.jobs),
        Route("GET", "/jobs/{id}", look, jobs.job),
        Route("GET", "/jobs/{id}/live", look, _live(gate, pages, jobs.live), live=True),
        Route("POST", "/jobs/{id}/start", retry, jobs.start),
        Route("POST", "/jobs/{id}/cancel", retry, jobs.cancel),
    )


def _amendments() -> tuple[Route, ...]:
    """What a dead delivery carries in place of a record, with a second person."""
    amend = Right.AMEND
    return (
        Route("GET", "/deliveries/{id}/mend", Right.LOOK, amendments.choosing),
        Route("POST", "/deliveries/{id}/mend", amend, amendments.elements),
        Route("POST", "/deliveries/{id}/mend/plan", amend, amendments.plan),
        Route("POST", "/deliveries/{id}/mend/ask", amend, amendments.ask),
        Route("GET", "/amendments/{id}", Right.SECOND, amendments.amendment),
        Route("POST", "/amendments/{id}/content", Right.READ, amendments.content),
        Route("POST", "/amendments/{id}/send", amend, amendments.send),
    )


def _desks(gate: Gate) -> tuple[Route, ...]:
    """The audit log, retention, accounts and keys."""
    return (
        Route("GET", "/retention", Right.KEPT, retention.retention),
        Route("POST", "/retention/holds", Right.HOLD, retention.hold),
        Route("POST", "/retention/holds/{id}/release", Right.HOLD, retention.release),
        Route("POST", "/retention/extracts/{id}/erased", Right.HOLD, retention.erased),
        Route("GET", "/approvals", Right.SECOND, approvals.approvals),
        Route("GET", "/approvals/{id}", Right.SECOND, approvals.approval),
        Route("POST", "/approvals/{id}/decide", Right.SECOND, approvals.decide),
        Route("POST", "/records/export", Right.EXPORT, exports.ask),
        Route("GET", "/exports/{id}", Right.SECOND, exports.export),
        Route("POST", "/exports/{id}", Right.EXPORT, exports.take),
        Route("GET", "/records/{id}/content", Right.READ, content.asking, glass=True),
        Route("POST", "/records/{id}/content", Right.READ, content.content, glass=True),
        Route("GET", "/overrides", Right.SECOND, overrides.orders),
        Route("GET", "/overrides/{id}", Right.SECOND, overrides.order),
        Route("POST", "/records/{id}/override", Right.ORDER, overrides.ask),
        Route("GET", "/audit", Right.AUDIT, audit.audit),
        Route("GET", "/accounts", Right.KEYS, system.accounts),
        Route("POST", "/accounts/keys/{id}/revoke", Right.KEYS, system.revoke),
        Route("POST", "/accounts/{name}/logout", Right.ACCOUNTS, partial(account.log_out, gate=gate)),
        Route("POST", "/accounts/{name}/reset", Right.ACCOUNTS, partial(account.reset, gate=gate)),
    )


def _emergencies() -> tuple[Route, ...]:
    """Breaking the glass, and its review."""
    return (
        Route("GET", "/break", Right.BREAK, glass.breaking),
        Route("POST", "/break", Right.BREAK, glass.breaks),
        Route("POST", "/break/record", Right.BREAK, glass.record),
        Route("POST", "/break/end", Right.BELONG, glass.ends, narrowed=True),
        Route("GET", "/glass", Right.GLASS, glass.uses),
        Route("GET", "/glass/{id}", Right.GLASS, glass.use),
        Route("POST", "/glass/{id}/review", Right.REVIEW, glass.review),
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
