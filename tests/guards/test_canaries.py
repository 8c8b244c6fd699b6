"""Nothing about a person is readable at rest, in a log, a metric, an answer, an audit entry or on the console."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.callers import Account, add_operator
from gateway.core.model import Actor
from gateway.foundation import foundation
from tests.assurance import NIGHT
from tests.guards.canaries import CSV_HEAD, Canary, Scanner, files
from tests.journeys import samples
from tests.journeys.partner_files import everybody
from tests.journeys.partner_server import partner_server
from tests.journeys.site import api, until
from tests.servers.gateway_process import OPERATOR, GatewayProcess, install
from tests.servers.ports import free_port

PEOPLE = [Canary(number) for number in range(1, 10_001 if NIGHT else 501)]
FIFTH = len(PEOPLE) // 5
LOCATES, BROKEN_LOCATES, HIRES, BROKEN_HIRES, DEAD = (
    PEOPLE[: 2 * FIFTH],
    PEOPLE[2 * FIFTH : 2 * FIFTH + FIFTH // 2],
    PEOPLE[2 * FIFTH + FIFTH // 2 : 3 * FIFTH + FIFTH // 2],
    PEOPLE[3 * FIFTH + FIFTH // 2 : 4 * FIFTH],
    PEOPLE[4 * FIFTH :],
)
PATIENCE = 1_200.0 if NIGHT else 40.0
AT_ONCE = 250
"""Records of one body: judged while the caller waits."""
PASSWORD = "a synthetic password"
LINK = re.compile(r'href="(/[^"#]*)"')
NOT_PAGES = ("/static", "/logout", "/login")
SCANNER = Scanner(PEOPLE)


def locate(canary, **changes):
    made = samples.locate(
        canary.number,
        given=canary.given,
        family=canary.family,
        ssn=canary.ssn,
        case=canary.case,
        street=canary.street,
    )
    made["Case"].update(changes)
    return made


SANDBOX = {"environment": "SANDBOX", "second_factor": False}
"""A console for one test, without anything real."""


async def echoes(_request, body):
    """A partner that refuses some records and repeats what it was sent in its answer."""
    if any(canary.family.encode() in body for canary in DEAD):
        quoted = re.sub(rb"[^ -~]", b" ", body)[:3000].decode()
        return web.json_response({"type": f"urn:{quoted}", "detail": quoted}, status=422, reason=quoted[:200])
    return None


def parts(people):
    return [people[start : start + AT_ONCE] for start in range(0, len(people), AT_ONCE)]


async def post_everything(client):
    """Accepted, refused, unreadable and dead-lettered records."""
    tribe = "tribe-90830"
    for part in parts(LOCATES):
        await client.accepted(tribe, "json", samples.as_json(*(locate(one) for one in part)))
    for part in parts(DEAD):
        dead = await client.accepted(tribe, "json", samples.as_json(*(locate(one) for one in part)))
    answers = []
    for part in parts(BROKEN_LOCATES):
        # The canary itself stands where a code is expected: a finding must not quote it.
        wrong = (locate(one, CaseTypeCode=one.family, **{one.given: one.ssn}) for one in part)
        broken = samples.as_json(*wrong)
        answers.append(await client.submit(tribe, "json", broken))
        assert answers[-1].json["counts"]["refused"] == len(part)
    for part in parts(HIRES):
        rows = "\n".join([CSV_HEAD, *(one.row() for one in part)]) + "\n"
        await client.accepted("acme", "newhire-csv-nc", rows.encode())
    for part in parts(BROKEN_HIRES):
        faulty = "\n".join([CSV_HEAD, *(one.row(hired=one.family) for one in part)]) + "\n"
        answers.append(await client.submit("acme", "newhire-csv-nc", faulty.encode()))
        assert answers[-1].json["counts"]["refused"] == len(part)
    head = samples.XML.split("?>")[0] + "?>"
    hostile = f'{head}<!DOCTYPE x [<!ENTITY e "{BROKEN_LOCATES[0].family}">]><x>{BROKEN_LOCATES[0].ssn}</x>'
    answers.append(await client.submit(tribe, "xml", hostile.encode()))
    answers.append(await client.submit(tribe, "json", b'{"kind": "' + BROKEN_LOCATES[1].family.encode()))
    answers.append(await client.submit(tribe, f"json&{BROKEN_LOCATES[2].family}=1", b"{}"))
    validated = await client.send(tribe, "POST", "/v1/validations?format=json", broken)
    return dead, {f"answer {number}": answer.body for number, answer in enumerate([*answers, validated])}


async def api_answers(client):
    """Everything that the API tells senders, recipients and operators about what was posted."""
    told = {}

    async def look(caller, path):
        answer = await client.send(caller, "GET", path)
        told[f"{caller} {path}"] = answer.body
        return answer.json if answer.status == 200 and answer.headers["Content-Type"].startswith("application") else {}

    for caller in ("tribe-90830", "acme", "ohio", OPERATOR):
        for path in ("/v1/submissions", "/v1/deliveries?limit=500", "/v1/dead-letters", "/v1/queues"):
            await look(caller, path)
    for submission in (await look(OPERATOR, "/v1/submissions"))["rows"]:
        own = submission["links"]["self"]
        for path in (own, f"{own}/records?limit=500", f"{own}/findings?limit=500"):
            await look(OPERATOR, path)
        for record in (await look(OPERATOR, f"{own}/records?limit=500"))["rows"][::10]:
            for path in ("", "/trace", "/proof"):
                await look(OPERATOR, f"/v1/records/{record['id']}{path}")
    for delivery in (await look(OPERATOR, "/v1/deliveries?state=dead"))["rows"][:10]:
        await look(OPERATOR, f"/v1/deliveries/{delivery['id']}")
    return told


@asynccontextmanager
async def browser(url):
    """A logged-in admin on the console."""
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        form = await (await session.get("/login")).text()
        token = re.search(r'name="csrf" value="([^"]+)"', form)[1]
        sent = {"name": "avery", "password": PASSWORD, "csrf": token}
        answer = await session.post("/login", data=sent, headers={"Origin": url}, allow_redirects=False)
        assert answer.status in (302, 303), await answer.text()
        yield session


async def console_pages(url, most=120):
    """The console's pages, found by following its own links."""
    seen, waiting = {}, ["/", "/records", "/dead", "/deliveries", "/submissions", "/audit", "/system", "/queues"]
    async with browser(url) as session:
        while waiting and len(seen) < most:
            path = waiting.pop(0)
            if f"console {path}" in seen:
                continue
            async with session.get(path) as answer:
                body = await answer.read()
            seen[f"console {path}"] = body
            found = {link.replace("&amp;", "&") for link in LINK.findall(body.decode(errors="replace"))}
            waiting += sorted(link for link in found if not link.startswith(NOT_PAGES))
    return seen


