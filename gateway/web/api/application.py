"""The API as an aiohttp application: each route of the table behind one edge (request id, caller, limits, problems)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import cache
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.http import HttpVersion11
from aiohttp.typedefs import Handler, Middleware

from gateway.core.errors import Forbidden, GatewayError, Overloaded, Refused, TooMany, Unavailable
from gateway.core.model import Principal
from gateway.core.query_errors import QueryInvalid, QueryRefused
from gateway.core.receipt import Describe, describing
from gateway.core.unproven import Unproven
from gateway.web import problems
from gateway.web.access import Access
from gateway.web.acknowledgement import UNFIT
from gateway.web.api import documents, media, told
from gateway.web.api.operation import Call, Door, Route, Site, StandingPage
from gateway.web.api.reference import STYLE, reference_page
from gateway.web.api.routes import ROUTES
from gateway.web.auth import Scope
from gateway.web.callers import Callers
from gateway.web.limits import Allowance, Buckets, Limits
from gateway.web.metrics import RequestFigures
from gateway.web.openapi import Document, openapi
from gateway.web.parts import Parts
from gateway.web.refusals import WINDOW, Refusals

_log = structlog.get_logger()
_ENTITY = web.RequestKey("entity", str)
_OPERATION = web.RequestKey("operation", str)
_NOWHERE = "none"
_REFUSED, _DEFECT = 400, 500

_SAFE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "gateway",
    "X-Content-Type-Options": "nosniff",
}
_WRITTEN_DOWN = frozenset({"unreadable", *UNFIT})
"""Refusals whose own entry tells more: of the intake and of ``acknowledgement``. Those of queries are a class
of their own."""
_STRICT_TRANSPORT = "max-age=63072000"


def api_application(
    parts: Parts, limits: Limits | None = None, figures: RequestFigures | None = None, access: Access | None = None
) -> web.Application:
    """The API. Run it with ``gateway.web.edge.runner``, which keeps the limits of connections and headers."""
    limits = limits or Limits()
    access = access or Access()
    callers = Callers(parts, limits, access)
    gate = Gate(parts, limits, callers)
    door = Door(access, callers, gate.note)
    site = Site(parts, limits, media.offers(parts.formats.values()), _pages(parts), door)
    application = web.Application(middlewares=[_edge(parts, figures)])
    application.cleanup_ctx.append(gate.settling)
    for route in ROUTES:
        endpoint = _endpoint(route, site, gate)
        application.router.add_route(route.method, route.path, endpoint, expect_handler=_not_yet)
        if route.operation.scope is Scope.PUBLIC and route.method == "GET":
            application.router.add_route("HEAD", route.path, endpoint)  # probes and link checkers ask so
    return application


async def _not_yet(_request: web.Request) -> None:
    """``Expect: 100-continue`` is answered by whoever reads the body: key, scope, format and size come first."""


def _pages(parts: Parts) -> Mapping[str, StandingPage]:
    """Each made when it is first asked for: a process that starts need not wait for them, and most are never read."""

    @cache
    def document() -> Document:
        return openapi(ROUTES, parts.formats, parts.version)

    def rules() -> bytes:
        rows = [documents.rule(parts.rules[code]) for code in sorted(parts.rules)]
        return told.Rules(rows=rows).model_dump_json().encode()

    return {
        "/v1/rules": StandingPage(cache(rules), "application/json"),
        "/openapi.json": StandingPage(
            cache(lambda: json.dumps(document(), separators=(",", ":")).encode()), "application/json"
        ),
        "/docs": StandingPage(cache(lambda: reference_page(document())), "text/html; charset=utf-8"),
        "/docs/reference.css": StandingPage(lambda: STYLE, "text/css; charset=utf-8"),
    }


class Gate:
    """Lets callers in: proof, scope, rate. Turns others away with an audit entry."""

    def __init__(self, parts: Parts, limits: Limits, callers: Callers) -> None:
        self._callers = callers
        self._refusals = Refusals(parts.audit, parts.scribe, parts.clock)
        self._buckets = Buckets(limits, parts.clock)
        strangers = replace(limits, rate_per_second=limits.public_per_second, burst=limits.public_burst)
        self._strangers = Buckets(strangers, parts.clock)

    async def admit(self, request: web.Request, scope: Scope) -> tuple[Principal, Allowance | None]:
        """Raises Unproven, Forbidden or RateExceeded."""
        try:
            seen = await self._callers.identify(request)
        except Unproven as refusal:
            await self.note(refusal)
            raise
        principal = seen.principal
        try:
            allowance = self._buckets.take(principal.partner or principal.key_id)
            check_scope(principal, scope)
            self._callers.refuse_weak(seen)
        except (Forbidden, TooMany) as refusal:
            await self._refusals.note(principal.actor, refusal.problem)
            raise
        return principal, allowance

    def let_read(self, request: web.Request) -> None:
        """A caller without a key, known by address only. Raises RateExceeded; not written down, since everybody could
        then fill the log."""
        self._strangers.take(self._callers.peers.address(request))

    async def note(self, refusal: Unproven) -> None:
        """Writes down that somebody did not prove who it is."""
        await self._refusals.note(refusal.who, refusal.reason)

    async def turned_away(self, principal: Principal, refusal: Refused) -> None:
        """Writes a refusal down that nobody has written down yet."""
        if refusal.problem not in _WRITTEN_DOWN and not isinstance(refusal, QueryRefused | QueryInvalid):
            await self._refusals.note(principal.actor, refusal.problem)

    async def settling(self, _application: web.Application) -> AsyncIterator[None]:
        """Writes counted refusals once a minute, and what is left at the end."""
        task = asyncio.create_task(self._settle_forever())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._refusals.settle(everything=True)

    async def _settle_forever(self) -> None:
        while True:
            await asyncio.sleep(WINDOW.total_seconds())
            await self._refusals.settle()


def check_scope(principal: Principal, scope: Scope) -> None:
    """Raises Forbidden unless the key has the scope; ``operate`` is never a partner's, whatever its key says."""
    if scope not in principal.scopes:
        raise Forbidden(f"The key has no scope {scope.value}.")
    if scope is Scope.OPERATE and principal.partner is not None:
        raise Forbidden("Only operators can do this.")


