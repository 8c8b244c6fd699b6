"""Back-ups: one that is restored gives the same log and the same records; a changed or older one is refused."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import threading
import time
from contextlib import asynccontextmanager, closing
from dataclasses import replace

import pytest

from gateway.backups import copying_keys, create, restore, verify, verify_keys
from gateway.cli.extracts import register
from gateway.cli.key_end import ask_for, carry_out
from gateway.core.backup import about
from gateway.core.errors import Conflict, Forbidden, Misconfigured, NotFound, Tampered
from gateway.core.four_eyes import Act, State
from gateway.core.labels import open_record
from gateway.core.model import Actor, Page
from gateway.core.roles import Role
from gateway.foundation import foundation
from gateway.key_rounds import COOLED, Ending
from gateway.key_rows import KeyRows
from gateway.settings import Settings
from gateway.store.copies import copy_in, copy_out
from gateway.store.migrations import migrate
from gateway.web.approving import Person, SecondWords
from keys.states import KeyState, KeyUse
from tests.contract.archive import OPERATOR, archive

OFFICER = Actor("operator", "sam")


@pytest.fixture
def empty_url(request, tmp_path):
    """An empty database, without a schema, of the kind that the test's other database is."""
    if request.node.callspec.params["database_url"] == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/other/gateway.db"
        return
    cluster, name = request.getfixturevalue("postgres_cluster"), "restored_" + os.urandom(6).hex()
    yield cluster.create_database(name)
    cluster.drop_database(name)


@pytest.fixture
async def site(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as opened:
        yield opened


def settings_of(url, home, **given):
    return Settings.model_validate({"db": {"url": url}, "keys": {"directory": home / "keys"}, **given})


def words_of(base):
    return SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)


async def agreed(base, folder, *, by=OFFICER):
    """The permission for keys in a back-up in this directory, used."""
    words, wish = words_of(base), copying_keys(folder, "drill")
    request = await words.ask(Person(OPERATOR, None), wish, "the host is replaced")
    await words.decide(by, Role.SECURITY_OFFICER, request.id, approved=True, reason="planned")
    return await words.use(OPERATOR, wish)


async def with_keys(base, folder):
    return await create(base, folder, OPERATOR, await agreed(base, folder))


def elsewhere(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path}/other/gateway.db"


@pytest.mark.claim("L12", control="test_a_copy_that_lost_a_row_does_not_give_the_root")
async def test_a_back_up_restored_on_an_empty_host_gives_the_same_root_and_the_same_records(
    tmp_path, database_url, empty_url, claim
):
    home, count = tmp_path / "host", claim.size(push=20, night=2_000)
    async with archive(tmp_path, database_url) as site:
        kept = await site.fill(count)
        head = await site.base.stores.audit.head()
        await with_keys(site.base, tmp_path / "backup")
        assert (await verify(tmp_path / "backup", verify_keys(site.base, tmp_path / "backup"))).log_size == head.size
    found = await restore(settings_of(empty_url, home), tmp_path / "backup", with_keys=True)
    assert (found.size, found.root) == (head.size, head.root.hex())
    async with foundation(settings_of(empty_url, home)) as base:
        assert not (await base.logbook.verify([head.note])).faults
        for record in kept:
            stored = await base.stores.records.get(record.id)
            assert stored == record
            assert open_record(base.sealer, record.id, stored.sealed)
    claim.measured(f"{count} records and {head.size} entries restored, the same root")


async def test_a_copy_that_lost_a_row_does_not_give_the_root(tmp_path, site):
    """Even when whoever took it out mended the manifest."""
    await site.fill(3)
    await create(site.base, tmp_path / "backup", OPERATOR)
    with closing(sqlite3.connect(tmp_path / "backup" / "database")) as copy:
        copy.execute("DELETE FROM audit_entries WHERE seq = 1")
        copy.commit()
    with pytest.raises(Tampered, match="manifest"):
        await verify(tmp_path / "backup", verify_keys(site.base, tmp_path / "backup"))
    mend(tmp_path / "backup")
    with pytest.raises(Tampered, match="does not hold"):
        await restore(settings_of(elsewhere(tmp_path), tmp_path), tmp_path / "backup")


def mend(folder):
    """Write a manifest that fits the files."""
    import hashlib  # noqa: PLC0415 - only here

    told = json.loads((folder / "manifest.json").read_text())
    for name, part in told["files"].items():
        content = (folder / name).read_bytes()
        part |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (folder / "manifest.json").write_text(json.dumps(told))


