"""The partners' own systems in the demonstration: small HTTP servers that take, refuse or are out of order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

LARGEST = 64 * 2**20


@dataclass(slots=True)
class Neighbours:
    """Who answers how, and what came: deliveries by partner and id, so that repeats are seen."""

    answers: dict[str, int] = field(default_factory=dict)
    """Partner -> status; 200 where nothing is said."""
    taken: dict[str, Counter[str]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    status: bytes = b""
    """What each of them answers to a case status query."""
    _runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen on a free port of this machine; returns it."""
        application = web.Application(client_max_size=LARGEST)
        application.router.add_post("/{partner}", self._take)
        application.router.add_post("/{partner}/queries", self._tell)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def _take(self, request: web.Request) -> web.Response:
        partner = request.match_info["partner"]
        body = await request.read()
        self.tries[partner] += 1
        status = self.answers.get(partner, 200)
        if status == web.HTTPOk.status_code:
            delivery = request.headers.get("Gateway-Delivery", "")
            self.taken.setdefault(partner, Counter())[delivery] += 1
            self.digests[delivery] = hashlib.sha256(body).hexdigest()
        return web.Response(status=status)

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.status, content_type="application/xml")

    def count(self, partner: str) -> int:
        """Different deliveries that the partner has."""
        return len(self.taken.get(partner, ()))

    @property
    def repeats(self) -> Mapping[str, int]:
        """Deliveries that came more than once, with how often."""
        return {id_: n for taken in self.taken.values() for id_, n in taken.items() if n > 1}

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
