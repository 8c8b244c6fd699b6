"""A worker of Ohio asks Michigan about one case: over the whole gateway, with the command line, to the audit log."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.journeys.partner_files import QUICK_RETRY, https, partner
from tests.journeys.site import Site, until, whole

QUERIES = Path(__file__).parents[2] / "examples" / "queries"
QUERY, ANSWER = (QUERIES / f"financial-{name}.xml" for name in ("query", "answer"))
WHERE = """
[partner.queries]
url = "http://127.0.0.1:{port}/michigan"
allow_http = true
allow_private = true
timeout_seconds = 5
"""


@pytest.fixture
async def site(tmp_path, sqlite_url):
    def michigan(port: int) -> dict[str, str]:
        return {"michigan": partner("michigan", https(port, "michigan"), WHERE.format(port=port) + QUICK_RETRY)}

    async with whole(tmp_path / "home", sqlite_url, changed=michigan) as made:
        yield made


@pytest.fixture
def query(command_line, site: Site):
    async def command(caller: str = "ohio", *more: object):
        given = ["--url", site.process.addresses["api"], "--key", site.installed.tokens[caller]]
        return await asyncio.to_thread(command_line.on, site.installed, "query", QUERY, *more, *given)

    return command


async def figures(site: Site) -> str:
    async with aiohttp.ClientSession() as session, session.get(site.process.addresses["metrics"] + "/metrics") as page:
        return await page.text()


async def test_a_worker_asks_and_is_answered_and_the_log_proves_it_and_nobody_asks_in_anothers_name(site, query):
    async def answers(request: web.Request, _body: bytes) -> web.Response:
        assert request.headers["Gateway-Kind"] == "case-status"
        return web.Response(body=ANSWER.read_bytes(), content_type="application/xml")

    site.partners.behaviours["michigan"] = answers
    done = await query()
    assert done.returncode == 0, done.stderr
    assert "<TotalOwedAmount>1850.00</TotalOwedAmount>" in done.stdout
    id_ = done.stderr.split()[1]
    log = site.process.base.stores.audit

    async def numbered():
        entries = await log.about(f"query:{id_}")
        return entries if all(number is not None for number, _ in entries) else None

    entries = await until(numbered, "the entries are numbered")
    assert [one.action for _, one in entries] == ["query.asked", "query.answered"]
    in_anothers_name = await query("california")
    assert in_anothers_name.returncode == 4
    assert "SENDER-MISMATCH" in in_anothers_name.stderr
    assert len(site.partners.tries) == 1
    page = await figures(site)
    assert 'gateway_queries_total{outcome="answered",partner="michigan"} 1.0' in page
    assert 'gateway_query_seconds_count{outcome="answered",partner="michigan"} 1.0' in page
    file = site.home / "answer.xml"
    kept = await query("ohio", "--json", "--out", file)
    told = json.loads(kept.stdout)
    assert (told["file"], told["bytes"]) == (str(file), file.stat().st_size)
    assert b"<TotalOwedAmount>1850.00</TotalOwedAmount>" in file.read_bytes()
    assert told["query"] in kept.stderr
    assert told["query"] != id_


async def test_who_gets_no_answer_reads_the_cause_by_which_the_runbook_says_what_to_do(site, query):
    async def answers(_request: web.Request, _body: bytes) -> web.Response:
        body = ANSWER.read_text().replace("<QueryID>", "<QueryID>9")
        return web.Response(text=body, content_type="application/xml")

    site.partners.behaviours["michigan"] = answers
    done = await query()
    assert (done.returncode, done.stdout) == (8, "")
    assert "Cause: answer-to-another-query" in done.stderr
    assert "(query-answer-unfit)" in done.stderr
