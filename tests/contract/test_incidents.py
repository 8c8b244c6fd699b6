"""What happened in a time is told in one step: who, what, when, how many, and by when whom to tell of it."""

from __future__ import annotations

import json
import time
import tracemalloc
from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.audit_entry import ACTIONS
from gateway.core.errors import NotFound
from gateway.core.ids import first_id
from gateway.core.incident import DUTIES, SECTIONS, Scope
from gateway.core.model import Actor, PartnerKey, RecordId
from gateway.incident import report
from gateway.reports.incident import lines
from gateway.store.engine import Limits, open_database
from gateway.store.incidents import StoredIncidents
from tests.contract.archive import BEGIN, IOWA, OHIO, OPERATOR, TANF, archive

HOUR = timedelta(hours=1)
WINDOW = Scope(BEGIN, BEGIN + HOUR)
LIMIT = 60
"""Seconds that a report may take on ten million entries."""
TEN_MILLION = 10_000_000


@pytest.fixture
async def site(tmp_path, database_url):
    async with archive(tmp_path, database_url) as opened:
        yield opened


async def wrote(site, action, about, *, actor=OPERATOR, outcome="ok", at=BEGIN):
    site.now = at
    await site.base.stores.audit.write([site.base.scribe.entry(actor, action, about, outcome)])


def section(found, name):
    return next((one for one in found.listed if one.section == name), None)


async def test_who_did_what_when_and_how_often_and_what_went_out_is_told(site):
    sent = await site.fill(3)
    await wrote(site, "record.read", f"record:{sent[0].id}", outcome="shown", at=BEGIN + HOUR / 2)
    await wrote(site, "acknowledgement.refused", "delivery:x", actor=Actor("partner", IOWA), outcome="digest-mismatch")
    await wrote(site, "record.read", "record:later", at=BEGIN + HOUR)
    await wrote(site, "record.read", "record:earlier", at=BEGIN - timedelta(microseconds=1))
    found = await report(site.base, WINDOW, BEGIN, 2)
    read = next(one for one in found.tallies if one.action == "record.read")
    assert (read.actor, read.outcome, read.entries, read.first, read.last) == (
        *(str(OPERATOR), "shown", 1),
        *(BEGIN + HOUR / 2, BEGIN + HOUR / 2),
    )
    assert [(one.partner, one.sender, one.deliveries, one.records) for one in found.sent] == [(IOWA, OHIO, 3, 3)]
    assert (section(found, "disclosed").objects, section(found, "disclosed").rest) == (3, 1)
    assert section(found, "read").ids == (f"record:{sent[0].id}",)
    assert section(found, "alarms").ids == ("delivery:x",)
    assert section(found, "keys") is None
    assert (found.concerned.records, found.concerned.erased, found.concerned.persons) == (3, 0, 3)
    assert (found.objects["record"], found.objects["delivery"], found.objects["submission"]) == (3, 4, 1)
    assert (found.log.state, found.log.size) == ("holds", 7)
    assert found.log.checkpoint in "\n".join(lines(found)) + "\n"


async def test_only_what_concerns_the_partner_is_told(site):
    await site.accept(count=2, to=(IOWA,))
    await site.accept(count=1, to=(TANF,))
    await site.deliver()
    await wrote(site, "access.refused", "api", actor=Actor("partner", TANF))
    await wrote(site, "access.refused", "api", actor=Actor("partner", IOWA))
    stored = StoredIncidents(site.base.stores.database)
    its = Scope(BEGIN, BEGIN + HOUR, TANF)
    assert {one.actor for one in await stored.tallies(its)} >= {f"partner:{TANF}"}
    assert f"partner:{IOWA}" not in {one.actor for one in await stored.tallies(its)}
    assert [(one.partner, one.records) for one in await stored.sent(its)] == [(TANF, 1)]
    assert (await stored.concerned(its)).persons == 1
    assert dict(await stored.objects(its)) == {"delivery": 1, "record": 1, "other": 1}
    of_sender = Scope(BEGIN, BEGIN + HOUR, OHIO)
    assert dict(await stored.objects(of_sender)) == {"delivery": 3, "record": 3, "submission": 2}


async def test_a_partner_that_nobody_knows_is_no_empty_report(site):
    with pytest.raises(NotFound):
        await report(site.base, Scope(BEGIN, BEGIN + HOUR, PartnerKey("nobody")), BEGIN, 1)


async def test_persons_are_counted_once_and_under_one_key(site):
    (one,), (other,) = await site.accept(), await site.accept()
    await site.deliver()
    twice, once = b"".join(letter * 16 for letter in (b"a", b"x", b"b", b"y")), b"a" * 16
    async with site.base.stores.database.write() as connection:
        change = text("UPDATE records SET persons = :persons, index_key = :keys WHERE id = :id")
        await connection.execute(change, {"persons": twice, "keys": "new old", "id": one.id})
        await connection.execute(change, {"persons": once, "keys": "new", "id": other.id})
    found = await StoredIncidents(site.base.stores.database).concerned(WINDOW)
    assert (found.records, found.persons) == (2, 2)


async def test_by_when_whom_to_tell_counts_from_the_discovery(site):
    found = await report(site.base, WINDOW, BEGIN + HOUR, 1)
    assert [at - BEGIN - HOUR for _, at in found.due()] == [HOUR, 24 * HOUR, 60 * 24 * HOUR, 60 * 24 * HOUR]
    told = "\n".join(lines(found))
    assert all(duty.rule in told for duty in DUTIES)
    assert "by 2026-03-02T14:00:00Z  OCSS" in told


