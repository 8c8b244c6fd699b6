"""What commands that change something, or write a file, tell programs: one JSON document on stdout, nothing besides."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.ports.stamps import Stamp
from tests.journeys import samples
from tests.journeys.site import until, whole
from tests.servers.gateway_process import OPERATOR

EXAMPLES = Path(__file__).parents[2] / "examples"
NAME = re.compile(r"[a-z][a-z0-9_]*")
TRIBE = "tribe-90830"


def told(done):
    """The document; its members are named as those of the API."""
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [name for name in document if not NAME.fullmatch(name)] == []
    return document


@pytest.fixture
def run(command_line, tmp_path):
    def command(*arguments, **settings):
        return command_line.run(arguments, tmp_path, settings)

    return command


@pytest.fixture
def do(run):
    """Run a command that has to do, and what it told."""

    def command(*arguments, **settings):
        return told(run(*arguments, "--json", **settings))

    return command


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        yield site


@pytest.fixture
def call(command_line, site):
    async def command(caller, *arguments):
        given = ["--url", site.api.url, "--key", site.api.tokens[caller], "--json"] if caller else ["--json"]
        return await asyncio.to_thread(command_line.on, site.installed, *arguments, *given)

    return command


def test_what_prepares_a_gateway_and_its_keys_tells_what_it_made(do):
    first, second = do("init"), do("init")
    assert (first["keys_made"], second["keys_made"]) == (True, False)
    assert do("db", "upgrade") == {"schema": first["schema"]}
    assert do("keys", "new", "other")["key"].startswith("kek:other:")
    waiting = do("keys", "prepare")["key"]
    assert do("keys", "rotate") == {"key": waiting}
    none = {"seen": 0, "moved": 0, "broken": 0, "left": 0, "indexed": 0, "index_broken": 0}
    assert do("keys", "rewrap", "--now") == none
    assert set(do("keys", "convert")) == {"before", "after"}


def test_what_changes_partners_and_accounts_tells_what_became_of_them(do, tmp_path):
    do("init")
    files = sorted(map(str, (EXAMPLES / "partners").glob("*.toml")))
    tried = do("partner", "apply", *files, "--dry-run")
    done = do("partner", "apply", *files)
    assert (tried["changed"], tried["partners"]) == (0, done["partners"])
    assert done["changed"] == done["partners"] + done["agreements"]
    assert [one["partner"] for one in done["waiting"]] == ["ohio"], "its federal tax information waits for somebody"
    key = do("partner", "key", "acme")["key"].split("_")[1]
    assert do("partner", "revoke", key) == {"id": key}
    assert do("partner", "pause", "ohio") == {"partner": "ohio", "paused": True}
    assert do("partner", "pause", "ohio", "--resume") == {"partner": "ohio", "paused": False}
    issued = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("laptop.agency.example")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "laptop.pem")
    thumbprint = do("partner", "certificate", "laptop.pem")["thumbprint"]
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (tmp_path / "signing.pem").write_text(pem)
    line = do("partner", "public-key", "signing.pem", "--id", "2027-1", "--until", "2027-06-30")
    assert line == {"id": "2027-1", "purpose": "token", "public_key": pem.strip(), "valid_until": "2027-06-30"}
    account = do("operator", "add", "pat", GATEWAY_PASSWORD="correct horse battery")
    assert account == {"name": "pat", "role": "viewer", "partner": None, "break_glass": False}
    bound = do("operator", "device", "add", "pat", "laptop.pem")
    assert (bound["operator"], bound["thumbprint"]) == ("pat", thumbprint)
    lost = do("operator", "device", "lost", "laptop.pem", "--reason", "left in a train")
    assert lost == {"thumbprint": thumbprint, "sessions_ended": 0}
    assert do("operator", "device", "found", thumbprint) == {"thumbprint": thumbprint}
    assert do("operator", "device", "remove", "pat", thumbprint)["computers_left"] == 0
    assert do("operator", "reset", "pat") == {"name": "pat", "factors_forgotten": 0}
    assert do("operator", "key", "robot", "--days", "1")["key"].startswith("gwk_")
    assert do("operator", "disable", "pat") == {"name": "pat", "disabled": True}


def test_what_keeps_and_copies_tells_its_line_in_the_register(do, run, tmp_path, monkeypatch):
    do("init")
    do("partner", "apply", str(EXAMPLES / "partners" / "states.toml"))
    hold = do("retention", "hold", "add", "--partner", "ohio", "--reason", "lawsuit 12")
    assert hold["scope"] == "partner"
    assert do("retention", "hold", "release", hold["hold"], "--reason", "it is over") == {"hold": hold["hold"]}
    added = do("extract", "add", "--about", "records-of-2026", "--purpose", "a test")
    assert do("extract", "erased", added["extract"]) == {"extract": added["extract"]}
    asked = run("disclosures", "token", "--sender", "ohio", "--case-id", "A1", "--json")
    token = told(asked)["token"]
    assert bytes.fromhex(token)
    monkeypatch.chdir(tmp_path)
    typed = CliRunner().invoke(app, ["disclosures", "token", "--sender", "ohio", "--json"], input="A1\n")
    assert (json.loads(typed.stdout), "Case id" in typed.stderr) == ({"token": token}, True)
    kept = [do("witness", *words, "--directory", "w")["keys"] for words in (("init", "--name", "w.example"), ("key",))]
    assert kept[0] == kept[1]


def test_files_are_told_of_and_never_mixed_with_what_is_told(do, run, tmp_path):
    made = do("sample", "w4", "--count", "5", "--faults", "1", "--out", "five.w4")
    assert (made["records"], made["bytes"]) == (5, (tmp_path / "five.w4").stat().st_size)
    assert sum(one["count"] for one in made["faults"]) == 5
    refused = run("convert", "five.w4", "--to", "xml", "--out", "five.xml", "--json")
    assert refused.returncode == 4
    assert json.loads(refused.stdout)["findings"]
    assert not (tmp_path / "five.xml").exists()
    good = do("convert", str(EXAMPLES / "ohio-new-hires.w4"), "--to", "xml", "--out", "good.xml")
    assert good == {"file": "good.xml", "bytes": (tmp_path / "good.xml").stat().st_size, "records": 25, "findings": []}
    x12 = str(EXAMPLES / "x12" / "enrollment.834.x12")
    answer = do("acknowledge", x12, "--number", "7", "--drafts", "--out", "answer.x12")
    assert answer["bytes"] == (tmp_path / "answer.x12").stat().st_size
    mixed = run("convert", str(EXAMPLES / "ohio-new-hires.w4"), "--to", "xml", "--json")
    assert (mixed.returncode, mixed.stdout, "--out" in mixed.stderr) == (2, "", True)


async def test_a_parcel_and_dead_letters_are_settled_with_documents(site, call, tmp_path):
    receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1, samples.LOCATE, TRIBE))
    await site.api.accepted("ohio", "csenet", samples.csenet(2, samples.LOCATE, TRIBE))
    found = []

    async def listed():
        found.extend(told(await call(TRIBE, "mailbox", "list"))["rows"])
        return len(found) == 2

    await until(listed, "both parcels are in the mailbox")
    kept, spurned = (one["delivery"] for one in found)
    file = tmp_path / "parcel"
    got = told(await call(TRIBE, "mailbox", "get", kept, "--out", file))
    assert got == {"file": str(file), "bytes": file.stat().st_size, "delivery": kept}
    taken = told(await call(TRIBE, "mailbox", "ack", kept, file))
    assert (taken["id"], taken["state"]) == (kept, "delivered")
    refused = told(await call(TRIBE, "mailbox", "refuse", spurned, "--reason", "not-our-case"))
    assert (refused["id"], refused["state"]) == (spurned, "dead")
    why = ("--reason", "partner is back")
    assert told(await call(OPERATOR, "dead", "retry", spurned, *why))["id"] == spurned
    found.clear()

    async def again():
        found.extend(told(await call(TRIBE, "mailbox", "list"))["rows"])
        return found

    await until(again, "it is in the mailbox again")
    told(await call(TRIBE, "mailbox", "refuse", spurned, "--reason", "not-our-case"))
    nothing = told(await call(OPERATOR, "dead", "replay", "--partner", "ohio", "--yes", *why))
    assert nothing["total"] == 0
    job = told(await call(OPERATOR, "dead", "replay", "--partner", TRIBE, "--yes", *why))
    assert (job["state"], job["done"]) == ("done", 1)
    found.clear()
    await until(again, "it is in the mailbox once more")
    told(await call(TRIBE, "mailbox", "refuse", spurned, "--reason", "not-our-case"))
    given_up = told(await call(OPERATOR, "dead", "withdraw", spurned, *why))
    assert (given_up["id"], given_up["state"]) == (spurned, "withdrawn")
    signed = tmp_path / "receipt.jws"
    written = told(await call("ohio", "receipt", "get", receipt["submission"], "--out", signed))
    assert (written["submission"], written["bytes"]) == (receipt["submission"], signed.stat().st_size)


async def test_what_the_log_gives_is_told_with_its_file(command_line, site, call, tmp_path):
    receipt = await site.api.accepted("ohio", "csenet", samples.csenet(1))
    record = receipt["records"][0]["id"]

    def size_of(name):
        return (tmp_path / name).stat().st_size

    async def numbered():
        return (await call(None, "audit", "prove", record, "--out", tmp_path / "proof")).returncode == 0

    await until(numbered, "the log has numbered the record")
    proof = told(await call(None, "audit", "prove", record, "--out", tmp_path / "proof"))
    assert proof == {"file": str(tmp_path / "proof"), "bytes": size_of("proof"), "record": record}
    head = told(await call(None, "audit", "checkpoint"))
    assert f"\n{head['size']}\n" in head["note"]
    assert told(await call(None, "audit", "key"))["keys"] == [str(one) for one in site.process.base.logbook.verify_keys]
    (tmp_path / "old").write_text(head["note"])
    growth = told(await call(None, "audit", "consistency", tmp_path / "old", "--out", tmp_path / "growth"))
    assert growth == {"file": str(tmp_path / "growth"), "bytes": size_of("growth")}
    evidence = told(await call(None, "audit", "evidence", record, "--out", tmp_path / "evidence"))
    assert (evidence["record"], evidence["bytes"]) == (record, size_of("evidence"))
    export = told(await call(None, "audit", "export", "--out", tmp_path / "log.zip"))
    assert (export["first"], export["last"] >= head["size"], export["bytes"]) == (0, True, size_of("log.zip"))
    report = told(await call(None, "incident", "report", "--since", "2026-01-01", "--out", tmp_path / "report"))
    assert (report["file"], report["bytes"]) == (str(tmp_path / "report"), size_of("report"))
    assert json.loads((tmp_path / "report").read_bytes())
    register = json.loads((await call(None, "extract", "list")).stdout)
    assert {evidence["extract"], export["extract"], report["extract"]} == {one["extract"] for one in register}
    at = datetime(2026, 11, 29, 12, tzinfo=UTC)
    await site.process.base.stores.stamps.add(Stamp(head["size"], at, head["note"], b"token"))
    stamped = told(await call(None, "audit", "timestamp", "--out", tmp_path / "stamped"))
    assert (stamped["size"], (tmp_path / "stamped" / "token").read_bytes()) == (head["size"], b"token")
    made = told(await call(None, "backup", "create", tmp_path / "backup"))
    whole_copy = told(await call(None, "backup", "verify", tmp_path / "backup"))
    assert {name: made[name] for name in whole_copy} == whole_copy
    words = ["--config", site.installed.config, "backup", "restore", tmp_path / "backup", "--json"]
    empty = {
        "GATEWAY__DB__URL": f"sqlite+aiosqlite:///{tmp_path}/restored.db",
        "GATEWAY__AUDIT__HEAD_FILE": f"{tmp_path}/head",
    }
    restored = await asyncio.to_thread(command_line.run, words, tmp_path, empty)
    assert told(restored) == {"log_size": made["log_size"], "log_root": made["log_root"]}
