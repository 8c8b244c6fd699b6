"""The listeners of a process: API, console and metrics, each on its own port, under TLS where it is configured."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import web

from gateway.console_setup import asking, console_settings, sso
from gateway.core.errors import Misconfigured
from gateway.core.loopback import is_loopback
from gateway.settings import Listen, Role, Settings
from gateway.tls import RENEWED_EVERY, RenewedTls
from gateway.web.access import Access
from gateway.web.api.application import api_application
from gateway.web.console.application import console_application
from gateway.web.edge import runner
from gateway.web.limits import Limits as WebLimits
from gateway.web.metrics import RequestFigures, StoreFigures, metrics_application
from gateway.wiring import Gateway
from gateway.work.loops import Loop, run

log = structlog.get_logger()


@asynccontextmanager
async def listening(process: Gateway) -> AsyncIterator[None]:
    """The listeners of the process's roles, each on its own port."""
    settings = process.settings
    runners: list[web.AppRunner] = []
    secured: list[Loop] = []
    renewing: list[asyncio.Task[None]] = []
    registry = process.metrics.registry
    try:
        if Role.API in process.roles:
            limits = _limits(settings)
            api = api_application(process.parts, limits, RequestFigures(registry), access(settings))
            tls = _tls(settings, "api", settings.tls.client_ca, secured)
            await _listen(process, runners, "api", runner(api, limits, shutdown_seconds=2), settings.api, tls)
        if Role.CONSOLE in process.roles:
            _refuse_open_console(settings)
            secure = settings.tls.certificate is not None or settings.console.device_ca is not None
            chosen = console_settings(settings.console, secure=secure, restricted=settings.crypto.restricted)
            console = console_application(process.parts, chosen, sso(settings), asking(settings.console))
            made = runner(console, WebLimits(), shutdown_seconds=2)
            tls = _tls(settings, "console", settings.console.device_ca, secured)
            await _listen(process, runners, "console", made, settings.console, tls)
        figures = metrics_application(registry, StoreFigures(process.parts, registry))
        await _listen(process, runners, "metrics", runner(figures, WebLimits()), settings.metrics)
        renewing += [asyncio.create_task(run(loop, process.stop), name=loop.name) for loop in secured]
        yield
    finally:
        for task in renewing:
            task.cancel()
        await asyncio.gather(*renewing, return_exceptions=True)
        await asyncio.gather(*(one.cleanup() for one in runners))


def _limits(settings: Settings) -> WebLimits:
    api = settings.api
    return WebLimits(
        gzip=api.gzip,
        rate_per_second=api.rate_per_second or None,
        burst=api.burst,
        connections=api.connections,
        connections_each=api.connections_each,
    )


def access(settings: Settings) -> Access:
    """What the API is to its callers."""
    return Access(
        url=settings.api.url,
        proxies=settings.api.proxies,
        sandbox=settings.api.sandbox,
        token_lifetime=timedelta(seconds=settings.api.token_seconds),
    )


def _refuse_open_console(settings: Settings) -> None:
    """Passwords and cookies must not cross a network in clear."""
    plain = settings.tls.certificate is None and not is_loopback(settings.console.host)
    if plain and not settings.console.plain_http:
        raise Misconfigured("Without TLS the console listens on a loopback address only (or set console.plain_http).")


def _tls(settings: Settings, name: str, authorities: Path | None, secured: list[Loop]) -> ssl.SSLContext | None:
    """What to listen with, and the loop that looks for a renewed certificate."""
    made = RenewedTls(name, settings.tls, authorities=authorities, restricted=settings.crypto.restricted)
    if made.context is not None:
        secured.append(Loop(f"tls.{name}", made.step, RENEWED_EVERY))
    return made.context


async def _listen(
    process: Gateway,
    runners: list[web.AppRunner],
    name: str,
    made: web.AppRunner,
    where: Listen,
    context: ssl.SSLContext | None = None,
) -> None:
    await made.setup()
    runners.append(made)
    try:
        site = web.TCPSite(made, where.host, where.port, ssl_context=context, backlog=1024)
        await site.start()
    except OSError as error:
        fault = f"{name} cannot listen on {where.host}:{where.port}: {error.strerror}"
        raise Misconfigured(f"{fault}. Set {name}.port (`gateway demo`: --port 0).") from None
    port = made.addresses[0][1]
    process.addresses[name] = f"{'https' if context else 'http'}://{where.host}:{port}"
    log.info("listening", name=name, host=where.host, port=port)
