"""The partners' side in tests: an HTTP server that records every delivery and answers as it is told to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

LARGEST = 64 * 2**20
OK = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery as it came over the wire and was taken."""

    partner: str
    delivery: str
    key: str
    """Its Idempotency-Key, by which a partner knows a repeat."""
    kind: str
    body: bytes = field(repr=False)
    digest: str


Behaviour = Callable[[web.Request, bytes], Awaitable[web.StreamResponse | None]]
"""Answers instead of the server; None: the delivery is taken as usual."""


@dataclass(slots=True)
class PartnerServer:
    """``statuses`` by partner (200 where nothing is said); ``arrivals`` holds what was taken, ``tries`` every post."""

    statuses: dict[str, int] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    tries: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def to(self, partner: str) -> Sequence[Arrival]:
        return [one for one in self.arrivals if one.partner == partner]

    def deliveries(self, partner: str) -> set[str]:
        """Ids of what the partner has got. What was answered too late comes again: on a slow machine there are more
        arrivals than deliveries."""
        return {one.delivery for one in self.to(partner)}

    def bodies(self, partner: str) -> bytes:
        """Everything that the partner has got, run together."""
        return b"\n".join(one.body for one in self.to(partner))

    async def take(self, request: web.Request) -> web.StreamResponse:
        partner = request.match_info["partner"]
        body = await request.read()
        delivery = request.headers.get("Gateway-Delivery", "")
        self.tries.append((partner, delivery))
        behaviour = self.behaviours.get(partner)
        if behaviour is not None:
            answer = await behaviour(request, body)
            if answer is not None:
                return answer
        status = self.statuses.get(partner, OK)
        if status == OK:
            digest = hashlib.sha256(body).hexdigest()
            kind = request.headers.get("Gateway-Kind", "")
            key = request.headers.get("Idempotency-Key", "").strip('"')
            self.arrivals.append(Arrival(partner, delivery, key, kind, body, digest))
        return web.Response(status=status)


@asynccontextmanager
async def partner_server(port: int = 0) -> AsyncIterator[PartnerServer]:
    """A running server on a free port of this machine."""
    made = PartnerServer()
    application = web.Application(client_max_size=LARGEST)
    application.router.add_post("/{partner}", made.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()


async def closes_early(request: web.Request, _body: bytes) -> web.StreamResponse:
    """200 with a promised body that breaks off."""
    answer = web.StreamResponse(status=OK, headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b"taken?")
    if request.transport is not None:
        request.transport.abort()
    return answer


async def is_slow(_request: web.Request, _body: bytes) -> web.StreamResponse | None:
    """Answers long after the partner file's time-out."""
    await asyncio.sleep(30)
    return None
