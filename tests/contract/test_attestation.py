"""The attestation from the text that everybody may read to the trace of the record, over HTTP and by the commands."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from gateway.app import gateway
from gateway.cli.application import app
from tests.servers.gateway_process import install

REQUEST = str(Path(__file__).parents[2] / "examples" / "tribe-locate-request.json")
PARTNERS = """
[[partner]]
key = "tribe"
name = "Tribe"
role = "tribe"
program = "IV-D"
locators = ["90830"]
locate_attestation = "each"
[partner.endpoint]
adapter = "mailbox"

[[partner]]
key = "ohio"
name = "Ohio"
role = "state"
program = "IV-D"
locators = ["39"]
[partner.endpoint]
adapter = "mailbox"

[[agreement]]
key = "locates"
senders = ["tribe"]
recipient = "ohio"
kinds = ["locate"]
legal_basis = "45 CFR 303.7, 309.120"
valid_from = 2020-01-01
plain = true
"""


async def test_a_partner_reads_the_text_attests_it_and_finds_it_in_the_trace(tmp_path, sqlite_url):
    installed = await install(tmp_path / "home", sqlite_url, PARTNERS)
    async with gateway(installed.settings) as process:
        there = ["--url", process.addresses["api"], "--json"]
        known = [*there, "--key", installed.tokens["tribe"]]

        async def run(*words, exit_code=0):
            done = await asyncio.to_thread(CliRunner().invoke, app, [*words])
            assert done.exit_code == exit_code, done.output
            return json.loads(done.stdout)

        text = await run("attestation", *there)
        assert "a fine of $1,000 for each act" in text["text"]
        without = await run("submit", REQUEST, "-f", "json", *known, exit_code=4)
        assert [one["code"] for one in without["findings"]] == ["LOCATE-ATTESTATION-MISSING"]
        for unfit in (f"{text['version']} ", "x" * 70, "é"):  # a blank is easily copied with it
            done = await asyncio.to_thread(
                CliRunner().invoke, app, ["submit", REQUEST, "-f", "json", "--attest", unfit, *known]
            )
            assert (done.exit_code, done.exception.problem) == (1, "attestation-unfit")
        given = await run("submit", REQUEST, "-f", "json", "--attest", text["version"], *known)
        assert given["counts"]["accepted"] == 1
        rows = (await run("status", given["submission"], "--records", *known))["records"]
        steps = (await run("trace", rows[0]["id"], *known))["steps"]
    (accepted,) = [one for one in steps if one["action"] == "record.accepted"]
    assert (accepted["details"]["attested"], accepted["actor"]) == (text["version"], "partner:tribe")
