"""Admission control at the API: who is turned away and who never is; what happens to callers without it."""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import replace

from sqlalchemy import update
from structlog.testing import capture_logs

from gateway.core.admission import Bound, Gauge, Waiting
from gateway.core.errors import Unavailable
from gateway.core.routing import Directory
from gateway.store.tables import submissions
from gateway.store.waits import StoredWaits
from gateway.work.admission import Capacity, Door
from gateway.work.pressure import Pressure, Sources
from tests.contract.api_stack import running

BODY = b"one\ntwo\n"
CALM = Capacity(1_000, 1_000)
BOUNDS = {Gauge.STORE: Bound(10, 7), Gauge.UNJUDGED: Bound(60, 42), Gauge.COMMIT: Bound(1, 0.7)}


def a_door(capacity=CALM, bounds=BOUNDS):
    return Door(bounds, capacity, lambda: 0.0, lambda _cause: None)


def behind(door):
    return lambda parts: replace(parts, admission=door)


async def test_a_closed_door_keeps_out_new_work_and_nothing_else(sqlite_url, tmp_path):
    door = a_door()
    async with running(sqlite_url, tmp_path, change=behind(door)) as stack:
        parcel = await stack.parcel()
        digest = (await stack.parts.desk.get(parcel)).digest
        door.closed = frozenset({Gauge.MEMORY})
        with capture_logs() as lines:
            refused = await stack.post(BODY)
            checked = await stack.post(BODY, path="/v1/validations")
        for answer in (refused, checked):
            assert (answer.status, answer.json["code"]) == (503, "overloaded")
            assert answer.headers["Retry-After"] == "10"
        assert lines == [], "a flood must not fill the log"
        listed = await stack.call("iowa", "GET", "/v1/mailbox")
        assert listed.status == 200
        taken = await stack.call("iowa", "POST", f"/v1/mailbox/{parcel}/acknowledge", json={"digest": digest})
        assert taken.status < 300, taken.body
        for path in ("/v1/dead-letters", "/v1/queues", "/v1/submissions"):
            assert (await stack.call("pat", "GET", path)).status == 200
        ready = await stack.call(None, "GET", "/readyz?verbose")
        assert (ready.status, ready.json["checks"]["admission"]) == (200, "overloaded")


def pressing(stack, door, *, waits=None, commit=lambda: 0.0, memory=lambda: 0):
    parts = stack.parts
    waits = waits or StoredWaits(stack.database)
    sources = Sources(waits, parts.health, lambda: Directory([], []), commit, memory)
    seen = []

    def observe(measured, closed):
        seen.append((measured, closed))

    return Pressure(door, sources, parts.audit, parts.scribe, parts.clock, "test", observe), seen


async def told(stack):
    entries = await stack.parts.audit.unsequenced(10_000)
    return [(one.action, one.outcome, one.details) for one in entries if one.action.startswith("admission.")]


async def test_a_submission_that_is_not_judged_in_time_closes_the_door_until_it_is(sqlite_url, tmp_path):
    door = a_door()
    async with running(sqlite_url, tmp_path, change=behind(door)) as stack:
        pressure, _ = pressing(stack, door)
        await stack.post(b"...", key="big")
        await pressure.step()
        assert (await stack.post(BODY, key="a")).status == 202
        stack.watch.forward(61)
        await pressure.step()
        assert (await stack.post(BODY, key="b")).status == 503
        async with stack.database.write() as connection:
            await connection.execute(update(submissions).values(state="judged"))
        await pressure.step()
        assert (await stack.post(BODY, key="b")).status == 202
        assert await told(stack) == [
            ("admission.closed", "unjudged", {"refused": 0}),
            ("admission.opened", "ok", {"refused": 1}),
        ]


async def test_a_crowd_that_is_turned_away_is_one_entry_a_minute(sqlite_url, tmp_path):
    door = a_door(Capacity(1, 1))
    async with running(sqlite_url, tmp_path, change=behind(door)) as stack:
        pressure, _ = pressing(stack, door)
        with door.enter("somebody"):
            for number in (3, 2):
                for _ in range(number):
                    assert (await stack.post(BODY)).json["code"] == "overloaded"
                await pressure.step()
        stack.watch.forward(60)
        await pressure.step()
        await pressure.step()
        assert await told(stack) == [
            ("admission.closed", "crowd", {"refused": 3}),
            ("admission.closed", "crowd", {"refused": 2}),
        ]


class Away:
    """A store that does not answer."""

    def __init__(self):
        self.away = True

    async def look(self):
        if self.away:
            raise Unavailable("The store does not answer.", code="store-unavailable")
        return Waiting(None, ())


