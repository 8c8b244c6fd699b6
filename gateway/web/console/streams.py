"""Live pages: one server-sent event stream each, bounded in number, ended by shutdown, logout or the login's end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from aiohttp import ClientConnectionResetError, web

from gateway.core.errors import GatewayError, TooMany
from gateway.web.console.visit import Visit

Fragment = Callable[[Visit], Awaitable[tuple[str, bool]]]
"""Renders the live region anew, and says whether it was for the last time."""


class Streams:
    """The open streams of this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[asyncio.Event, tuple[bytes, str]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def close(self, token_digest: bytes | None = None) -> None:
        """End the streams of one session, or all of them (a stream that waits would hold up the shutdown)."""
        for ended, (session, _) in self._open.items():
            if token_digest is None or session == token_digest:
                ended.set()

    def close_of(self, operator: str) -> None:
        """End the streams of every session of the operator."""
        for ended, (_, owner) in self._open.items():
            if owner == operator:
                ended.set()

    async def send(self, visit: Visit, fragment: Fragment) -> web.StreamResponse:
        """Send the fragment at once and then as often as the settings say. Raises TooMany when all places are taken."""
        session = visit.session
        if session is None or len(self._open) >= self._limit:
            raise TooMany("Too many live pages are open.", code="too-many-streams")
        ended = asyncio.Event()
        self._open[ended] = (session.token_digest, session.operator)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        try:
            await response.prepare(visit.request)
            await _run(visit, fragment, response, ended)
        except ClientConnectionResetError:
            pass  # the browser left, which is how most streams end
        finally:
            del self._open[ended]
        return response


async def _run(visit: Visit, fragment: Fragment, response: web.StreamResponse, ended: asyncio.Event) -> None:
    until = _end_of_login(visit)
    await response.write(b"retry: 2000\n\n")
    while not ended.is_set() and (now := visit.parts.clock()) < until:
        try:
            if visit.session is None or not await visit.parts.operators.lives(visit.session.token_digest):
                return  # logged out elsewhere, or shut out
            text, final = await fragment(replace(visit, now=now))
        except GatewayError:
            text, final = "", False  # the store is away for a moment: the page keeps its last figures and their time
        await response.write(_event(text))
        if final:
            await response.write(b"event: finished\ndata: .\n\n")
            return
        try:
            async with asyncio.timeout(visit.settings.live_every.total_seconds()):
                await ended.wait()
        except TimeoutError:
            continue


def _end_of_login(visit: Visit) -> datetime:
    """When the login ends if nothing else is asked for: an open page alone does not keep it alive."""
    seen, born = (visit.session.seen_at, visit.session.created_at) if visit.session else (visit.now, visit.now)
    return min(seen + visit.settings.idle, born + visit.settings.absolute)


def _event(text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return (lines or ": nothing new\n").encode() + b"\n"
