"""The console as an aiohttp application: its own process or mounted below a prefix."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import structlog
from aiohttp import web

from gateway.core.errors import Forbidden, GatewayError, Unavailable
from gateway.web.console import login, sessions
from gateway.web.console.devices import Asking, DeviceDoor
from gateway.web.console.files import static_files
from gateway.web.console.forms import posted
from gateway.web.console.pages import Pages
from gateway.web.console.pulse import Pulse
from gateway.web.console.rights import FRESH, Right, allowed
from gateway.web.console.routes import Route, routes
from gateway.web.console.security import NONCE, harden, refuse_other_sites, refuse_without_token
from gateway.web.console.sessions import Gate
from gateway.web.console.settings import ConsoleSettings
from gateway.web.console.shared import Figures
from gateway.web.console.single_sign_on import SingleSignOn
from gateway.web.console.streams import Streams
from gateway.web.console.visit import Shown, Visit
from gateway.web.parts import Parts

LARGEST_FORM = 256 * 1024
"""Bytes of a posted form: room for some thousand ticked boxes."""
NONCE_BYTES = 16

ROUTES = web.AppKey("routes", tuple[Route, ...])
"""The table that an application serves, in sight of the guards."""

_log = structlog.get_logger("gateway.console")


_NOBODY_ASKS = Asking()


def console_application(
    parts: Parts, settings: ConsoleSettings, sso: SingleSignOn | None = None, asking: Asking = _NOBODY_ASKS
) -> web.Application:
    """Build the console. It speaks to the store through ``parts`` only; shutting it down ends its live pages."""
    return Console(parts, settings, sso, asking).application()


class Console:
    """Turns requests into visits, visits into pages, and refusals into pages that say what to do."""

    def __init__(self, parts: Parts, settings: ConsoleSettings, sso: SingleSignOn | None, asking: Asking) -> None:
        self._parts, self._settings = parts, settings
        self._devices = DeviceDoor(asking)
        self._pages = Pages()
        self._streams = Streams(settings.streams)
        self._shared = Figures.of(parts.health, parts.desk, parts.clock)
        self._pulse = Pulse({**parts.checks, "admission": parts.admission.check}, parts.clock)
        self._gate = Gate.of(settings, self._streams, parts.login_failures, parts.indexer.index)
        self._routes = routes(self._gate, self._pages, sso)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_FORM, middlewares=[self._guard()])
        application[ROUTES] = self._routes
        for route in self._routes:
            application.router.add_route(route.method, route.path, self._endpoint(route))
        application.router.add_get("/static/{path:.+}", static_files())
        application.on_response_prepare.append(self._prepare)
        application.on_shutdown.append(self._end_streams)
        application.cleanup_ctx.append(self._background)
        return application

    def _guard(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def guard(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            request[NONCE] = self._parts.random(NONCE_BYTES).hex()
            try:
                return await handler(request)
            except web.HTTPException as error:
                if error.status < 400:  # noqa: PLR2004 (redirects are answers)
                    raise
                return self._problem(self._visit(request), error.status, error.reason, "")
            except Exception as error:  # noqa: BLE001 (the last wall: whatever it is, its text may hold data of a record)
                return self._broken(request, error)

        return guard

    def _broken(self, request: web.Request, error: Exception) -> web.StreamResponse:
        """A fault of ours: an id on the page and in the log, the kind and place of the error in the log alone."""
        told = self._noted(error, GatewayError.code)
        return self._problem(self._visit(request), 500, GatewayError.title, told)

    def _noted(self, error: Exception, code: str) -> str:
        """Writes a fault to the log; the sentence that names the line."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        number = self._parts.mint()
        where = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
        _log.error("console.failed", id=number, code=code, type=type(error).__name__, path=where)
        return f"Tell whoever runs the gateway: {number}"

    def _visit(self, request: web.Request) -> Visit:
        return Visit(
            request, self._parts, self._settings, request[NONCE], self._parts.clock(), self._shared, self._pulse
        )

    def _endpoint(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request)
            try:
                visit = await self._known(visit, route)
                behind_glass = route.glass and visit.glass is not None
                if not behind_glass and not visit.may(route.right, narrowed=route.narrowed):
                    return self._turn_away(visit, route.right)
                if route.right in FRESH and not sessions.is_fresh(visit):
                    back = self._page(visit, route)
                    return web.Response(status=303, headers={"Location": login.second_address(visit, back)})
                return self._answer(visit, await route.view(visit))
            except Unavailable as error:
                return self._away(visit, error)
            except GatewayError as error:
                return self._told(visit, error)

        return endpoint

    def _told(self, visit: Visit, error: GatewayError) -> web.StreamResponse:
        """What was refused, and why; what is ours to mend, a broken seal among it, is in the log too."""
        detail = error.detail
        if error.status >= 500:  # noqa: PLR2004 (ours to mend)
            detail = f"{detail.rstrip('.')}. {self._noted(error, error.problem)}"
        return self._problem(visit, error.status, error.title, detail, error.problem)

    def _page(self, visit: Visit, route: Route) -> str:
        """The page of the route; of a form the page that it stands on, at its own address or at the one above."""
        if route.method == "GET":
            return visit.request.path_qs
        own, above = visit.request.rel_url.raw_path, visit.request.rel_url.raw_path.rpartition("/")[0]
        return own if any(one.method == "GET" and one.path == route.path for one in self._routes) else above

    async def _known(self, visit: Visit, route: Route) -> Visit:
        """The visit with its operator and its form; refuses computers that are not the agency's, and forms that were
        not sent by a page of ours."""
        refuse_other_sites(visit.request)
        seen, address = self._devices.look(visit.request, visit.now), self._devices.address(visit.request)
        visit = replace(visit, seen=seen, address=address)
        found = await sessions.known(visit, seen=not route.live)
        if seen.why is not None:
            await login.refuse_device(visit, self._gate, seen.why)
        session, operator = found or (None, None)
        whole = session is not None and sessions.is_whole(visit.settings, session)
        boxes = await posted(visit.request)
        visit = replace(
            visit,
            session=session,
            operator=operator if whole else None,
            entering=None if whole else operator,
            form=dict(boxes),
            boxes=boxes,
        )
        if visit.session is not None and visit.may(Right.BREAK):
            visit = replace(visit, glass=await self._parts.glass.current(visit.actor.name, visit.session.created_at))
        refuse_without_token(visit)
        return visit

    def _turn_away(self, visit: Visit, right: Right) -> web.StreamResponse:
        """Nobody is logged in: to the login page. Somebody without the right: 403."""
        if visit.operator is not None:
            role = visit.operator.role
            why = f"Your role ({role}) does not allow this."
            if allowed(role, right):
                why = "Your account was not allowed to break the glass; admins allow that beforehand."
            return self._problem(visit, Forbidden.status, Forbidden.title, why)
        if "HX-Request" in visit.request.headers or visit.request.method != "GET":
            answer = self._problem(visit, 401, "Log in again", "Your login has ended. Nothing was changed.")
            answer.headers["HX-Redirect"] = login.login_address(visit)
            return answer
        if visit.entering is not None:
            return web.Response(status=303, headers={"Location": login.second_address(visit, visit.request.path_qs)})
        return web.Response(status=303, headers={"Location": login.login_address(visit)})

    def _answer(self, visit: Visit, result: web.StreamResponse | Shown) -> web.StreamResponse:
        if not isinstance(result, Shown):
            return result
        text = self._pages.page(visit, result.template, result.values)
        answer = web.Response(text=text, status=result.status, content_type="text/html", charset="utf-8")
        pretoken = result.values.get("pretoken")
        if isinstance(pretoken, str):
            sessions.set_cookie(answer, visit.settings, visit.settings.login_cookie, pretoken)
        return answer

    def _problem(self, visit: Visit, status: int, title: str, detail: str, code: str = "") -> web.StreamResponse:
        values = {"status": status, "title": title, "detail": "" if detail == title else detail, "code": code}
        return self._answer(visit, Shown("problem.html", values, status))

    def _away(self, visit: Visit, error: Unavailable) -> web.StreamResponse:
        """A page that looks again by itself, so that an operator sees at once that the part is back; never for a form:
        it would be asked for as a page."""
        seconds = str(max(1, int(error.retry_after.total_seconds())))
        values = {"title": error.title, "detail": error.detail, "code": error.problem, "seconds": seconds}
        looks = visit.request.method == "GET"
        answer = self._answer(visit, Shown("away.html", {**values, "looks": looks}, error.status))
        answer.headers["Retry-After"] = seconds
        if looks:
            answer.headers["Refresh"] = seconds
        return answer

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        harden(response, request.get(NONCE) or self._parts.random(NONCE_BYTES).hex(), secure=self._settings.secure)

    async def _end_streams(self, _: web.Application) -> None:
        self._streams.close()

    async def _background(self, _: web.Application) -> AsyncIterator[None]:
        if not self._pages.vendored:
            _log.warning("console.plain", hint="run `make assets` for the designed pages")
        task = asyncio.create_task(self._pulse.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
