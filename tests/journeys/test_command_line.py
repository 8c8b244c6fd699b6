"""The command line as an operator and an auditor use it, in processes of their own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import time

import pytest

from tests.journeys import samples
from tests.journeys.partner_files import everybody
from tests.journeys.site import until, whole
from tests.servers.gateway_process import GATEWAY, bare_environment, install
from tests.servers.ports import free_port

HELP_TIMES = 1.5
"""So many times the bare imports; 0.9 when nothing was drawn in boxes any more, 1.6 with them."""
CONFIGURATION, INTEGRITY, INTERRUPTED = 3, 10, 130
STOPPED_IN = 2.0


async def test_an_auditor_verifies_proves_and_checks(command_line, sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))
        record = receipt["records"][0]["id"]

        async def delivered():
            return (await site.api.delivery(receipt))["state"] == "delivered"

        await until(delivered, "it is delivered")

        def run(*arguments):
            return asyncio.to_thread(command_line.on, site.installed, *arguments)

        async def proved():
            done = await run("audit", "prove", record, "--out", str(tmp_path / "proof"))
            return done.returncode == 0

        await until(proved, "the log has numbered the record")
        verified = await run("audit", "verify", "--json")
        assert verified.returncode == 0, verified.stderr
        told = json.loads(verified.stdout)
        assert (told["faults"], told["rows"], told["contradictions"]) == ([], 3, 0)
        key = (await run("audit", "key")).stdout.strip().splitlines()[0]

        # Offline: a machine without settings, database or keys of the gateway.
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()

        def check(file):
            command = [str(GATEWAY), "audit", "check", str(file), "--key", key, "--json"]
            return asyncio.to_thread(
                subprocess.run,
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd=elsewhere,
                env=bare_environment(),
            )

        held = await check(tmp_path / "proof")
        assert held.returncode == 0, held.stderr
        assert "record.accepted" in [entry["action"] for entry in json.loads(held.stdout)["entries"]]
        text = (tmp_path / "proof").read_text()
        assert "michigan" in text
        (tmp_path / "forged").write_text(text.replace("michigan", "missouri"))
        assert (await check(tmp_path / "forged")).returncode == INTEGRITY


async def test_an_operator_submits_a_file_and_asks_what_became_of_it(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        file = tmp_path / "case.csenet"
        file.write_bytes(samples.csenet(1))
        who = ("--url", site.api.url, "--key", site.api.tokens["ohio"])

        def run(*arguments):
            return asyncio.to_thread(site.installed.command, *arguments)

        sent = await run("submit", str(file), "--format", "csenet", "--json", *who)
        assert sent.returncode == 0, sent.stderr
        receipt = json.loads(sent.stdout)
        again = await run("submit", str(file), "--format", "csenet", "--json", *who)
        assert json.loads(again.stdout) == receipt, "the same file gets the same receipt"
        trace = await run("trace", receipt["records"][0]["id"], *who)
        assert trace.returncode == 0, trace.stderr
        assert "record.accepted" in trace.stdout


@pytest.mark.timeout(240)
def test_the_demonstration_holds_on_the_embedded_servers(tmp_path):
    done = subprocess.run(
        [str(GATEWAY), "demo", "--once"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=bare_environment(),
        timeout=200,
    )
    assert_demonstrated(done, tmp_path)


@pytest.mark.timeout(240)
def test_the_demonstration_holds_on_real_servers(command_line, tmp_path, postgres_url, amqp_url):
    done = command_line.run(["demo", "--once", "--pg", postgres_url, "--amqp", amqp_url], tmp_path, {}, patience=200)
    assert_demonstrated(done, tmp_path)


def assert_demonstrated(done, folder):
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "Every expectation held." in done.stdout
    assert "FAIL" not in done.stdout
    assert list(folder.iterdir()) == [], "it leaves nothing where it is run"


def test_the_demonstration_stops_within_two_seconds_and_leaves_nothing(tmp_path):
    """Alone on a machine it takes 0.2 s."""
    environment = {**bare_environment(), "TMPDIR": str(tmp_path)}
    command = [str(GATEWAY), "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as demonstration:
        assert any("login" in line for line in demonstration.stdout), "it introduces itself"
        assert [one for one in tmp_path.iterdir() if one.name.startswith("gateway-demo-")]
        begun = time.perf_counter()
        demonstration.send_signal(signal.SIGINT)
        demonstration.wait(timeout=30)
        assert time.perf_counter() - begun < STOPPED_IN
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_the_demonstration_leaves_nothing_however_it_is_ended_in_the_middle_of_its_story(tmp_path, number):
    """Its folder holds keys and a database."""
    environment = {**bare_environment(), "TMPDIR": str(tmp_path)}
    command = [str(GATEWAY), "demo", "--once"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as demonstration:
        assert any("posts" in line for line in demonstration.stdout), "the story has begun"
        assert list(tmp_path.iterdir()), "the control: there is something to leave"
        demonstration.send_signal(number)
        demonstration.stdout.read()
        assert demonstration.wait(timeout=60) == INTERRUPTED
    assert list(tmp_path.iterdir()) == []


async def test_the_demonstration_leaves_a_database_alone_that_a_gateway_has_used(command_line, postgres_url, tmp_path):
    """Its partners and accounts would have been those of the demonstration, and nobody would have got in any more."""
    installed = await install(tmp_path, postgres_url, everybody(free_port()))
    before = command_line.on(installed, "partner", "list", "--json").stdout
    done = command_line.run(["demo", "--once", "--pg", postgres_url], tmp_path, {})
    assert done.returncode == CONFIGURATION
    assert "CREATE DATABASE" in done.stderr
    assert command_line.on(installed, "partner", "list", "--json").stdout == before


@pytest.mark.timeout(240)
async def test_the_demonstration_leaves_alone_what_the_site_remembers_of_its_own_log(
    command_line, sqlite_url, tmp_path
):
    """It wrote the head of its own log there: that the site's had been set back nobody would have noticed any more."""
    head = tmp_path / "keys/log-head"
    await install(tmp_path, sqlite_url, everybody(free_port()), audit={"head_file": str(head)})
    done = command_line.run(["demo", "--once"], tmp_path, {}, patience=200)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert not head.exists()


def test_the_demonstration_says_what_to_do_where_its_port_is_taken(command_line, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = command_line.run(["demo", "--port", str(other.getsockname()[1])], tmp_path, {})
    assert done.returncode == CONFIGURATION
    assert "--port 0" in done.stderr


def test_the_help_is_there_at_once():
    """Against what an interpreter needs to import the libraries of any command line, taken by turns: a ratio, because
    other processes may hold the machine's cores. Alone on a machine it takes less than 300 ms."""
    helped, bare = [], []
    for _ in range(7):
        helped.append(_seconds(str(GATEWAY), "--help"))
        bare.append(_seconds(str(GATEWAY.parent / "python"), "-c", "import typer.main, rich.console"))
    assert min(helped) < HELP_TIMES * min(bare), f"{min(helped) * 1000:.0f} against {min(bare) * 1000:.0f} ms"


def _seconds(*command: str) -> float:
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True, env=bare_environment())
    return time.perf_counter() - begun
