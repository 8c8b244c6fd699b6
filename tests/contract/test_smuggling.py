"""Requests that two servers may read differently: the gateway refuses them, alone and behind a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.web.api.application import api_application
from gateway.web.edge import runner
from gateway.web.limits import Limits
from tests.contract.api_stack import running
from tests.contract.smuggled import INNER, PROPER, SECRET, SHAPES, mutated
from tests.servers.nginx import nginx
from tests.servers.raw import cut, talking

LIMITS = Limits(header_seconds=0.5, body_idle_seconds=0.5, lingering_seconds=0.1, public_per_second=None)
PATIENCE = 3.0


class Seen:
    """Every request that the gateway took for one: path and the id that a proxy gave it."""

    def __init__(self):
        self.paths, self.ids = [], []

    @web.middleware
    async def note(self, request, handler):
        self.paths.append(request.path)
        self.ids.extend(request.headers.getall("X-Forwarded-Id", ["none"]))
        return await handler(request)


@asynccontextmanager
async def watched(url, folder) -> AsyncIterator[tuple[int, Seen]]:
    """An API on a port of its own that notes what comes."""
    async with running(url, folder) as stack:
        seen, application = Seen(), api_application(stack.parts, LIMITS)
        application.middlewares.insert(0, seen.note)
        served = runner(application, LIMITS, shutdown_seconds=1)
        await served.setup()
        try:
            await web.TCPSite(served, "127.0.0.1", 0).start()
            yield served.addresses[0][1], seen
        finally:
            await served.cleanup()


async def say(port, sent):
    """All that comes back; the client says at once that it sends nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        await cut(writer)


def rightly_refused(answer):
    """The first answer is no success, and nothing is repeated."""
    status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/1.") else b"closed"
    return (status[:1] == b"4" or status == b"closed") and SECRET not in answer


@pytest.mark.claim("A36", control="test_control_two_lenient_servers_are_seen_to_disagree")
async def test_no_shape_becomes_two_requests_and_nothing_is_repeated(sqlite_url, tmp_path, claim):
    rng = claim.dice()
    cases = [*SHAPES.items(), *((f"mutation {n}", mutated(rng)) for n in range(claim.size(push=2_000, night=20_000)))]
    async with watched(sqlite_url, tmp_path) as (port, seen):
        for name, shape in cases:
            seen.paths.clear()
            with capture_logs() as lines:
                answer = await say(port, shape)
            assert SECRET not in answer, name
            assert SECRET.decode() not in str(lines), name
            if name in SHAPES:
                assert rightly_refused(answer), (name, answer[:200])
                assert "/smuggled" not in seen.paths, name
            # What is an answer was a request, or bytes that are none: nothing is taken in silence.
            answers = answer.count(b"HTTP/1.1 ") + answer.count(b"HTTP/1.0 ")
            unread = sum(line["event"] == "request.unreadable" for line in lines)
            assert answers <= len(seen.paths) + unread, name
    claim.measured(f"{len(SHAPES)} of {len(SHAPES)} shapes refused, {len(cases) - len(SHAPES)} mutations, 0 echoes")


@pytest.mark.claim("A36", control="test_control_two_lenient_servers_are_seen_to_disagree")
async def test_behind_a_proxy_both_sides_count_the_same_requests(sqlite_url, tmp_path, claim):
    rng = claim.dice(1)
    cases = [
        *SHAPES.values(),
        *PROPER.values(),
        *(mutated(rng, {**SHAPES, **PROPER, **PROPER}) for _ in range(claim.size(push=2_000, night=20_000))),
    ]
    async with watched(sqlite_url, tmp_path) as (port, seen):
        with nginx(port) as front, capture_logs():
            for sent in cases:
                assert SECRET not in await say(front, sent)
        assert agree(seen.ids)
        assert len(seen.ids) >= 2 * len(PROPER), "proper requests come through"
    claim.measured(f"{len(seen.ids)} requests through the proxy of {len(cases)} sent, each under an id of its own")


def agree(ids):
    """Whether every request behind the proxy is one that the proxy knows of: each has one id, no two the same."""
    return "none" not in ids and len(ids) == len(set(ids))


# --- the control: a proxy that goes by chunks, a server that goes by lengths -----------------------------------------


async def lenient_proxy(port, sent):
    """Sends one request on to ``port``, as it understands it: the head with an id, the body by its chunks."""
    head, _, body = sent.partition(b"\r\n\r\n")
    end = body.index(b"0\r\n\r\n") + 5
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"\r\nX-Forwarded-Id: one\r\n\r\n" + body[:end])
    writer.write_eof()
    await reader.read()
    await cut(writer)


async def lenient_server(ids, reader):
    """Takes a body for as long as Content-Length says."""
    for _ in count():
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            break
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        ids.append(fields.get(b"x-forwarded-id", b"none").decode())
        await reader.readexactly(int(fields.get(b"content-length", b"0")))


async def test_control_two_lenient_servers_are_seen_to_disagree():
    ids = []
    chunk = f"{len(INNER):x}\r\n".encode()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(chunk)
    async with talking(lambda reader, _writer: lenient_server(ids, reader)) as port:
        await lenient_proxy(port, head + chunk + INNER + b"\r\n0\r\n\r\n")
    assert not agree(ids)


async def test_the_gateway_behind_the_lenient_proxy_takes_nothing_of_it(sqlite_url, tmp_path):
    chunk = f"{len(INNER):x}\r\n".encode()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(chunk)
    async with watched(sqlite_url, tmp_path) as (port, seen):
        with capture_logs():
            await lenient_proxy(port, head + chunk + INNER + b"\r\n0\r\n\r\n")
        assert seen.paths == []
