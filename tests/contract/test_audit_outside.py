"""What an auditor holds: files of a gateway, and a verifier that is copied to a place of its own and run by itself."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.core.errors import NotFound, Refused, Unavailable
from gateway.core.model import PartnerKey, RecordId
from gateway.disclosed import Evidence, Export
from gateway.logbook import Logbook
from keys.files import FileKeys
from tests.contract.api_stack import IOWA, OHIO, TANF, running
from tests.contract.grown_log import grow
from tests.servers.gateway_process import bare_environment

ROOT = Path(__file__).parents[2]
ORIGIN = "gateway.test/outside"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


@pytest.fixture
def logbook(stack, tmp_path):
    keys = FileKeys.load(tmp_path / "keys", None, clock=stack.watch, random=os.urandom)
    return Logbook(stack.parts.audit, keys.signer(ORIGIN), keys.public_keys)


ALONE = """
import json, sys
sys.modules["gateway"] = sys.modules["keys"] = None
sys.path.insert(0, sys.argv[1])
from verifier.command import main
print([main(words) for words in json.loads(sys.argv[2])])
"""
"""The verifier from a copy of its own, where nothing of the gateway can be imported; prints the exit codes."""
COMMANDS = """
import json, sys
from gateway.cli.application import app
for words in json.loads(sys.argv[1]):
    app(["audit", *words], standalone_mode=False)
"""


def run(folder, program, *arguments, **settings):
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=bare_environment() | settings,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def a_record(stack):
    """A record of Ohio to Iowa whose delivery is dead."""
    delivery = await stack.dead("http-400")
    (submission,) = (await stack.call("ohio", "GET", "/v1/submissions")).json["rows"]
    (record,) = (await stack.call("ohio", "GET", f"/v1/submissions/{submission['id']}/records")).json["rows"]
    return RecordId(record["id"]), delivery


async def test_files_of_the_command_line_hold_before_a_verifier_that_stands_alone(stack, logbook, sqlite_url, tmp_path):
    record, _ = await a_record(stack)
    key = str(await grow(logbook))
    (tmp_path / "kept").write_text((await stack.parts.audit.head()).note)
    await grow(logbook, 300)
    commands = [
        ["export", "--from", "0", "--out", "log.zip"],
        ["evidence", record, "--out", "evidence"],
        ["consistency", "kept", "--out", "grown"],
        ["prove", record, "--out", "proof"],
        ["checkpoint"],
    ]
    place = {"GATEWAY__KEYS__DIRECTORY": str(tmp_path / "keys"), "GATEWAY__LOG_NAME": ORIGIN}
    settings = {"GATEWAY__DB__URL": sqlite_url, **place}
    printed = await asyncio.to_thread(run, tmp_path, COMMANDS, json.dumps(commands), **settings)
    (tmp_path / "checkpoint").write_text(printed)
    shutil.copytree(ROOT / "verifier", tmp_path / "alone" / "verifier")
    forged = (tmp_path / "evidence").read_text().replace("record.accepted", "record.refused")
    (tmp_path / "forged").write_text(forged)
    checks = [
        ["log", "log.zip", "--anchor", "kept", "--anchor", "checkpoint"],
        ["evidence", "evidence"],
        ["consistency", "grown", "--old", "kept"],
        ["proof", "proof"],
        ["checkpoint", "checkpoint"],
        ["evidence", "forged"],
        ["proof", "evidence"],
        ["log", "absent"],
    ]
    words = json.dumps([[*check, "--key", key, "--json"] for check in checks])
    told = run(tmp_path, ALONE, str(tmp_path / "alone"), words)
    assert told.splitlines()[-1] == "[0, 0, 0, 0, 0, 10, 4, 4]"
    assert '"fault": "the entry is not in the log at this number"' in told


async def opened(logbook, stack, record, reader):
    text = await Evidence(logbook, stack.parts.records).bundle(record, reader)
    document = json.loads(text)
    entries = {json.loads(entry["leaf"])["action"]: entry["details"] for entry in document["entries"]}
    return document["objects"], entries


async def test_evidence_opens_for_each_reader_what_that_reader_may_see(stack, logbook):
    record, delivery = await a_record(stack)
    await grow(logbook)
    submission = f"submission:{(await stack.parts.records.get(record)).submission}"
    about = {f"record:{record}", f"delivery:{delivery}"}
    for reader in (None, OHIO):
        objects, entries = await opened(logbook, stack, record, reader)
        assert set(objects) == about | {submission}
        assert set(entries) >= {"submission.judged", "record.accepted"}
        assert None not in entries.values()
    objects, entries = await opened(logbook, stack, record, IOWA)
    assert set(objects) == about
    assert "submission.judged" not in entries
    assert entries["record.accepted"] is None, "who else gets the record is not the addressee's business"
    for stranger in (TANF, PartnerKey("nobody")):
        with pytest.raises(NotFound):
            await opened(logbook, stack, record, stranger)
    with pytest.raises(NotFound):
        await opened(logbook, stack, RecordId(stack.parts.mint()), None)


async def test_there_is_no_evidence_before_the_log_has_numbered_it_and_no_export_of_what_there_is_not(
    stack, logbook, tmp_path
):
    record, _ = await a_record(stack)
    with pytest.raises(Unavailable):
        await opened(logbook, stack, record, None)
    export = Export(logbook)
    with pytest.raises(NotFound):
        await export.write(tmp_path / "x.zip", 0, None, print)
    await grow(logbook, 10)
    for first, last in ((5, 5), (0, 10_000), (10_000, None)):
        with pytest.raises(Refused):
            await export.write(tmp_path / "x.zip", first, last, print)
    assert list(tmp_path.glob("x.zip*")) == []
    with pytest.raises(Unavailable):
        await export.write(tmp_path / "no" / "x.zip", 0, None, print)


async def test_the_same_entries_make_the_same_export(logbook, tmp_path):
    await grow(logbook, 600)
    for name in ("a.zip", "b.zip"):
        extent = await Export(logbook).write(tmp_path / name, 300, 400, lambda _number: None)
        assert (extent.first, extent.last) == (256, 512)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
