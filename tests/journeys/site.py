"""A whole gateway in this process, with its partners, and a client for each of them."""

from __future__ import annotations

import asyncio
import io
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from gateway.app import gateway
from gateway.wiring import Gateway
from tests.journeys.partner_files import everybody
from tests.journeys.partner_server import PartnerServer, partner_server
from tests.servers.gateway_process import OPERATOR, Installation, install

PATIENCE = 40.0
"""Seconds: far longer than anything takes, since the machine may be shared."""
WHOLE = 256 * 1024
"""Bytes sent at once; larger bodies are streamed."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Api:
    """The HTTP API as partners and the operator call it."""

    url: str
    tokens: Mapping[str, str]
    session: aiohttp.ClientSession

    async def send(self, caller: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Authorization": f"Bearer {self.tokens[caller]}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, bytes) and len(body) > WHOLE:
            body = io.BytesIO(body)
        async with self.session.request(method, self.url + path, data=body, headers=sent) as response:
            return Answer(response.status, dict(response.headers), await response.read())

    async def get(self, caller: str, path: str) -> Any:
        answer = await self.send(caller, "GET", path)
        assert answer.status == 200, answer.body
        return answer.json

    async def submit(self, caller: str, form: str, body: Any, key: str | None = None) -> Answer:
        used = key or uuid.uuid4().hex
        return await self.send(caller, "POST", f"/v1/submissions?format={form}", body, Idempotency_Key=f'"{used}"')

    async def accepted(self, caller: str, form: str, body: Any, key: str | None = None) -> Any:
        """The receipt of a submission that must be accepted whole."""
        answer = await self.submit(caller, form, body, key)
        assert answer.status == 202, answer.body
        assert answer.json["counts"]["refused"] == 0, answer.body
        return answer.json

    async def say(self, caller: str, path: str, **document: Any) -> Answer:
        body = json.dumps(document).encode()
        return await self.send(caller, "POST", path, body, Content_Type="application/json")

    async def operate(self, path: str, **document: Any) -> Any:
        answer = await self.say(OPERATOR, path, **document)
        assert answer.status < 300, answer.body
        return answer.json

    async def everything(self, caller: str, path: str) -> list[Any]:
        """All rows of a paged list."""
        rows: list[Any] = []
        mark = "&" if "?" in path else "?"
        page = await self.get(caller, f"{path}{mark}limit=500")
        rows += page["rows"]
        while page["next"]:
            page = await self.get(caller, f"{path}{mark}limit=500&cursor={page['next']}")
            rows += page["rows"]
        return rows

    async def delivery(self, submission: Mapping[str, Any], number: int = 1) -> Any:
        """The first delivery of the submission's n-th record, as its sender sees it."""
        record = await self.get(submission["sender"], f"/v1/records/{submission['records'][number - 1]['id']}")
        return record["deliveries"][0]


@asynccontextmanager
async def api(url: str, tokens: Mapping[str, str]) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        yield Api(url, tokens, session)


@dataclass(slots=True)
class Site:
    installed: Installation
    process: Gateway
    partners: PartnerServer
    api: Api

    @property
    def home(self) -> Path:
        return self.installed.home


@asynccontextmanager
async def running(installed: Installation, partners: PartnerServer) -> AsyncIterator[Site]:
    """The installation with all roles in this process, on free ports."""
    async with gateway(installed.settings) as process, api(process.addresses["api"], installed.tokens) as client:
        yield Site(installed, process, partners, client)


@asynccontextmanager
async def whole(
    home: Path,
    database: str,
    *,
    broker: str | None = None,
    changed: Callable[[int], Mapping[str, str]] | None = None,
    **sections: Mapping[str, Any],
) -> AsyncIterator[Site]:
    """Everybody on a new installation. ``changed`` gives other partner tables, once the partners' port is known."""
    async with partner_server() as partners:
        text = everybody(partners.port, **(changed(partners.port) if changed else {}))
        installed = await install(home, database, text, broker=broker, **sections)
        async with running(installed, partners) as site:
            yield site


async def until(condition: Callable[[], Any | Awaitable[Any]], what: str, patience: float = PATIENCE) -> Any:
    """Wait until the condition gives something true; returns it. Fails naming what did not come about."""
    ends = time.monotonic() + patience
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < ends, f"not within {patience:.0f} s: {what}"
        await asyncio.sleep(0.05)
