"""The same submission gets the same answer: in parallel, after a restart, after a rotation of the keys."""

from __future__ import annotations

import asyncio

from gateway.core.model import Page
from tests.journeys import samples
from tests.journeys.partner_files import everybody
from tests.journeys.partner_server import partner_server
from tests.journeys.site import running, until
from tests.servers.gateway_process import install


async def test_a_hundred_posts_with_one_key_are_one_submission_for_ever(command_line, sqlite_url, tmp_path):
    body = samples.csenet(1, samples.ENFORCEMENT)
    async with partner_server() as partners:
        installed = await install(tmp_path, sqlite_url, everybody(partners.port))
        async with running(installed, partners) as site:
            answers = await asyncio.gather(*(site.api.submit("ohio", "csenet", body, "one-key") for _ in range(100)))
            assert {answer.status for answer in answers} == {202}
            (receipt,) = {answer.body for answer in answers}
            assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
            assert len((await site.process.base.stores.submissions.list(None, Page())).rows) == 1
        async with running(installed, partners) as site:
            assert (await site.api.submit("ohio", "csenet", body, "one-key")).body == receipt
            rotated = await asyncio.to_thread(command_line.on, installed, "keys", "rotate")
            assert rotated.returncode == 0, rotated.stderr
        async with running(installed, partners) as site:
            assert (await site.api.submit("ohio", "csenet", body, "one-key")).body == receipt
            other = await site.api.submit("ohio", "csenet", samples.csenet(2), "one-key")
            assert (other.status, other.json["code"]) == (422, "idempotency-mismatch")
            await until(lambda: partners.to("michigan"), "the record arrives")
            assert len(partners.deliveries("michigan")) == 1


async def test_another_key_with_the_same_serial_is_another_submission_and_a_refused_record(sqlite_url, tmp_path):
    async with partner_server() as partners:
        installed = await install(tmp_path, sqlite_url, everybody(partners.port))
        async with running(installed, partners) as site:
            await site.api.accepted("ohio", "csenet", samples.csenet(1), "first")
            again = await site.api.submit("ohio", "csenet", samples.csenet(1), "second")
            assert again.status == 202
            assert again.json["counts"]["refused"] == 1
            assert again.json["records"][0]["reason"] == "CSE-SERIAL-DUPLICATE"
