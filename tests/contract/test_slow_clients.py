"""Crowds of slow clients: closed in time, bounded in number, and hardly felt by honest ones."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.web.limits import Limits
from tests.assurance import NIGHT
from tests.contract.api_stack import running

HONEST = "127.0.0.2"
"""Honest clients have an address of their own, as they would elsewhere."""
LIMITS = Limits() if NIGHT else Limits(header_seconds=1.0, body_idle_seconds=1.5, lingering_seconds=0.2)
"""The figures in force at full size; a tenth of them in every run."""
GRACE = 3.0
"""Seconds by which a busy machine may be late."""
HEADS = 10.0 if NIGHT else LIMITS.header_seconds + GRACE
BODIES = 30.0 if NIGHT else LIMITS.body_idle_seconds + LIMITS.lingering_seconds + GRACE
"""Seconds within which a connection with an unfinished head or body is closed."""


CROWD = """
import json, selectors, socket, sys, time
port, number, token = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
watch, took = selectors.DefaultSelector(), []
def look(seconds):
    for key, _ in watch.select(seconds):
        try:
            more = key.fileobj.recv(65536)
        except ConnectionError:
            more = b""
        if not more:
            kind, begun = key.data
            took.append((kind, time.monotonic() - begun))
            watch.unregister(key.fileobj)
            key.fileobj.close()
for n in range(number):
    head = b"GET /livez HTTP/1.1\\r\\nHost: x\\r\\nX-Slow: "
    body = (
        f"POST /v1/submissions HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer {token}\\r\\n"
        f"Idempotency-Key: slow-{n}\\r\\nContent-Type: application/xml\\r\\nContent-Length: 9\\r\\n\\r\\nx"
    ).encode()
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(body if n % 2 else head)
    one.setblocking(False)
    watch.register(one, selectors.EVENT_READ, (n % 2, time.monotonic()))
    look(0)
print("all are there", flush=True)
while watch.get_map():
    look(None)
print(json.dumps(took))
"""
"""So many connections of a process of its own: even ones send a head without end, odd ones a body. How long each was
let, once all are closed."""


def known(parts):
    """The directory is kept in memory, as a whole gateway keeps it."""
    asked = []

    async def directory():
        if not asked:
            asked.append(await parts.directory())
        return asked[0]

    return replace(parts, directory=directory)


class Crowd:
    """The connections, and how many there are still to come."""

    def __init__(self, process):
        self._process = process

    async def closed(self, seconds):
        """Kind and seconds of every connection. Raises TimeoutError while one is still open."""
        return json.loads(await asyncio.wait_for(self._process.stdout.readline(), seconds))


@asynccontextmanager
async def besieged(stack, number):
    port, token = stack.address.rpartition(":")[2], stack.tokens["ohio"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CROWD, port, str(number), token, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert await process.stdout.readline() == b"all are there\n"
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.sleep(0.5)  # the server notices, and writes down what it turned away


async def p99(stack, rounds):
    """Seconds that 99 of 100 honest requests take at most, one after the other on fresh connections."""
    took = []
    host, port = stack.address.removeprefix("http://").split(":")
    for _ in range(rounds):
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection(host, int(port), local_addr=(HONEST, 0))
        writer.write(b"GET /v1/rules HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        took.append(time.perf_counter() - begun)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200"), answer[:80]
        await asyncio.sleep(0.002)
    return sorted(took)[int(rounds * 0.99)]


@pytest.mark.claim("A37", control="test_control_without_time_outs_they_stay_and_without_a_bound_they_take_every_place")
async def test_slow_clients_are_closed_in_time_and_honest_ones_are_served(sqlite_url, tmp_path, claim):
    crowd_size, rounds = claim.size(push=200, night=2_000), claim.size(push=150, night=1_000)
    limits = replace(LIMITS, connections=crowd_size * 2, connections_each=crowd_size)
    async with running(sqlite_url, tmp_path, limits, known) as stack:
        await p99(stack, 20)
        calm = await p99(stack, rounds)
        async with besieged(stack, crowd_size) as crowd:
            under = await p99(stack, rounds)
            took = await crowd.closed(BODIES + 30)
    head = max(seconds for kind, seconds in took if not kind)
    body = max(seconds for kind, seconds in took if kind)
    assert head <= HEADS
    assert body <= BODIES
    assert under < 2 * calm + (0 if NIGHT else 0.15), "a shared machine may stumble for a moment"
    claim.measured(
        f"{crowd_size} slow clients: heads closed in {head:.1f} s, bodies in {body:.1f} s; "
        f"honest p99 {1000 * calm:.1f} ms alone, {1000 * under:.1f} ms beside them"
    )


async def test_control_without_time_outs_they_stay_and_without_a_bound_they_take_every_place(sqlite_url, tmp_path):
    patient = replace(LIMITS, header_seconds=300, body_idle_seconds=300, connections=20, connections_each=20)
    async with running(sqlite_url, tmp_path, patient) as stack, besieged(stack, 20) as crowd:
        with pytest.raises(TimeoutError):
            await crowd.closed(LIMITS.body_idle_seconds + GRACE)
        with capture_logs() as lines, pytest.raises((AssertionError, ConnectionError)):
            await p99(stack, 1)
        assert [line["event"] for line in lines] == ["connections.refused"]


async def test_one_address_takes_its_share_of_the_places_and_others_find_room(sqlite_url, tmp_path):
    narrow = replace(LIMITS, connections=40, connections_each=10)
    async with running(sqlite_url, tmp_path, narrow) as stack:
        with capture_logs() as lines:
            async with besieged(stack, 30):
                await p99(stack, 20)
        assert len([line for line in lines if line["event"] == "connections.refused"]) == 1
        async with AsyncExitStack() as later:  # who left makes room again
            await later.enter_async_context(besieged(stack, 10))
            await asyncio.sleep(0.1)
            await p99(stack, 5)
