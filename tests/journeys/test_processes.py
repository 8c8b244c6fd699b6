"""Several processes on one machine: those for whom somebody waits go first."""

from __future__ import annotations

import os

import pytest

from tests.journeys.partner_files import everybody
from tests.journeys.site import until
from tests.servers.gateway_process import GatewayProcess, free_port, install


@pytest.fixture
async def gives_way_by(loaded_program, sqlite_url, amqp_url, tmp_path):
    """By how much a process of such roles gives way to the tests, once it serves."""
    started = []

    async def measured(roles, **settings):
        port = free_port()
        sections = {"api": {"port": port}, "work": settings}
        installed = await install(tmp_path, sqlite_url, everybody(free_port()), broker=amqp_url, **sections)
        process = GatewayProcess(installed, loaded_program, roles=roles)
        started.append(process)
        process.begin()
        await until(lambda: "gateway.started" in process.log.read_text(), "it serves")
        return os.getpriority(os.PRIO_PROCESS, process.pid) - os.getpriority(os.PRIO_PROCESS, 0)

    yield measured
    for process in started:
        process.stop()


async def test_a_process_that_nobody_waits_for_gives_way_to_the_others(gives_way_by):
    assert await gives_way_by("dispatcher,scheduler,integrator") == 5


async def test_by_how_much_it_gives_way_is_a_setting(gives_way_by):
    assert await gives_way_by("dispatcher,scheduler,integrator", niceness=11) == 11


@pytest.mark.parametrize("role", ["api,relay,dispatcher", "console,dispatcher"])
async def test_a_process_that_somebody_waits_for_gives_way_to_nobody(gives_way_by, role):
    assert await gives_way_by(role) == 0