@pytest.fixture
async def played(sqlite_url, tmp_path, request):
    """The whole play, at full size on a real broker: the installation afterwards and all that was answered. What a
    broker keeps is looked through in every run by ``tests/journeys/test_broker_canaries.py``."""
    broker = request.getfixturevalue("amqp_url") if NIGHT else None
    home, temporary = tmp_path / "site", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    database = tmp_path / "gateway.db"
    metrics, console = free_port(), free_port()
    async with partner_server() as partners:
        partners.behaviours["ohio"] = echoes
        text = everybody(partners.port)
        ports = {
            "api": {"port": free_port()},
            "metrics": {"port": metrics},
            "console": {"port": console, **SANDBOX},
        }
        installed = await install(home, sqlite_url, text, broker=broker, **ports)
        async with foundation(installed.settings) as base:
            await add_operator(base, Actor("operator", "tester"), Account("avery", "operator", PASSWORD))
        process = GatewayProcess(installed, settings={"TMPDIR": str(temporary)})
        try:
            await process.start()
            async with api(process.url, installed.tokens) as client:
                dead, told = await post_everything(client)

                async def settled():
                    groups = (await client.get(OPERATOR, "/v1/dead-letters"))["rows"]
                    return sum(group["count"] for group in groups) == len(DEAD)

                await until(settled, "the refused deliveries are dead letters", PATIENCE)
                await until(
                    lambda: len(partners.to("ohio")) >= len(LOCATES) + len(HIRES), "the others arrive", PATIENCE
                )
                told |= await api_answers(client)
                told |= {"dead receipt": str(dead).encode()}
                told |= await console_pages(f"http://127.0.0.1:{console}")
                async with client.session.get(f"http://127.0.0.1:{metrics}/metrics") as answer:
                    told["metrics"] = await answer.read()
            told["limits"] = await asyncio.to_thread(Path(f"/proc/{process.pid}/limits").read_bytes)
            wal = files(tmp_path)  # with the database's log, before the last checkpoint empties it
            if broker is not None:
                kept = files(request.getfixturevalue("rabbitmq_node").home)
                wal |= {f"broker {name}": seen for name, seen in kept.items()}
            process.stop()
        finally:
            process.kill9()
        yield database, told, {f"running {name}": seen for name, seen in wal.items()}, partners.bodies("ohio")


