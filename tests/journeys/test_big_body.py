"""A body of more than 1,000 records is durable first, judged in the background, and resumed after a crash."""

from __future__ import annotations

import jwt
import pytest

from tests.journeys import samples
from tests.journeys.partner_files import QUICK_RETRY, everybody, https, partner
from tests.journeys.partner_server import partner_server
from tests.journeys.site import api, until, whole
from tests.servers.gateway_process import GatewayProcess, install
from tests.servers.ports import free_port

BATCHED = '\n[partner.batching.new-hire]\nmode = "count"\ncount = 50000\nage = "1s"\nlimit = 10000\n' + QUICK_RETRY


def hires(count):
    """A W-4 file of Ohio with so many records."""
    header, first = samples.W4.splitlines()[:2]
    records = [first[:2] + str(900_000_000 + number).encode() + first[11:] for number in range(count)]
    return b"\r\n".join([header, *records]) + b"\r\n"


def socials(arrivals):
    """The numbers of all hires in W-4 deliveries."""
    lines = [line for one in arrivals for line in one.body.splitlines()]
    return [line[2:11] for line in lines if line.startswith(b"W4")]


def directory(port):
    return {"ndnh": partner("ndnh", https(port, "ndnh", timeout=3), BATCHED)}


async def judged(client, submission, patience=100):
    async def done():
        found = await client.get("ohio", submission["links"]["self"])
        return found if found["state"] == "judged" else None

    return await until(done, "the body is judged to its end", patience)


async def signed(client, submission):
    """What the final receipt says."""

    async def ended():
        return (await client.get("ohio", submission["links"]["self"]))["links"]["final"]

    link = await until(ended, "everything of the body has ended")
    answer = await client.send("ohio", "GET", link)
    return jwt.decode(answer.body.decode(), options={"verify_signature": False})


async def test_a_big_body_is_judged_in_the_background_with_progress(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url, changed=directory) as site:
        answer = await site.api.submit("ohio", "w4", hires(1_500))
        assert answer.status == 202
        assert (answer.json["state"], answer.json["counts"]) == ("received", None)
        assert int(answer.headers["Retry-After"]) >= 1
        found = await judged(site.api, answer.json)
        assert found["progress"] == found["counts"]["records"] == found["counts"]["accepted"] == 1_500
        assert (await site.api.submit("ohio", "w4", hires(1_500), "other")).json["state"] == "received"
        await until(lambda: len(set(socials(site.partners.to("ndnh")))) == 1_500, "the directory has them all")
        claims = await signed(site.api, answer.json)
        assert claims["counts"] == {"records": 1_500, "refused": 0, "withheld": 0}
        assert [(one["partner"], one["delivered"]) for one in claims["recipients"]] == [("ndnh", 1_500)]


@pytest.mark.timeout(300)
async def test_judging_resumes_after_a_kill_where_it_was(loaded_program, sqlite_url, tmp_path):
    count = 5_000
    async with partner_server() as partners:
        text = everybody(partners.port, **directory(partners.port))
        installed = await install(tmp_path, sqlite_url, text, api={"port": free_port()})
        process = GatewayProcess(installed, loaded_program)
        try:
            await process.start()
            async with api(process.url, installed.tokens) as client:
                body = hires(count)
                receipt = (await client.submit("ohio", "w4", body, "big")).json

                async def begun():
                    return (await client.get("ohio", receipt["links"]["self"]))["progress"]

                assert await until(begun, "judging has begun") < count
                await process.restart()
                found = await judged(client, receipt)
                assert found["counts"]["records"] == found["counts"]["accepted"] == count
                again = await client.submit("ohio", "w4", body, "big")
                assert again.json == receipt
                await until(lambda: len(socials(partners.to("ndnh"))) >= count, "the directory has them all", 60)
                once = {one.delivery: one for one in partners.to("ndnh")}.values()
                assert sorted(socials(once)) == sorted({f"{900_000_000 + n}".encode() for n in range(count)})
        finally:
            process.kill9()