@pytest.mark.parametrize("name", ["database", "checkpoint", "keys/keyring.json"])
async def test_a_changed_byte_or_a_missing_file_is_found(tmp_path, site, name):
    await site.fill(1)
    folder = tmp_path / "backup"
    await with_keys(site.base, folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Tampered):
        await verify(folder, verify_keys(site.base, folder))
    (folder / name).unlink()
    with pytest.raises(Tampered):
        await verify(folder, verify_keys(site.base, folder))


async def test_a_checkpoint_that_somebody_else_signed_is_refused(tmp_path, site):
    await site.fill(1)
    folder = tmp_path / "backup"
    await create(site.base, folder, OPERATOR)
    note = (folder / "checkpoint").read_text()
    (folder / "checkpoint").write_text(note.replace("\n", "\n1", 1))
    mend(folder)
    with pytest.raises(Tampered):
        await verify(folder, verify_keys(site.base, folder))


class Busy(threading.Thread):
    """Somebody who writes on and on, for ten seconds at most."""

    def __init__(self, file):
        super().__init__()
        self.file, self.enough = file, threading.Event()
        self.until = time.monotonic() + 10

    def run(self):
        with closing(sqlite3.connect(self.file, timeout=10)) as own:
            while not self.enough.wait(0.001) and time.monotonic() < self.until:
                own.execute("INSERT INTO rows (body) VALUES (zeroblob(10))")
                own.commit()


async def test_a_back_up_of_a_file_that_is_written_all_the_time_comes_to_its_end(tmp_path):
    source, target = tmp_path / "gateway.db", tmp_path / "copy"
    with closing(sqlite3.connect(source)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")
        made.executemany("INSERT INTO rows (body) VALUES (zeroblob(?))", [(4_000,)] * 10_000)
        made.commit()
    busy = Busy(source)
    busy.start()
    await asyncio.sleep(0.1)
    await copy_out(f"sqlite+aiosqlite:///{source}", target)
    written_still = busy.is_alive()
    busy.enough.set()
    busy.join()
    assert written_still, "it waited until nobody wrote any more"
    with closing(sqlite3.connect(target)) as copied:
        assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (rows,) = copied.execute("SELECT count(*) FROM rows").fetchone()
    assert rows > 10_000


async def test_a_back_up_of_a_later_version_is_refused_before_anything_is_written(tmp_path, site):
    folder, host = tmp_path / "backup", tmp_path / "host"
    await site.fill(2)
    await with_keys(site.base, folder)
    with closing(sqlite3.connect(folder / "database")) as copy:
        copy.execute("UPDATE alembic_version SET version_num = 'r9999'")
        copy.commit()
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(told | {"schema": "r9999"}))
    mend(folder)
    with pytest.raises(Misconfigured, match="of a later version") as refused:
        await restore(settings_of(elsewhere(tmp_path), host), folder, with_keys=True)
    assert refused.value.problem == "schema-newer"
    assert not [path for path in (tmp_path / "other" / "gateway.db", host) if path.exists()]


