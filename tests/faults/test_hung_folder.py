"""A partner's folder on a mount that hangs: the process ends when it is told to, and the delivery is not lost."""

from __future__ import annotations

import os
import signal

import pytest

from tests.journeys import samples
from tests.journeys.partner_files import everybody, partner
from tests.journeys.partner_server import partner_server
from tests.journeys.site import api, running, until, whole
from tests.servers.gateway_process import OPERATOR, GatewayProcess, install
from tests.servers.ports import free_port


def into(folder, seconds):
    endpoint = f'adapter = "folder"\ndirectory = "{folder}"\ntimeout_seconds = {seconds}'
    return {"michigan": partner("michigan", endpoint)}


@pytest.mark.timeout(240)
async def test_a_process_with_a_folder_that_hangs_ends_when_it_is_told_to(
    hung_mount, loaded_program, sqlite_url, tmp_path
):
    hung, _ = hung_mount
    async with partner_server() as partners:
        text = everybody(partners.port, **into(hung, 600))
        installed = await install(tmp_path / "home", sqlite_url, text, api={"port": free_port()})
        process = GatewayProcess(installed, loaded_program)
        try:
            await process.start()
            async with api(process.url, installed.tokens) as client:
                receipt = await client.accepted("ohio", "csenet", samples.csenet(1))

                async def claimed():
                    return (await client.delivery(receipt))["state"] == "claimed"

                await until(claimed, "the file is being written")
            os.kill(process.pid, signal.SIGTERM)
            await until(lambda: not process.running, "the process has ended")
        finally:
            process.kill9()
        fine = tmp_path / "fine"
        fine.mkdir()
        await installed.apply(everybody(partners.port, **into(fine, 600)))
        async with running(installed, partners) as site:
            await until(lambda: list(fine.iterdir()), "the next process writes it where the folder is now")
            await until(site.process.base.logbook.audit.head, "a checkpoint is signed")
            assert (await site.process.base.logbook.verify()).faults == ()


@pytest.mark.timeout(240)
async def test_a_folder_that_hangs_is_an_outage_of_its_partner_and_the_file_is_there_once_it_is_mended(
    hung_mount, sqlite_url, tmp_path
):
    hung, _ = hung_mount
    async with whole(tmp_path / "home", sqlite_url, changed=lambda _port: into(hung, 1)) as site:
        receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))

        async def timed_out():
            delivery = await site.api.delivery(receipt)
            detail = await site.api.get(OPERATOR, f"/v1/deliveries/{delivery['id']}")
            return {one["code"] for one in detail["history"]} == {"folder-timeout"}

        await until(timed_out, "the attempt ends and says why")
        fine = tmp_path / "fine"
        fine.mkdir()
        await site.installed.apply(everybody(site.partners.port, **into(fine, 1)))

        async def delivered():
            return (await site.api.delivery(receipt))["state"] == "delivered"

        await until(delivered, "the file goes where the folder is now")
        assert len(list(fine.iterdir())) == 1
