"""A full gateway, put together as it runs: submissions wait outside, all else goes on, and people can see why."""

from __future__ import annotations

import aiohttp
import pytest

from tests.journeys import samples
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR

FULL = {"memory_share": 0.000_001, "every_seconds": 0.1}
"""No process is so small."""


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url, admission=FULL) as site:
        yield site


async def test_a_full_process_says_no_says_why_and_still_serves_the_rest(site):
    door = site.process.pressure.door
    await until(lambda: door.closed, "the first measurement closes the door")
    answer = await site.api.submit("ohio", "csenet", samples.csenet(1))
    assert (answer.status, answer.json["code"]) == (503, "overloaded")
    assert "memory" in answer.json["detail"]
    assert int(answer.headers["Retry-After"]) >= 10
    for caller, path in ((OPERATOR, "/v1/dead-letters"), ("acme", "/v1/mailbox"), ("ohio", "/v1/submissions")):
        assert (await site.api.send(caller, "GET", path)).status == 200
    ready = await site.api.send("ohio", "GET", "/readyz?verbose")
    assert (ready.status, ready.json["checks"]["admission"]) == (200, "overloaded")
    async with aiohttp.ClientSession() as session, session.get(f"{site.process.addresses['metrics']}/metrics") as told:
        figures = await told.text()
    assert 'gateway_admission_closed{gauge="memory"} 1.0' in figures
    assert 'gateway_admission_closed{gauge="commit"} 0.0' in figures
    assert 'gateway_admission_refused_total{cause="memory"} 1.0' in figures
    assert 'gateway_admission_measured{gauge="store"} 0.0' in figures


async def test_with_room_again_the_same_submission_is_taken_and_the_log_tells_of_both(site):
    door = site.process.pressure.door
    await until(lambda: door.closed, "the first measurement closes the door")
    assert (await site.api.submit("ohio", "csenet", samples.csenet(1), "again")).status == 503
    door.bounds = {}
    await until(lambda: not door.closed, "it opens by itself")
    assert (await site.api.submit("ohio", "csenet", samples.csenet(1), "again")).status == 202

    async def told():
        found = await site.process.base.stores.audit.about(f"process:{site.process.owner}")
        return [entry.action for _, entry in found] if len(found) > 1 else None

    assert await until(told, "both are in the audit log") == ["admission.closed", "admission.opened"]
