"""Processes with some of the roles: who goes first on one machine, and who makes what the others need."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from tests.journeys.partner_files import everybody
from tests.journeys.site import until
from tests.servers.gateway_process import GatewayProcess, install
from tests.servers.ports import free_port


@pytest.fixture
async def serving(loaded_program, sqlite_url, amqp_url, tmp_path):
    """Starts a process with some roles; gives its installation and its id once it serves."""
    started = []

    async def begun(roles, **settings):
        port = free_port()
        sections = {"api": {"port": port}, "work": settings}
        installed = await install(tmp_path, sqlite_url, everybody(free_port()), broker=amqp_url, **sections)
        process = GatewayProcess(installed, loaded_program, roles=roles)
        started.append(process)
        process.begin()
        await until(lambda: "gateway.started" in process.log.read_text(), "it serves")
        return installed, process.pid

    yield begun
    for process in started:
        process.stop()


@pytest.fixture
def gives_way_by(serving):
    """By how much a process of such roles gives way to the tests."""

    async def measured(roles, **settings):
        _, pid = await serving(roles, **settings)
        return os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(os.PRIO_PROCESS, 0)

    return measured


async def test_a_process_that_nobody_waits_for_gives_way_to_the_others(gives_way_by):
    assert await gives_way_by("dispatcher,scheduler,integrator") == 5


async def test_by_how_much_it_gives_way_is_a_setting(gives_way_by):
    assert await gives_way_by("dispatcher,scheduler,integrator", niceness=11) == 11


@pytest.mark.parametrize("role", ["api,relay,dispatcher", "console,dispatcher"])
async def test_a_process_that_somebody_waits_for_gives_way_to_nobody(gives_way_by, role):
    assert await gives_way_by(role) == 0


async def test_a_process_whose_terminal_is_closed_stops_in_order(loaded_program, sqlite_url, tmp_path):
    """What is in hand is given back and the listeners are closed, as when it is terminated."""
    port = free_port()
    installed = await install(tmp_path, sqlite_url, everybody(free_port()), api={"port": port})
    process = GatewayProcess(installed, loaded_program)
    await process.start()
    assert await asyncio.to_thread(process.hang_up) == 0
    assert "Traceback" not in process.log.read_text()


async def test_a_relay_that_starts_before_any_dispatcher_has_queues_to_announce_to(serving):
    installed, _ = await serving("relay")
    assert await asyncio.to_thread(missing_queues, installed) == []


async def test_control_a_scheduler_alone_makes_no_queues(serving):
    installed, _ = await serving("scheduler")
    assert any("michigan" in name for name in await asyncio.to_thread(missing_queues, installed))
    declared = await asyncio.to_thread(installed.command, "topology", "apply", "--json")
    assert "michigan" in json.loads(declared.stdout)["partners"]
    assert await asyncio.to_thread(missing_queues, installed) == []


def missing_queues(installed):
    """Names of what the broker lacks for the partners of the installation."""
    return [one["name"] for one in json.loads(installed.command("topology", "diff", "--json").stdout)]
