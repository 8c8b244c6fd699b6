"""The command line against a gateway under TLS: what a partner's and an operator's scripts see."""

import asyncio
import json
import ssl
from pathlib import Path

import aiohttp
import pytest
import trustme

from gateway.app import ALL_ROLES, gateway
from gateway.settings import Role
from tests.servers.gateway_process import OPERATOR, install

EXAMPLES = Path(__file__).parents[2] / "examples"
HIRES = str(EXAMPLES / "ohio-new-hires.w4")
PARTNERS = """
[[partner]]
key = "ohio"
name = "Ohio"
role = "state"
program = "IV-D"
locators = ["39"]
[partner.endpoint]
adapter = "mailbox"

[[partner]]
key = "ndnh"
name = "National directory"
role = "directory"
program = "NDNH"
locators = ["NDNH"]
[partner.endpoint]
adapter = "folder"
directory = "/nowhere/at/all"
[partner.formats]
new-hire = "w4"
[partner.retry]
waits = ["500ms"]
jitter = 0.0
[partner.breaker]
failures = 1000

[[agreement]]
key = "hires"
senders = ["ohio"]
recipient = "ndnh"
kinds = ["new-hire"]
legal_basis = "42 USC 653a(g)"
valid_from = 2020-01-01
plain = true
"""


class Shell:
    """Runs commands against one gateway."""

    def __init__(self, command_line, installed, process, authority):
        self.command_line, self.installed, self.url, self.authority = (
            command_line,
            installed,
            process.addresses["api"],
            authority,
        )
        self.console = process.addresses["console"]

    async def run(self, *arguments, caller="ohio", trust=True):
        given = ["--url", self.url, "--key", self.installed.tokens[caller]]
        given += ["--ca", str(self.authority)] if trust else []
        return await asyncio.to_thread(self.command_line.on, self.installed, *arguments, *given)


async def opened(tmp_path, sqlite_url):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    tls = {"certificate": str(tmp_path / "cert.pem"), "key": str(tmp_path / "key.pem")}
    return await install(tmp_path / "home", sqlite_url, PARTNERS, tls=tls, api={"port": 0, "records_at_once": 10})


@pytest.fixture
async def shell(command_line, tmp_path, sqlite_url):
    installed = await opened(tmp_path, sqlite_url)
    async with gateway(installed.settings) as process:
        yield Shell(command_line, installed, process, tmp_path / "ca.pem")


async def test_a_certificate_that_nobody_vouches_for_is_refused_and_the_way_out_is_told(shell):
    done = await shell.run("submit", HIRES, "-f", "w4", trust=False)
    assert done.returncode == 8
    assert "--ca FILE" in done.stderr
    missing = await shell.run("status", "x", "--ca", "nowhere.pem", trust=False)
    assert missing.returncode == 3
    assert "nowhere.pem" in missing.stderr


async def test_the_console_is_under_tls_too(shell):
    async with aiohttp.ClientSession() as session:
        context = ssl.create_default_context(cafile=str(shell.authority))
        async with session.get(f"{shell.console}/login", ssl=context) as answer:
            assert answer.status == 200


async def test_a_big_file_is_waited_for_and_all_its_records_are_listed(shell):
    done = await shell.run("submit", HIRES, "-f", "w4", "--wait", "60", "--json")
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout)
    assert (judged["state"], judged["counts"]["accepted"]) == ("judged", 25)
    again = await shell.run("submit", HIRES)
    assert "Taken for w4." in again.stderr, "the content says the format"
    assert "received before" in again.stderr
    closed = await shell.run("submit", HIRES, "--protected", "cms")
    assert (closed.returncode, "--format" in closed.stderr) == (2, True)
    listed = await shell.run("status", judged["id"], "--records", "--json")
    rows = json.loads(listed.stdout)["records"]
    assert [row["ordinal"] for row in rows] == list(range(1, 26))
    shown = await shell.run("status", judged["id"], "--records")
    assert all(row["id"] in shown.stdout for row in rows), "an id is folded where no terminal is"
    trace = json.loads((await shell.run("trace", rows[0]["id"], "--json")).stdout)
    assert trace["steps"][0]["action"]


async def test_waiting_ends_with_its_own_exit_code(command_line, tmp_path, sqlite_url):
    installed = await opened(tmp_path, sqlite_url)
    async with gateway(installed.settings, ALL_ROLES - {Role.SCHEDULER}) as process:
        shell = Shell(command_line, installed, process, tmp_path / "ca.pem")
        done = await shell.run("submit", HIRES, "-f", "w4", "--wait", "0.6")
    assert done.returncode == 9
    assert "waited-too-long" in done.stderr


async def test_findings_are_told_by_status_and_a_file_that_cannot_be_read_says_why(shell):
    faulty = await shell.run("submit", str(EXAMPLES / "faulty.w4"), "-f", "w4", "--wait", "60", "--json")
    assert faulty.returncode == 4
    told = await shell.run("status", json.loads(faulty.stdout)["id"])
    assert "NH-SSN" in told.stdout
    assert "None" not in told.stdout
    hostile = await shell.run("submit", str(EXAMPLES / "hostile-doctype.xml"), "-f", "xml")
    assert hostile.returncode == 4
    assert "XML-DOCTYPE" in hostile.stderr
    unknown = await shell.run("submit", HIRES, "-f", "zip")
    assert unknown.returncode == 2
    assert "gateway formats" in unknown.stderr


async def test_a_big_file_of_which_nothing_is_taken_is_no_success(shell):
    first = await shell.run("submit", HIRES, "-f", "w4", "--wait", "60")
    assert first.returncode == 0, first.stderr
    again = await shell.run("submit", HIRES, "-f", "w4", "--wait", "60", "--idempotency-key", "again")
    assert "FILE-REPEATED" in again.stdout
    assert "0 records" in again.stderr
    assert again.returncode == 4


async def test_an_operator_sees_a_dead_delivery_with_its_attempts(shell):
    await shell.run("submit", HIRES, "-f", "w4", "--wait", "60")
    rows = []
    for _ in range(40):
        rows = json.loads((await shell.run("dead", "list", "--json", caller=OPERATOR)).stdout)["rows"]
        if rows:
            break
        await asyncio.sleep(0.5)
    shown = json.loads((await shell.run("dead", "show", rows[0]["id"], "--json", caller=OPERATOR)).stdout)
    assert shown["state"] == "dead"
    assert len(shown["history"]) >= 1
    assert shown["cause"] in (await shell.run("dead", "show", rows[0]["id"], caller=OPERATOR)).stdout
    nothing = await shell.run("dead", "replay", "--partner", "nobody", "--reason", "a test", caller=OPERATOR)
    assert (nothing.returncode, nothing.stderr.strip()) == (0, "Nothing matches.")


async def test_an_empty_mailbox_says_where_leased_parcels_are(shell):
    done = await shell.run("mailbox", "list")
    assert done.returncode == 0
    assert "lease" in done.stderr