async def test_keys_are_in_it_only_when_asked_for_and_the_files_are_private(tmp_path, site):
    await site.fill(1)
    await create(site.base, tmp_path / "without", OPERATOR)
    await with_keys(site.base, tmp_path / "with")
    assert not (tmp_path / "without" / "keys").exists()
    copied, own = (folder / "keys" / "keyring.json" for folder in (tmp_path / "with", tmp_path))
    assert copied.read_bytes() == own.read_bytes()
    assert not (tmp_path / "with" / "keys" / "log-head").exists()
    for path in (tmp_path / "with", tmp_path / "with" / "keys"):
        assert path.stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "with").rglob("*.*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "with" / "database").stat().st_mode & 0o777 == 0o600


async def test_keys_leave_only_in_the_back_up_that_two_people_agreed_on_and_both_are_in_the_log(tmp_path, site):
    await site.fill(1)
    permission = await agreed(site.base, tmp_path / "with")
    for unfit, folder in (
        (permission, tmp_path / "elsewhere"),
        (replace(permission, state=State.APPROVED), tmp_path / "with"),
        (replace(permission, decided_by=str(OPERATOR)), tmp_path / "with"),
        (replace(permission, act=Act.EXPORT), tmp_path / "with"),
    ):
        with pytest.raises(Conflict) as caught:
            await create(site.base, folder, OPERATOR, unfit)
        assert caught.value.problem == "approval-needed"
        assert not folder.exists()
    await create(site.base, tmp_path / "with", OPERATOR, permission)
    await create(site.base, tmp_path / "without", OPERATOR)
    made = [dict(entry.details) for _, entry in await site.base.stores.audit.about("backup")]
    assert (made[0]["asked_by"], made[0]["approved_by"]) == (str(OPERATOR), str(OFFICER))
    assert "approval" not in made[1], "control: a sealed copy needs nobody"


async def test_whoever_asked_for_the_keys_cannot_agree(tmp_path, site):
    with pytest.raises(Forbidden) as caught:
        await agreed(site.base, tmp_path / "with", by=OPERATOR)
    assert caught.value.problem == "approval-own"


async def test_nothing_that_is_there_is_overwritten(tmp_path, site):
    await site.fill(1)
    await with_keys(site.base, tmp_path / "backup")
    with pytest.raises(Conflict, match="there already"):
        await create(site.base, tmp_path / "backup", OPERATOR)
    with pytest.raises(Conflict, match="new directory"):
        await restore(settings_of(elsewhere(tmp_path), tmp_path), tmp_path / "backup", with_keys=True)
    with pytest.raises(Conflict, match="not empty"):
        await restore(site.base.settings, tmp_path / "backup")
    with pytest.raises(NotFound):
        await restore(site.base.settings, tmp_path / "nothing")


# --- an older back-up -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def set_back(tmp_path, sqlite_url):
    """A site whose log went on after its back-up, and lost its database."""
    async with archive(tmp_path, sqlite_url) as site:
        await site.fill(2)
        await create(site.base, tmp_path / "backup", OPERATOR)
        await site.fill(2)
    yield


async def test_an_older_back_up_is_refused_with_the_number_of_entries_that_are_lost(tmp_path, sqlite_url):
    async with set_back(tmp_path, sqlite_url):
        with pytest.raises(Conflict, match=r"are lost") as refused:
            await restore(settings_of(elsewhere(tmp_path), tmp_path), tmp_path / "backup")
    assert refused.value.problem == "backup-behind"
    assert not (tmp_path / "other").exists()


async def test_an_older_back_up_put_there_by_hand_does_not_start_either(tmp_path, sqlite_url):
    async with set_back(tmp_path, sqlite_url):
        url = elsewhere(tmp_path)
        await copy_in(url, tmp_path / "backup" / "database")
        await migrate(url)
    async with foundation(settings_of(url, tmp_path)) as base:
        with pytest.raises(Tampered) as refused:
            await base.logbook.examine()
    assert refused.value.problem == "log-set-back"


async def test_under_a_new_name_the_log_goes_on_and_the_old_one_stays_proved(tmp_path, sqlite_url):
    """The honest way forward that docs/retention.md names."""
    async with set_back(tmp_path, sqlite_url):
        url = elsewhere(tmp_path)
        await restore(settings_of(url, tmp_path, log_name="gateway.example/log-2"), tmp_path / "backup")
    shutil.move(tmp_path / "gateway.db", tmp_path / "lost.db")
    async with archive(tmp_path, url, log_name="gateway.example/log-2") as site:
        await site.base.logbook.examine()
        (record,) = await site.fill(1)
        assert await site.base.logbook.proof(record.id)
        assert (await site.base.stores.audit.head()).note.startswith("gateway.example/log-2\n")


async def test_a_back_up_that_becomes_unreadable_with_a_key_is_part_of_what_two_people_agree_on(tmp_path, site):
    await site.fill(1)
    base = site.base
    pepper = base.keys.ring.active(KeyUse.TOKEN_PEPPER, "api-keys").facts.id
    assert pepper in (await create(base, tmp_path / "one", OPERATOR)).needs
    await register(base, "backup", about(await KeyRows.of(base).needed()), "disaster recovery")
    base.keys.rotate("api-keys", KeyUse.TOKEN_PEPPER)
    site.now += COOLED
    with pytest.raises(Conflict) as caught:
        await ask_for(base, pepper, "synthetic reason")
    assert caught.value.problem == "key-in-backups"
    await ask_for(base, pepper, "synthetic reason", lose_copies=True)
    (asked,) = (await base.stores.approvals.list(Page(10))).rows
    words = SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)
    await words.decide(
        Actor("operator", "two"), Role.SECURITY_OFFICER, asked.id, approved=True, reason="synthetic reason"
    )
    (copy,) = await Ending.of(base).copies(pepper)
    assert asked.terms == {"copies": 1, "lost": copy}
    await register(base, "other", "a copy of the files", "made by other means")
    with pytest.raises(Conflict) as caught:
        await carry_out(base, pepper, lose_copies=True)
    assert caught.value.problem == "approval-needed", "one more copy than they agreed to lose"
    for kept in await Ending.of(base).copies(pepper) - {copy}:
        entry = base.scribe.entry(OPERATOR, "extract.erased", f"extract:{kept}")
        await base.stores.extracts.erased(kept, "one", site.now, entry)
    await carry_out(base, pepper, lose_copies=True)
    assert base.keys.ring.key(pepper).facts.state is KeyState.DESTROYED
