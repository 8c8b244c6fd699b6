"""Requests that two servers may read differently: the gateway refuses them, alone and behind a proxy."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.web.api.application import api_application
from gateway.web.edge import Connection, runner
from gateway.web.limits import Limits
from tests.contract.api_stack import running
from tests.contract.lax_heads import lax, quoting
from tests.contract.smuggled import PROPER, SECRET, SHAPES, mutated
from tests.servers.nginx import nginx
from tests.servers.raw import cut

LIMITS = Limits(
    header_seconds=0.5, idle_seconds=0.05, body_idle_seconds=0.2, lingering_seconds=0.1, public_per_second=None
)
PATIENCE = 30.0
AT_ONCE = 500
ECHO, TAKEN, SMUGGLED, UNASKED = "echo", "not refused", "two requests", "answers to no request"
DISPUTED = {"chunks before length", "a vertical tab", "quoted coding", "two lengths", "a signed length", "a NUL"}
"""Some of the shapes, one for each thing that a lax reader goes by."""


class Seen:
    """Every request that the gateway took for one: its path, by the client's port, and the id that a proxy gave it."""

    def __init__(self):
        self.ids: list[str] = []
        self.paths: defaultdict[int, list[str]] = defaultdict(list)

    @web.middleware
    async def note(self, request, handler):
        self.paths[request.transport.get_extra_info("peername")[1]].append(request.path)
        self.ids.extend(request.headers.getall("X-Forwarded-Id", ["none"]))
        return await handler(request)

    def any(self) -> list[str]:
        return [path for paths in self.paths.values() for path in paths]


def as_it_is(connection):
    return connection


@asynccontextmanager
async def watched(
    url, folder, reading: Callable[[Connection], Connection] = as_it_is
) -> AsyncIterator[tuple[int, Seen]]:
    """An API on a port of its own that notes what comes. ``reading`` may leave a safeguard out."""
    async with running(url, folder) as stack:
        seen, application = Seen(), api_application(stack.parts, LIMITS)
        application.middlewares.insert(0, seen.note)
        served = runner(application, LIMITS, shutdown_seconds=1)
        await served.setup()
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: reading(served.server()), "127.0.0.1", 0)
        try:
            yield listener.sockets[0].getsockname()[1], seen
        finally:
            listener.close()
            await served.cleanup()


async def say(port, sent, *, ends=False):
    """The port it was said from, and all that comes back until the other side closes. ``ends``: the client says at once
    that it sends nothing more; a server that then hangs up has not said what it took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    own = writer.get_extra_info("sockname")[1]
    try:
        writer.write(sent)
        if ends:
            writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            return own, await reader.read()
    except ConnectionError:
        return own, b""
    finally:
        await cut(writer.transport)


def rightly_refused(answer):
    """The first answer is no success, and nothing is repeated."""
    status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/1.") else b"closed"
    return (status[:1] == b"4" or status == b"closed") and SECRET not in answer


async def faults(cases, port, seen) -> list[tuple[str, str]]:
    """What the answers to the cases do wrong, with the name of the case."""
    found, todo = [], list(cases)
    for start in range(0, len(todo), AT_ONCE):
        some = todo[start : start + AT_ONCE]
        seen.paths.clear()
        with capture_logs() as lines:
            told = await asyncio.gather(*(say(port, sent) for _, sent in some))
        for (name, _), (own, answer) in zip(some, told, strict=True):
            found += [(name, ECHO)] * (SECRET in answer)
            if name in SHAPES:
                found += [(name, TAKEN)] * (not rightly_refused(answer))
                found += [(name, SMUGGLED)] * ("/smuggled" in seen.paths[own])
        found += [(f"{some[0][0]} and those after it", ECHO)] * (SECRET.decode() in str(lines))
        # What is an answer was a request, or bytes that are none: nothing is taken in silence.
        answers = sum(answer.count(b"HTTP/1.1 ") + answer.count(b"HTTP/1.0 ") for _, answer in told)
        unread = sum(line["event"] == "request.unreadable" for line in lines)
        found += [(f"{some[0][0]} and those after it", UNASKED)] * (answers > len(seen.any()) + unread)
    return found


@pytest.mark.claim("A36", control="test_control_without_the_strict_look_at_heads_the_shapes_become_two_requests")
async def test_no_shape_becomes_two_requests_and_nothing_is_repeated(sqlite_url, tmp_path, claim):
    rng = claim.dice()
    cases = [*SHAPES.items(), *((f"mutation {n}", mutated(rng)) for n in range(claim.size(push=2_000, night=20_000)))]
    async with watched(sqlite_url, tmp_path) as (port, seen):
        assert await faults(cases, port, seen) == []
    claim.measured(f"{len(SHAPES)} of {len(SHAPES)} shapes refused, {len(cases) - len(SHAPES)} mutations, 0 echoes")


async def test_control_without_the_strict_look_at_heads_the_shapes_become_two_requests(sqlite_url, tmp_path):
    async with watched(sqlite_url, tmp_path, reading=lax) as (port, seen):
        found = await faults(SHAPES.items(), port, seen)
    assert {name for name, what in found if what == SMUGGLED} >= DISPUTED


async def test_control_without_our_word_for_what_cannot_be_read_the_answers_repeat_it(sqlite_url, tmp_path):
    rng = random.Random(1)  # noqa: S311 - cases to try, not secrets
    cases = [(f"mutation {n}", mutated(rng)) for n in range(300)]
    async with watched(sqlite_url, tmp_path, reading=quoting) as (port, seen):
        found = await faults(cases, port, seen)
    assert any(what == ECHO for _, what in found)


@pytest.mark.claim("A36", control="test_control_without_the_strict_look_at_heads_the_two_sides_count_other_requests")
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
                assert SECRET not in (await say(front, sent, ends=True))[1]
        assert agree(seen.ids)
        assert len(seen.ids) >= 2 * len(PROPER), "proper requests come through"
    claim.measured(f"{len(seen.ids)} requests through the proxy of {len(cases)} sent, each under an id of its own")


def agree(ids):
    """Whether every request behind the proxy is one that the proxy knows of: each has one id, no two the same."""
    return "none" not in ids and len(ids) == len(set(ids))


# --- the control: a proxy that goes by chunks before a gateway that goes by lengths -----------------------------------

END = b"\r\n0\r\n\r\n"
WITHIN = b"GET /smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(END)
CHUNK = f"{len(WITHIN):x}\r\n".encode()
BOTH = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(CHUNK)
DOUBTFUL = BOTH + CHUNK + WITHIN + END
"""One request by its chunks, two by its length."""


async def lenient_proxy(port, sent):
    """Sends one request on to ``port``, as it understands it: the head with an id, the body by its chunks."""
    head, _, body = sent.partition(b"\r\n\r\n")
    end = body.index(END) + len(END)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"\r\nX-Forwarded-Id: one\r\n\r\n" + body[:end])
    await reader.read()
    await cut(writer.transport)


async def test_behind_a_proxy_that_is_lenient_the_gateway_takes_nothing_of_what_is_in_doubt(sqlite_url, tmp_path):
    async with watched(sqlite_url, tmp_path) as (port, seen):
        with capture_logs():
            await lenient_proxy(port, DOUBTFUL)
        assert agree(seen.ids)
        assert seen.any() == []


async def test_control_without_the_strict_look_at_heads_the_two_sides_count_other_requests(sqlite_url, tmp_path):
    async with watched(sqlite_url, tmp_path, reading=lax) as (port, seen):
        with capture_logs():
            await lenient_proxy(port, DOUBTFUL)
        assert not agree(seen.ids)
        assert "/smuggled" in seen.any()