@pytest.mark.claim("A23", control="test_control_the_scanner_finds_what_is_written_as_it_came_in_every_sink")
@pytest.mark.timeout(240)
async def test_no_canary_is_found_in_any_sink_and_a_body_written_unsealed_is(played, tmp_path, claim):
    database, told, running, delivered = played
    expected = [*LOCATES, *HIRES]
    sent = SCANNER.hits("deliveries", delivered)
    assert {f"deliveries: {one.family}" for one in expected} <= set(sent), "the scanner sees them where they belong"

    at_rest = files(tmp_path)
    assert any(name.endswith("-wal") for name in running), "the database's log was looked through"
    assert any("log-" in name and seen for name, seen in at_rest.items()), "what the process said was looked through"
    assert len([name for name in told if name.startswith("console /records/")]) > 3
    assert b"gateway_delivery_attempts_total" in told["metrics"]
    assert re.search(rb"Max core file size +0 +0 ", told["limits"]), "what it has in memory is written nowhere"
    assert SCANNER.everywhere({**told, **running, **at_rest}) == []
    sinks = len(told) + len(running) + len(at_rest)
    claim.measured(f"0 of {len(PEOPLE)} people found in {sinks} files, pages and answers")

    # The control: the same body, written as it came.
    with sqlite3.connect(database) as connection:
        connection.execute(
            "UPDATE records SET sealed = ? WHERE id = (SELECT min(id) FROM records WHERE sealed IS NOT NULL)",
            (samples.as_json(locate(LOCATES[0])),),
        )
    connection.close()
    found = await asyncio.to_thread(files, tmp_path)
    assert any(LOCATES[0].family in hit for hit in SCANNER.everywhere(found))


def test_control_the_scanner_finds_what_is_written_as_it_came_in_every_sink(tmp_path):
    body = samples.as_json(locate(LOCATES[0]))
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE records (sealed BLOB)")
        connection.execute("INSERT INTO records VALUES (?)", (body,))
        connection.commit()
        found = files(tmp_path)  # while it is open: the log of the database is not yet in its file
    (tmp_path / "log").write_text(f'{{"event":"x","name":"{LOCATES[0].family.lower()}"}}')
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "queue").write_bytes(b"\x00" + body + b"\x00")
    hits = SCANNER.everywhere({**found, **files(tmp_path)})
    for sink in ("a.db-wal", "log", "deep/queue"):
        assert f"{sink}: {LOCATES[0].family}" in hits