def _endpoint(route: Route, site: Site, gate: Gate) -> Handler:
    name, scope, answer, rated = route.operation.name, route.operation.scope, route.answer, route.operation.rated

    async def public(request: web.Request) -> web.StreamResponse:
        request[_OPERATION] = name
        if rated:
            gate.let_read(request)
        return await answer(Call(site, request, request[_ENTITY], None))

    async def keyed(request: web.Request) -> web.StreamResponse:
        request[_OPERATION] = name
        principal, allowance = await gate.admit(request, scope)
        try:
            response = await answer(Call(site, request, request[_ENTITY], principal))
        except Refused as refusal:
            await gate.turned_away(principal, refusal)
            raise
        if allowance is not None:
            response.headers.update(allowance.headers)
        return response

    return public if scope is Scope.PUBLIC else keyed


def _edge(parts: Parts, figures: RequestFigures | None) -> Middleware:
    """The outermost step: gives the request its id, and turns whatever happens into an answer."""
    describe = describing(parts.rules.get)

    @web.middleware
    async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
        entity, begun = parts.mint(), perf_counter()
        request[_ENTITY] = entity
        try:
            _refuse_smuggling(request)
            response = await handler(request)
        except web.HTTPException as error:
            response = problems.of_http(error).response(entity)
        except GatewayError as error:
            response = _told(error, entity, describe)
        except Exception as error:  # noqa: BLE001 - the edge: a defect is an answer and a log line, never a traceback
            _log.error("request.defect", request=entity, type=type(error).__name__, path=_place(error))
            response = problems.of_defect().response(entity)
        if response.status >= _REFUSED and "Expect" in request.headers:
            response.force_close()  # whoever waits for 100 sends no body; nobody must take its next request for one
        for field, value in _SAFE_HEADERS.items():
            response.headers.setdefault(field, value)
        response.headers["X-Request-Id"] = entity
        if request.secure:
            response.headers["Strict-Transport-Security"] = _STRICT_TRANSPORT
        if figures is not None:
            figures.answered(request.get(_OPERATION, _NOWHERE), response.status, perf_counter() - begun)
        return response

    return edge


def _told(error: GatewayError, entity: str, describe: Describe) -> web.Response:
    """The problem of one of our errors; those that we must mend are logged, without detail but its code."""
    instance = problems.of_error(error)
    if instance.problem.status >= _DEFECT and not isinstance(error, Overloaded):  # a flood must not fill the log, too
        hint = error.detail if isinstance(error, Unavailable) else None  # what is away, in words of ours
        _log.error("request.failed", request=entity, code=error.problem, type=type(error).__name__, hint=hint)
    return instance.response(entity, describe)


def _place(error: Exception) -> str:
    """File and line where the defect showed: enough to find it, without a value of a variable."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def _refuse_smuggling(request: web.Request) -> None:
    """HTTP/1.0 knows no chunks: proxies disagree where such a request ends (RFC 9112, section 6.1). Any other coding
    than chunks is undone by some of them, and not here: the body would be another one."""
    if "Transfer-Encoding" not in request.headers:
        return
    codings = [one.strip().lower() for one in request.headers.getall("Transfer-Encoding")]
    if request.version < HttpVersion11 or codings != ["chunked"]:
        raise web.HTTPBadRequest
