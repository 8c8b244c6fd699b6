"""The API with a real desk for queries, a real line, and a partner who answers as a test wants."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.queries import HttpsLine
from gateway.core.audit_entry import Scribe
from gateway.core.ids import Clock, minting
from gateway.core.model import AdapterName, Agreement, BreakerPolicy, Endpoint, Partner, PartnerKey
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.keys import Indexer
from gateway.core.ports.protection import Messages
from gateway.core.ports.queries import QueryLine
from gateway.core.protection import WireKey
from gateway.core.routing import Directory
from gateway.tools import Speech, speech
from gateway.web.parts import Parts
from gateway.work.protection import RegisterWatch
from gateway.work.query import QueryDesk, QueryTools
from gateway.work.query_plan import Planner
from gateway.work.query_reading import StatusReader
from gateway.work.query_wire import ProtectingLine, QueryEnvelopes
from gateway.work.wire_book import WireBook
from keys.wire.protection import WireProtection
from tests.journeys.partner_server import PartnerServer, partner_server
from tests.unit.guarding import GUARD
from tests.unit.status_records import BOTH_WAYS, IOWA, OHIO, party

NOBODY = Directory((), ())


class NoKeys:
    """The book of a gateway without wire keys."""

    ours: Sequence[WireKey] = ()

    def of(self, _owner: str) -> Sequence[WireKey]:
        return ()


NO_KEYS: Any = NoKeys()


@cache
def spoken() -> Speech:
    return speech()


class NoSecrets:
    def secret(self, name: str) -> bytes:
        raise KeyError(name)


Ended = tuple[PartnerKey | None, str]


@dataclass(slots=True)
class Present:
    """The directory that a desk sees, and what it told of its queries."""

    directory: Directory = NOBODY
    ended: list[Ended] = field(default_factory=list)

    async def now(self) -> Directory:
        return self.directory


@dataclass(frozen=True, slots=True)
class Protecting:
    """The keys that a desk protects with, and what opens messages."""

    book: WireBook
    messages: Messages
    name: str


def desk(
    clock: Clock,
    audit: AuditLog,
    protection: RegisterWatch,
    indexer: Indexer,
    present: Present,
    wire: Protecting | None = None,
) -> QueryDesk:
    line: QueryLine = HttpsLine(NoSecrets(), clock)
    book, name = (wire.book, wire.name) if wire else (NO_KEYS, "gateway.example/audit")
    envelopes = QueryEnvelopes(WireProtection(), book, clock, name)
    if wire:
        line = ProtectingLine(line, envelopes, wire.messages)
    reading = StatusReader(spoken().formats, spoken().canonical, spoken().rules)
    return QueryDesk(
        QueryTools(
            planner=Planner(reading, lambda: present.directory, GUARD, lambda _content: frozenset()),
            protection=protection,
            line=line,
            envelopes=envelopes,
            audit=audit,
            scribe=Scribe(clock, minting(clock, os.urandom), os.urandom),
            clock=clock,
            indexer=indexer,
            observe=lambda partner, outcome, _seconds: present.ended.append((partner, outcome)),
        )
    )


def answering(port: int, **options: str | int | bool) -> Endpoint:
    """Where the partner of a test answers, on this machine."""
    found = {"url": f"http://127.0.0.1:{port}/iowa", "allow_http": True, "allow_private": True, "timeout_seconds": 1}
    return Endpoint(AdapterName.HTTPS, {**found, **options})


Answering = Callable[[web.Request, bytes], Awaitable[web.StreamResponse | None]]


@dataclass(slots=True)
class Asking:
    """A running API whose partner Iowa answers queries."""

    stack: object
    server: PartnerServer
    present: Present

    def know(self, *, agreements: tuple[Agreement, ...] = BOTH_WAYS, iowa: Partner | None = None) -> None:
        """What the directory holds from now on."""
        answerer = iowa or party(IOWA, "19", answering(self.server.port))
        self.present.directory = Directory((party(OHIO, "39"), answerer), agreements)

    def iowa(self, **more: object) -> Partner:
        return party(IOWA, "19", answering(self.server.port), **more)

    def answers(self, answer: Answering) -> None:
        self.server.behaviours["iowa"] = answer

    def says(self, body: bytes | str, media_type: str = "application/xml", status: int = 200, **headers: str) -> None:
        """Let the partner answer every query with this."""

        async def answer(_request: web.Request, _body: bytes) -> web.StreamResponse:
            data = body.encode() if isinstance(body, str) else body
            more = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, body=data, headers={"Content-Type": media_type, **more})

        self.answers(answer)

    async def ask(self, body: bytes | str, caller: str = "ohio", media_type: str = "application/xml", **headers: str):
        data = body.encode() if isinstance(body, str) else body
        return await self.stack.call(caller, "POST", "/v1/queries", data=data, Content_Type=media_type, **headers)

    async def written(self) -> list[tuple[str, str]]:
        """Action and outcome of every entry about queries, oldest first."""
        entries = await self.stack.parts.audit.unsequenced(10_000)
        return [(one.action, one.outcome) for one in entries if one.action.startswith(("query.", "access."))]


@asynccontextmanager
async def asking(url: str, folder: Path) -> AsyncIterator[Asking]:
    from tests.contract.api_stack import running  # noqa: PLC0415 - it needs this module for its own desk

    present = Present()

    def with_desk(parts: Parts) -> Parts:
        formats = {name: spoken().catalog.formats[name] for name in ("xml", "json")}
        keys = parts.partner_keys
        wire = Protecting(keys.book, parts.messages, keys.desk.name)
        queries = desk(parts.clock, parts.audit, parts.queries.tools.protection, parts.indexer, present, wire)
        return replace(parts, queries=queries, formats=formats, directory=present.now)

    async with partner_server() as server, running(url, folder, change=with_desk) as stack:
        made = Asking(stack, server, present)
        made.know()
        try:
            yield made
        finally:
            await stack.parts.queries.close()


QUICK_TO_OPEN = BreakerPolicy(failures=2)
