"""Two processes and one delivery: who sleeps past its lease loses it, and its late outcome changes nothing."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.journeys import samples
from tests.journeys.partner_files import everybody
from tests.journeys.partner_server import partner_server
from tests.journeys.site import api, running, until
from tests.servers.gateway_process import OPERATOR, GatewayProcess, install
from tests.servers.ports import free_port


@pytest.mark.timeout(240)
async def test_a_process_that_sleeps_past_its_lease_loses_the_delivery_to_another(
    loaded_program, postgres_url, amqp_url, tmp_path
):
    async with partner_server() as partners:
        other = {"GATEWAY__API__PORT": str(free_port())}
        installed = await install(tmp_path, postgres_url, everybody(partners.port), broker=amqp_url)
        sleeper = GatewayProcess(installed, loaded_program, settings=other)
        held, release = asyncio.Event(), asyncio.Event()

        async def hold_the_first(_request, _body):
            if not held.is_set():
                held.set()
                await release.wait()

        partners.behaviours["michigan"] = hold_the_first
        try:
            await sleeper.start()
            async with api(sleeper.url, installed.tokens) as client:
                receipt = await client.accepted("ohio", "csenet", samples.csenet(1))
                await asyncio.wait_for(held.wait(), 30)
                os.kill(sleeper.pid, signal.SIGSTOP)
                async with running(installed, partners) as awake:

                    async def delivered():
                        return (await awake.api.delivery(receipt))["state"] == "delivered"

                    await until(delivered, "the other process delivers it")
                    release.set()
                    os.kill(sleeper.pid, signal.SIGCONT)
                    await until(lambda: b"delivery.lease_lost" in sleeper.log.read_bytes(), "the sleeper notices")
                    delivery = await awake.api.delivery(receipt)
                    detail = await awake.api.get(OPERATOR, f"/v1/deliveries/{delivery['id']}")
                    assert detail["state"] == "delivered"
                    assert detail["attempts"] == len(detail["history"]) == 1
                    assert {(one.delivery, one.digest) for one in partners.to("michigan")} == {
                        (delivery["id"], delivery["digest"])
                    }
                    report = await awake.process.base.logbook.verify()
                    assert report.faults == ()
        finally:
            release.set()
            sleeper.kill9()
