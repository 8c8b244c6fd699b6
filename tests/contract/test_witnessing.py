"""A log and its witnesses over HTTP, and the memory that a log keeps of itself outside its database."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.app import gateway
from gateway.audit.cosignature import WitnessKey
from gateway.audit.faults import FaultKind
from gateway.audit.note import VerifyKey
from gateway.cli.doctor import _examined
from gateway.cli.witness import app as commands
from gateway.clock import utc_now
from gateway.core.errors import Tampered, Unavailable
from gateway.cosigners import Cosigner as AskedWitness
from gateway.cosigners import Cosigners
from gateway.heads import Heads
from gateway.logbook import Logbook
from gateway.published import Publisher
from gateway.settings import Audit, WitnessSettings
from gateway.store.audit import StoredAuditLog
from gateway.store.engine import open_database
from gateway.store.tables import audit_checkpoints, audit_entries, audit_tiles
from gateway.telemetry import Metrics
from gateway.witness import Witness
from gateway.witness_client import WitnessClient
from gateway.witness_site import Listener, serving
from gateway.work.integrator import Integrator
from keys.cosigner import Cosigner
from keys.files import FileKeys
from keys.head_file import FILE_NAME, HeadFile
from keys.states import KeyUse
from tests.contract.grown_log import grow, logbook_of
from tests.journeys.site import api, until
from tests.servers.gateway_process import GATEWAY, install
from tests.servers.ports import free_port
from tests.vectors.audit.sample import StoredLog, new_signer, some_entries
from verifier import Trust


@pytest.fixture
async def database(sqlite_url):
    opened = open_database(sqlite_url)
    yield opened
    await opened.dispose()


@asynccontextmanager
async def witnessed(folder, logbook, name="witness.test/w1", knows=None):
    """A witness of the log on a free port, and how the log asks it. ``knows``: keys of the log that it was told."""
    if not folder.exists():
        Cosigner.create(folder, name, os.urandom)
    witness = Witness(Cosigner.load(folder), knows or [VerifyKey.of(logbook.signer)], utc_now)
    async with serving(witness, Listener(port=0)) as address:
        client = WitnessClient(address, 5)
        try:
            yield AskedWitness(witness.key, client.ask, close=client.close), address
        finally:
            client.close()


def asking(logbook, *witnesses, seconds=5.0):
    return Cosigners(logbook, witnesses, seconds, utc_now)


def publisher(logbook, *witnesses, **settings):
    return Publisher(logbook.audit, Heads(logbook.audit, [one.key for one in witnesses], **settings))


async def test_a_cosigned_checkpoint_is_published_and_satisfies_a_reader_who_asks_for_the_witness(database, tmp_path):
    logbook = logbook_of(database)
    key = await grow(logbook, 300)
    async with witnessed(tmp_path / "w", logbook) as (one, _):
        await asking(logbook, one).step()
        cosigned = await publisher(logbook, one).checkpoint()
        trust = Trust.of(str(key), witnesses=(str(one.key),))
        assert trust.open(cosigned).size == 300
        await grow(logbook, 400)
        assert await publisher(logbook, one).checkpoint() == cosigned, "the newest has no cosignature yet"
        late = publisher(logbook, one, patience=timedelta())
        assert "\n700\n" in await late.checkpoint(), "a witness that is late does not hold up the log"
        await asking(logbook, one).step()
        assert trust.open(await publisher(logbook, one).checkpoint()).size == 700
        assert (await logbook.verify([cosigned])).ok


async def test_a_log_goes_on_under_its_next_key_with_those_who_were_told_it_before(database, tmp_path):
    keys = FileKeys.create(tmp_path / "keys", utc_now, os.urandom)

    def started():
        return Logbook(StoredAuditLog(database), keys.signer("log.test/audit"), keys.public_keys)

    logbook = started()
    await grow(logbook, 5)
    first = (await logbook.audit.head()).note
    keys.prepare("audit-log", KeyUse.NOTE_SIGNING)
    new, old = logbook.verify_keys
    assert old == VerifyKey.of(logbook.signer)
    told = witnessed(tmp_path / "w", logbook, knows=[new, old])
    untold = witnessed(tmp_path / "v", logbook, "witness.test/w2", knows=[old])
    async with told as (one, _), untold as (two, _):
        await asking(logbook, one, two).step()
        assert (await cosigners(logbook)) == [one.key.name, two.key.name]
        keys.rotate("audit-log", KeyUse.NOTE_SIGNING)
        logbook = started()
        assert await grow(logbook, 5) == new
        await asking(logbook, one, two).step()
        assert (await cosigners(logbook)) == [one.key.name], "control: who knows the old key alone cosigns no more"
    assert Trust.of(str(new)).open((await logbook.audit.head()).note).size == 10
    assert (await logbook.verify([first])).ok


async def cosigners(logbook):
    """Names of who signed the newest checkpoint besides the log."""
    lines = (await logbook.audit.head()).note.splitlines()
    return sorted(line.split()[1] for line in lines if line.startswith("\N{EM DASH} witness."))


async def test_a_log_asks_for_both_signatures_counts_what_came_and_takes_nothing_less(database, tmp_path):
    logbook, metrics = logbook_of(database), Metrics()
    key = await grow(logbook, 5)
    async with witnessed(tmp_path / "w", logbook) as (one, _):
        second = Witness(Cosigner.load(tmp_path / "w"), [], utc_now).post_quantum_key
        both = replace(one, also=(second,))
        await Cosigners(logbook, (both,), 5, utc_now, metrics.witness).step()
        published = await Publisher(logbook.audit, Heads(logbook.audit, [one.key, second])).checkpoint()
        assert Trust.of(str(key), witnesses=(str(one.key), str(second))).open(published).size == 5
        stranger = replace(second, name="witness.test/other")
        lacking = replace(one, also=(stranger,))
        await grow(logbook, 5)
        await Cosigners(logbook, (lacking,), 5, utc_now, metrics.witness).step()
        assert len((await logbook.audit.head()).note.splitlines()) == 5, "the log's own signature and no other"
    figures = generate_latest(metrics.registry).decode()
    assert 'gateway_witness_answers_total{outcome="ok",witness="witness.test/w1"} 1.0' in figures
    assert 'gateway_witness_answers_total{outcome="bad-cosignature",witness="witness.test/w1"} 1.0' in figures
    assert 'gateway_witness_size{witness="witness.test/w1"} 5.0' in figures


async def test_a_log_that_does_not_know_where_its_witness_stands_is_told(database, tmp_path):
    logbook = logbook_of(database)
    await grow(logbook, 5)
    async with witnessed(tmp_path / "w", logbook) as (one, address):
        await asking(logbook, one).step()
        await grow(logbook, 5)
        await asking(logbook, replace(one, size=0)).step()
        assert len((await logbook.audit.head()).note.splitlines()) == 6
        async with aiohttp.ClientSession() as session:
            grown = (await logbook.grown(3, await logbook.audit.head())).text()
            async with session.post(f"{address}/add-checkpoint", data=grown.encode()) as answer:
                assert (answer.status, answer.content_type) == (409, "text/x.tlog.size")
                assert answer.headers["Server"] == "gateway"
                assert await answer.text() == "10\n"
            for body, status in ((b"nonsense", 400), (b"\xff", 400), (b"a" * 200_000, 413)):
                async with session.post(f"{address}/add-checkpoint", data=body) as answer:
                    assert answer.status == status
            async with session.get(address) as answer:
                assert (await answer.text()).splitlines()[0] == str(one.key)


async def test_witnesses_that_are_down_silent_or_lying_stop_neither_the_log_nor_the_others(database, tmp_path):
    logbook = logbook_of(database)
    await grow(logbook, 5)
    other = new_signer()
    dead = AskedWitness(key_named("witness.test/dead", other), WitnessClient(f"http://127.0.0.1:{free_port()}", 1).ask)
    silent = AskedWitness(key_named("witness.test/silent", other), hanging)
    async with witnessed(tmp_path / "w", logbook) as (one, _), witnessed(tmp_path / "v", logbook) as (two, _):
        liar = AskedWitness(key_named("witness.test/liar", other), two.ask)
        await asking(logbook, dead, silent, liar, one, seconds=0.5).step()
        note = (await logbook.audit.head()).note
        assert f"\N{EM DASH} {one.key.name} " in note
        assert "liar" not in note
        for failed in (dead, silent, liar):
            assert failed.pause == timedelta(seconds=2)
            assert failed.again > utc_now()
        await grow(logbook, 5)
    assert (await logbook.audit.head()).size == 10


def key_named(name, signer):
    return WitnessKey(name, signer.public_key)


async def hanging(_text):
    await asyncio.sleep(60)


async def test_a_witness_does_not_cosign_a_rewritten_log_nor_one_that_was_set_back(database, sqlite_url, tmp_path):
    signer = new_signer()
    logbook = logbook_of(database, signer)
    await grow(logbook, 300)
    before = Path(sqlite_url.split("///")[1])
    async with witnessed(tmp_path / "w", logbook) as (one, _):
        await asking(logbook, one).step()
        empty = tmp_path / "rewritten.db"
        shutil.copy(before, empty)
        forged = open_database(f"sqlite+aiosqlite:///{empty}")
        async with forged.write() as connection:
            for table in (audit_entries, audit_tiles, audit_checkpoints):
                await connection.execute(table.delete())
        false = logbook_of(forged, signer)
        with capture_logs() as said:
            for size in (200, 400):
                await grow(false, 200)
                assert (await false.audit.head()).size == size
                await asking(false, replace(one, size=0)).step()
        alarms = [(one["log_level"], one["code"]) for one in said if one["event"] == "witness.failed"]
        assert alarms == [("error", "witness-ahead"), ("error", "witness-contradicts")]
        assert "witness.test" not in (await false.audit.head()).note
        await forged.dispose()


# --- the memory of the log itself ------------------------------------------------------------------------------------


@pytest.fixture
def remembering(database, tmp_path):
    """A log that keeps its head outside, and the same without."""
    folder = tmp_path / "keys"
    keys = FileKeys.create(folder, utc_now, os.urandom)
    plain = replace(logbook_of(database, keys.signer("gateway.test/log")), public_keys=keys.public_keys)
    return replace(plain, memory=HeadFile(folder / FILE_NAME)), plain


def drop_journal(path):
    for leftover in (f"{path}-wal", f"{path}-shm"):
        Path(leftover).unlink(missing_ok=True)


async def test_a_restored_backup_is_never_signed_on(remembering, database, sqlite_url, tmp_path):
    logbook, forgetful = remembering
    path = Path(sqlite_url.split("///")[1])
    await grow(logbook, 10)
    await database.dispose()
    shutil.copy(path, tmp_path / "backup.db")
    await grow(logbook, 10)
    await logbook.examine()
    await database.dispose()
    await asyncio.to_thread(drop_journal, path)
    shutil.copy(tmp_path / "backup.db", path)
    with pytest.raises(Tampered, match="ends before the 20 entries"):
        await logbook.examine()
    with pytest.raises(Tampered):
        await grow(logbook, 30)
    assert (await logbook.audit.head()).size == 10
    await grow(forgetful, 1)  # the control: without the memory a second history would be signed
    with pytest.raises(Tampered):
        await logbook.examine()
    await grow(forgetful, 30)
    with pytest.raises(Tampered, match="does not hold"):
        await logbook.examine()
    keys = FileKeys.load(tmp_path / "keys", None, clock=utc_now, random=os.urandom)
    renamed = replace(logbook, signer=keys.signer("gateway.test/log2"))
    await grow(renamed, 1)
    await renamed.examine()


async def test_verifying_the_log_holds_it_against_the_head_that_was_remembered(remembering, database):
    """Whoever writes into the database alone can neither empty the log nor put another in its place."""
    logbook, forgetful = remembering
    await grow(logbook, 10)
    assert (await logbook.verify()).ok
    async with database.write() as connection:
        for table in (audit_entries, audit_tiles, audit_checkpoints):
            await connection.execute(table.delete())
    emptied = [(fault.kind, fault.first, fault.last) for fault in (await logbook.verify()).faults]
    assert emptied == [(FaultKind.ROLLBACK, 0, 9)]
    await grow(forgetful, 10)
    assert (await forgetful.verify()).ok, "from inside it looks sound"
    rewritten = [(fault.kind, fault.first, fault.last) for fault in (await logbook.verify()).faults]
    assert rewritten == [(FaultKind.REWRITTEN, 0, 9)]


async def test_a_head_that_could_not_be_kept_is_owed_until_it_is_though_nothing_new_comes(remembering, tmp_path):
    logbook, _ = remembering
    seen = []
    integrator = Integrator(logbook.audit, logbook.grow, logbook.restore, utc_now, seen.append, logbook.remember)
    in_the_way = tmp_path / "keys" / f".{FILE_NAME}.new"
    in_the_way.mkdir()  # as a full disk: the note cannot be written
    for count in (3, 4):
        await logbook.audit.write(some_entries(count))
        with pytest.raises(Unavailable, match="cannot be written"):
            await integrator.step()
    assert (await logbook.audit.head()).size == 7, "the log goes on"
    with pytest.raises(Unavailable, match="cannot be written"):
        await integrator.step()
    in_the_way.rmdir()
    assert await integrator.step() is False
    head = await logbook.audit.head()
    assert (logbook.memory.read(), seen) == (head.note, [head])


async def test_a_head_that_is_owed_is_not_kept_in_the_place_of_a_newer_one(remembering, tmp_path):
    logbook, _ = remembering
    integrator = Integrator(logbook.audit, logbook.grow, logbook.restore, utc_now, lambda _: None, logbook.remember)
    in_the_way = tmp_path / "keys" / f".{FILE_NAME}.new"
    in_the_way.mkdir()
    await logbook.audit.write(some_entries(3))
    with pytest.raises(Unavailable):
        await integrator.step()
    in_the_way.rmdir()
    await grow(logbook, 4)  # another process took over
    assert await integrator.step() is False
    assert logbook.memory.read() == (await logbook.audit.head()).note
    await logbook.examine()


async def test_nothing_is_signed_on_a_checkpoint_that_somebody_else_signed(database):
    logbook = logbook_of(database)
    await grow(logbook, 10)
    mine = (await logbook.audit.head()).note
    forged = StoredLog(new_signer(logbook.signer.name))
    forged.append(some_entries(10))
    for other in (forged.last.note, mine.replace("\n10\n", "\n11\n")):
        assert await logbook.audit.cosign(10, mine, other)
        with pytest.raises(Tampered):
            await logbook.examine()
        assert await logbook.audit.cosign(10, other, mine)
    await logbook.examine()


@asynccontextmanager
async def witness_process(folder, log_key):
    """``gateway witness serve`` as a partner runs it: its address and its key."""
    made = CliRunner().invoke(commands, ["init", "--name", "witness.test/p", "--directory", str(folder / "witness")])
    shown = CliRunner().invoke(commands, ["key", "--directory", str(folder / "witness")])
    assert made.stdout == shown.stdout
    key, second = made.stdout.split()
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(GATEWAY, "witness", "serve", "--log-key", log_key, "--port", str(port)),
        cwd=folder,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield WitnessSettings(url=f"http://127.0.0.1:{port}", key=key, post_quantum_key=second)
    finally:
        process.terminate()
        await process.wait()


async def test_a_whole_gateway_is_witnessed_and_does_not_start_on_a_log_that_was_set_back(sqlite_url, tmp_path):
    installed = await install(tmp_path, sqlite_url, "")
    keys = FileKeys.load(tmp_path / "keys", None, clock=utc_now, random=os.urandom)
    signer = keys.signer(installed.settings.log_name)
    async with witness_process(tmp_path, str(VerifyKey.of(signer))) as witness:
        settings = installed.settings.model_copy(update={"audit": Audit(witnesses=(witness,))})
        trust = Trust.of(str(VerifyKey.of(signer)), witnesses=(witness.key, witness.post_quantum_key))
        async with gateway(settings) as process, api(process.addresses["api"], {}) as client:
            url = f"{process.addresses['api']}/v1/log/checkpoint"

            async def cosigned():
                async with client.session.get(url) as answer:
                    text = await answer.text()
                return text if "witness.test/p" in text else None

            note = await until(cosigned, "the checkpoint is cosigned")
    kept = HeadFile(tmp_path / "keys" / FILE_NAME)
    assert trust.open(note).size <= Trust(trust.logs).open(kept.read()).size
    longer = StoredLog(signer)
    longer.append(some_entries(5_000))
    kept.write(longer.last.note)
    with pytest.raises(Tampered) as found:
        async with gateway(installed.settings):
            pass
    assert found.value.problem == "log-set-back"
    assert "log-set-back" in (await _examined(installed.settings))["log"]