async def test_a_log_that_was_changed_is_told_with_the_report(site):
    await site.fill(1)
    async with site.base.stores.database.write() as connection:
        await connection.execute(text("UPDATE audit_tiles SET hashes = :hashes"), {"hashes": bytes(96)})
    assert (await report(site.base, WINDOW, BEGIN, 1)).log.state == "inconsistent-log"


def test_the_command_tells_it_as_text_or_json_and_a_begin_after_the_end_is_refused(installed):
    told = json.loads(run(installed, "--since", "2026-03-02T12:00Z", "--until", "2026-03-02T13:00", "--json").stdout)
    assert (told["concerned"]["records"], told["sent"][0]["partner"], told["due"][0]["whom"]) == (1, IOWA, "OCSS")
    assert "WHO HAS TO BE TOLD" in run(installed, "--since", "2026-03-02").stdout
    assert run(installed, "--since", "2026-03-02", "--until", "2026-03-01").exit_code == 2
    assert run(installed, "--since", "yesterday").exit_code == 2


@pytest.fixture
async def installed(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as site:
        await site.fill(1)
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'secrets = "{tmp_path}/secrets"\n[db]\nurl = "{sqlite_url}"\n[keys]\ndirectory = "{tmp_path}/keys"\n'
    )
    return config


def run(config, *words):
    return CliRunner().invoke(app, ["--config", str(config), "incident", "report", *words])


# --- ten million entries ----------------------------------------------------------------------------------------------

NUMBERS = "SELECT generate_series(1, CAST(:count AS bigint)) AS i"
ID = "CAST(:id AS text) || substr(CAST(1000000000000 + i AS text), 2)"
ENTRIES = f"""
INSERT INTO audit_entries (id, at, actor, action, object, outcome, details, salt, seq)
SELECT {ID}, :at + i,
  CASE i % 4 WHEN 0 THEN 'partner:p' || i % 50 WHEN 3 THEN 'operator:o' || i % 20 ELSE 'gateway:dispatcher' END,
  CASE i % 4 WHEN 0 THEN 'record.accepted' WHEN 1 THEN 'delivery.created' WHEN 2 THEN 'delivery.delivered'
    ELSE 'record.read' END,
  CASE i % 4 WHEN 0 THEN 'record:' WHEN 3 THEN 'record:' ELSE 'delivery:' END || (i + 3) / 4,
  'ok', '{{}}', decode('00', 'hex'), i
FROM ({NUMBERS}) AS n
"""  # noqa: S608 - constants
CARRIED = f"""
WITH n AS ({NUMBERS}), r AS (
  INSERT INTO records (id, submission, ordinal, sender, state, received_at, persons)
  SELECT i, '', 1, 'ohio', 'routed', 0, decode(md5(CAST(i AS text)), 'hex') FROM n),
i AS (
  INSERT INTO items (record, partner, sender, kind, agreement, delivery, owed_at)
  SELECT i, 'iowa', 'ohio', 'wage', 'all', i, 0 FROM n)
INSERT INTO deliveries (id, partner, sender, kind, format, agreement, state, created_at, due_at, announce_at, records,
  number, attempts)
SELECT i, 'iowa', 'ohio', 'wage', 'json', 'all', 'delivered', 0, 0, 0, 1, 0, 1 FROM n
"""  # noqa: S608 - constants


async def grow(site, count):
    """So many entries, a quarter of them deliveries of a record of one person, in one hour."""
    given = {"id": first_id(BEGIN)[:24], "at": int(BEGIN.timestamp()) * 1_000_000, "count": count}
    database = open_database(site.base.settings.db.url, Limits(pool_size=1, statement=timedelta(hours=1)))
    try:
        async with database.write() as connection:
            await connection.execute(text(ENTRIES), given)
            await connection.execute(text(CARRIED), {"count": count // 4})
        async with database.write() as connection:
            await connection.execute(text("ANALYZE"))
    finally:
        await database.dispose()


@pytest.mark.claim("A46", "O01", control="test_control_a_report_that_asks_for_each_object_takes_many_times_as_long")
async def test_the_report_on_ten_million_entries_takes_less_than_a_minute_in_flat_memory(tmp_path, postgres_url, claim):
    count = claim.size(push=20_000, night=TEN_MILLION)
    async with archive(tmp_path, postgres_url) as site:
        await grow(site, count)
        tracemalloc.start()
        begun = time.perf_counter()
        found = await report(site.base, WINDOW, BEGIN, 100)
        seconds, (_, peak) = time.perf_counter() - begun, tracemalloc.get_traced_memory()
        tracemalloc.stop()
    quarter = count // 4
    assert (found.entries, found.concerned.persons, found.sent[0].records) == (count, quarter, quarter)
    assert section(found, "read").objects == quarter
    assert (len(section(found, "read").ids), section(found, "read").rest) == (100, quarter - 100)
    assert seconds < LIMIT
    assert peak < 16 * 2**20
    claim.measured(f"{seconds:.1f} s for {count} entries, {peak / 2**20:.1f} MiB")


async def test_control_a_report_that_asks_for_each_object_takes_many_times_as_long(tmp_path, postgres_url):
    async with archive(tmp_path, postgres_url) as site:
        await grow(site, 8_000)
        begun = time.perf_counter()
        found = await report(site.base, WINDOW, BEGIN, 2_000)
        whole = time.perf_counter() - begun
        begun = time.perf_counter()
        for name in section(found, "read").ids:
            assert await site.base.stores.records.get(RecordId(name.partition(":")[2]))
        one_by_one = time.perf_counter() - begun
    assert one_by_one > 3 * whole


def test_every_action_of_a_section_is_one_of_the_log():
    assert {action for actions in SECTIONS.values() for action in actions} <= set(ACTIONS)