async def test_a_store_that_is_silent_closes_the_door_and_an_answer_opens_it(sqlite_url, tmp_path):
    door, waits = a_door(), Away()
    async with running(sqlite_url, tmp_path, change=behind(door)) as stack:
        pressure, seen = pressing(stack, door, waits=waits)
        for seconds, closed in ((0, False), (5, False), (6, True)):
            stack.watch.forward(seconds)
            await pressure.step()
            assert bool(door.closed) == closed
        waits.away = False
        await pressure.step()
        assert not door.closed
        assert Gauge.UNJUDGED not in seen[2][0], "what is not known is not told"


async def test_entries_that_the_store_does_not_take_are_written_later(sqlite_url, tmp_path):
    door = a_door()
    async with running(sqlite_url, tmp_path, change=behind(door)) as stack:
        pressure, _ = pressing(stack, door, commit=lambda: 2.0)
        log, pressure.audit = pressure.audit, Broken()
        await pressure.step()
        assert door.closed
        assert await told(stack) == []
        pressure.audit = log
        await pressure.step()
        assert [action for action, _, _ in await told(stack)] == ["admission.closed"]


class Broken:
    async def write(self, _entries):
        raise Unavailable


async def test_the_store_is_left_alone_for_long_when_it_takes_long_to_say_what_waits(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        asked = []

        class Slow(Away):
            async def look(self):
                asked.append(stack.watch())
                stack.watch.forward(0.5)
                return Waiting(None, ())

        pressure, _ = pressing(stack, a_door(), waits=Slow())
        for _ in range(20):
            await pressure.step()
            stack.watch.forward(2)
        assert len(asked) == 2, "half a second each: once in 25 s"


async def test_a_slow_commit_is_seen_while_it_is_under_way_and_forgotten_once_nothing_is_slow(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        store = stack.parts.intake.intake
        async with stack.database.write():  # SQLite has one writer: everybody waits for us
            posting = asyncio.create_task(stack.post(BODY))
            await asyncio.sleep(0.3)
            assert store.slowest_commit() > 0.15
        assert (await posting).status == 202
        assert store.slowest_commit() > 0.15
        assert store.slowest_commit() == 0.0


CROWD, INSIDE = 80, 4
SENT = 500 * 1024
"""Bytes of a body that everybody sends and then does not end; just under what the partner may send."""


async def half_a_body(stack, number):
    """Send most of a body: the open connection, and the answer should it come before the rest."""
    host, port = stack.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.tokens['ohio']}\r\n"
        f"Idempotency-Key: k-{number}\r\nContent-Type: application/xml\r\nContent-Length: {SENT + 1}\r\n\r\n"
    )
    writer.write(head.encode())
    answer = asyncio.create_task(reader.readline())
    for _ in range(SENT // len(LINE)):  # piece by piece: what the client holds is not to be measured
        writer.write(LINE)
        await writer.drain()
    return writer, answer


LINE = b"x" * 20_480


async def settled(answered):
    """Bytes that are held once everybody has an answer who gets one, and nothing more comes in."""
    before, ends = -1, asyncio.get_running_loop().time() + 20
    while True:
        await asyncio.sleep(0.3)
        now, _ = tracemalloc.get_traced_memory()
        if (answered() and abs(now - before) < SENT) or asyncio.get_running_loop().time() > ends:
            return now
        before = now


async def held(url, folder, capacity):
    """Bytes that a crowd of half-sent bodies makes the process hold, and how many of the crowd got in."""
    async with running(url, folder, change=behind(a_door(capacity))) as stack:
        assert (await stack.post(BODY)).status == 202
        tracemalloc.start()
        crowd = await asyncio.gather(*(half_a_body(stack, number) for number in range(CROWD)))
        grown = await settled(lambda: sum(answer.done() for _, answer in crowd) >= CROWD - capacity.at_once)
        tracemalloc.stop()
        answered = [answer.result() for _, answer in crowd if answer.done()]
        assert set(answered) <= {b"HTTP/1.1 503 Service Unavailable\r\n"}
        for writer, answer in crowd:
            answer.cancel()
            writer.transport.abort()
        await asyncio.sleep(0.5)  # the server notices, and writes down what it turned away
        return grown, CROWD - len(answered)


async def test_a_crowd_of_half_sent_bodies_fills_no_memory(sqlite_url, tmp_path):
    grown, inside = await held(sqlite_url, tmp_path, Capacity(INSIDE, INSIDE))
    assert inside == INSIDE
    assert grown < CROWD * SENT / 4


async def test_control_without_the_bound_it_does(sqlite_url, tmp_path):
    grown, inside = await held(sqlite_url, tmp_path, CALM)
    assert inside == CROWD
    assert grown > CROWD * SENT * 0.7
