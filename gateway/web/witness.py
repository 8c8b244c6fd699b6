"""The web face of a witness: ``POST /add-checkpoint`` (C2SP tlog-witness), and its keys for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from gateway.core.errors import GatewayError

_log = structlog.get_logger()
LONGEST = 128 * 1024
"""Bytes of a request: a note of 64 KiB characters is already far more than any log signs."""
_DEFECT = 500

AddCheckpoint = Callable[[str], Awaitable[str]]
"""The request's text -> signature lines. Raises errors of the tree; one with a ``size`` tells where it stands."""


def witness_application(add: AddCheckpoint, keys: str) -> web.Application:
    """Run it with ``gateway.web.edge.runner``."""

    async def add_checkpoint(request: web.Request) -> web.Response:
        try:
            lines = await add((await request.read()).decode())
        except UnicodeDecodeError:
            return web.Response(status=400, text="The request is not UTF-8.\n")
        except GatewayError as error:
            return _refused(error)
        return web.Response(text=lines)

    async def shown(_request: web.Request) -> web.Response:
        return web.Response(text=f"{keys}\n")

    async def unnamed(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "gateway"  # not which versions of which libraries

    application = web.Application(client_max_size=LONGEST)
    application.on_response_prepare.append(unnamed)
    application.router.add_post("/add-checkpoint", add_checkpoint)
    application.router.add_get("/", shown)
    return application


def _refused(error: GatewayError) -> web.Response:
    size = getattr(error, "size", None)
    if isinstance(size, int):
        return web.Response(status=error.status, body=f"{size}\n".encode(), content_type="text/x.tlog.size")
    if error.status >= _DEFECT:
        _log.error("witness.failed", code=error.problem)
        return web.Response(status=error.status, text=f"{error.title}.\n")
    return web.Response(status=error.status, text=f"{error.detail}\n")
