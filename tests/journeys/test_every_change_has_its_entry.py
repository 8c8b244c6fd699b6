"""Whatever happens to submissions, records and deliveries, the database and the audit log tell the same story.

The comparison is SQL over the database file and uses nothing of the gateway's own code.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Mapping

import pytest

from gateway.comparing import compare
from tests.journeys import samples
from tests.journeys.hostile import WRONG_LENGTH
from tests.journeys.site import Site, until, whole
from tests.servers.gateway_process import OPERATOR

TRIBE = "tribe-90830"
JUDGED = "('record.accepted', 'record.refused', 'record.parked', 'record.withheld')"
TRIED = "('delivery.attempted', 'delivery.delivered', 'delivery.placed', 'delivery.dead')"
NEWEST = (
    "(SELECT action FROM audit_entries WHERE object = 'delivery:' || d.id AND action LIKE 'delivery.%' "
    "ORDER BY seq DESC LIMIT 1)"
)

RULES: Mapping[str, str] = {
    "a submission is judged once": """
        SELECT s.id FROM submissions s LEFT JOIN audit_entries e
        ON e.object = 'submission:' || s.id AND e.action = 'submission.judged' GROUP BY s.id HAVING count(e.id) <> 1""",
    "a record is judged once": f"""
        SELECT r.id FROM records r LEFT JOIN audit_entries e
        ON e.object = 'record:' || r.id AND e.action IN {JUDGED} GROUP BY r.id HAVING count(e.id) <> 1""",  # noqa: S608 - constants of this file
    "the entry of a record says its state": f"""
        SELECT r.id FROM records r JOIN audit_entries e ON e.object = 'record:' || r.id AND e.action IN {JUDGED}
        WHERE e.action <> CASE r.state WHEN 'routed' THEN 'record.accepted' WHEN 'refused' THEN 'record.refused'
        WHEN 'unroutable' THEN 'record.parked' ELSE 'record.withheld' END""",  # noqa: S608 - constants of this file
    "an attempt has one entry": f"""
        SELECT d.id FROM deliveries d WHERE
        (SELECT count(*) FROM attempts a WHERE a.delivery = d.id) <>
        (SELECT count(*) FROM audit_entries e WHERE e.object = 'delivery:' || d.id AND e.action IN {TRIED})""",  # noqa: S608 - constants of this file
    "the newest entry of a delivery says its state": f"""
        SELECT d.id FROM deliveries d WHERE CASE d.state
        WHEN 'delivered' THEN {NEWEST} IN ('delivery.delivered', 'delivery.acknowledged')
        WHEN 'waiting' THEN {NEWEST} = 'delivery.placed'
        WHEN 'dead' THEN {NEWEST} IN ('delivery.dead', 'delivery.rejected')
        WHEN 'withdrawn' THEN {NEWEST} = 'delivery.withdrawn' ELSE 0 END = 0""",  # noqa: S608 - constants of this file
    "a parcel that was taken was taken once": """
        SELECT d.id FROM deliveries d JOIN mailbox m ON m.delivery = d.id WHERE d.state = 'delivered' AND
        (SELECT count(*) FROM audit_entries e
         WHERE e.object = 'delivery:' || d.id AND e.action = 'delivery.acknowledged') <> 1""",
    "an entry is about something that there is": """
        SELECT e.id FROM audit_entries e WHERE
        (e.object LIKE 'record:%' AND substr(e.object, 8) NOT IN (SELECT id FROM records)) OR
        (e.object LIKE 'delivery:%' AND substr(e.object, 10) NOT IN (SELECT id FROM deliveries)) OR
        (e.object LIKE 'submission:%' AND e.action <> 'submission.refused'
         AND substr(e.object, 12) NOT IN (SELECT id FROM submissions))""",
    "numbers have no gap": """
        SELECT count(*) FROM audit_entries HAVING count(*) <> count(DISTINCT seq) OR min(seq) <> 0
        OR max(seq) <> count(*) - 1 OR count(*) <> (SELECT max(size) FROM audit_checkpoints)""",
}
"""What must hold -> SQL that finds where it does not."""


def broken(database: sqlite3.Connection) -> dict[str, int]:
    """The rules that do not hold, and at how many places."""
    found = {name: len(database.execute(query).fetchall()) for name, query in RULES.items()}
    return {name: count for name, count in found.items() if count}


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with whole(tmp_path, sqlite_url) as site:
        yield site


def opened(sqlite_url: str) -> sqlite3.Connection:
    return sqlite3.connect(sqlite_url.split("///")[1])


async def traffic(site: Site, count: int, chance: random.Random) -> None:
    """So many records of every fate: taken, refused, tried again, dead and sent again or given up, parcels taken, twice
    in words, or refused."""
    site.partners.statuses["texas"] = 400
    busy = chance.sample(range(count), k=max(1, count // 10))
    for number in range(count):
        site.partners.statuses["michigan"] = 503 if number in busy else 200
        to = chance.choice(["michigan", "michigan", "texas", TRIBE])
        line = samples.LOCATE if to == TRIBE else samples.SUMMARY
        await site.api.accepted("ohio", "csenet", samples.csenet(number, line, to), f"key-{number}")
        if number % 5 == 0:
            await site.api.submit("ohio", "csenet", WRONG_LENGTH)
            await site.api.submit("ohio", "csenet", samples.csenet(number, line, to), f"key-{number}")
    site.partners.statuses["michigan"] = 200
    await until(lambda: _settled(site), "every delivery has come to rest")
    for number, dead in enumerate(await site.api.everything(OPERATOR, "/v1/deliveries?state=dead")):
        verb = "retry" if number % 2 else "withdraw"
        site.partners.statuses["texas"] = 200
        await site.api.operate(f"/v1/deliveries/{dead['id']}/{verb}", reason="their doing")
    for number, parcel in enumerate((await site.api.get(TRIBE, "/v1/mailbox?limit=500"))["rows"]):
        path = f"/v1/mailbox/{parcel['delivery']}"
        if number % 3 == 2:
            await site.api.say(TRIBE, f"{path}/refuse", reason="not-our-case")
        for _ in range(1 + number % 2) if number % 3 < 2 else ():
            await site.api.say(TRIBE, f"{path}/acknowledge", digest=parcel["digest"])
    await until(lambda: _settled(site), "every delivery has come to rest again")


async def _settled(site: Site) -> bool:
    owed = await site.process.base.stores.desk.queues()
    log = site.process.base.stores.audit
    return not any(queue.pending + queue.claimed for queue in owed) and not await log.unsequenced(1)


@pytest.mark.claim("A22", control="test_control_a_change_without_its_entry_or_with_two_is_found")
async def test_every_change_of_state_has_exactly_one_entry_and_there_is_no_gap(claim, site, sqlite_url):
    count = claim.size(push=15, night=1_000)
    await traffic(site, count, random.Random(claim.seed))  # noqa: S311 - a seed that can be given again
    with opened(sqlite_url) as database:
        assert broken(database) == {}
        (entries,) = database.execute("SELECT count(*) FROM audit_entries").fetchone()
        (states,) = database.execute("SELECT count(DISTINCT state) FROM deliveries").fetchone()
    assert states >= 2
    stores = site.process.base.stores
    compared = await compare(stores.standings, stores.audit)
    assert (compared.contradictions, compared.first) == (0, ()), "gateway audit verify says so, too"
    assert compared.rows > 2 * count
    claim.measured(f"{count} records, {entries} entries: each change has one, no number is missing")


CHANGES = {
    "a submission is judged once": "DELETE FROM audit_entries WHERE id IN "
    "(SELECT id FROM audit_entries WHERE action = 'submission.judged' LIMIT 1)",
    "a record is judged once": "DELETE FROM audit_entries WHERE id IN "
    "(SELECT id FROM audit_entries WHERE action = 'record.accepted' LIMIT 1)",
    "the entry of a record says its state": "UPDATE records SET state = 'withheld' WHERE state = 'routed'",
    "an attempt has one entry": "INSERT INTO audit_entries SELECT id || 'x', at, actor, action, object, outcome, "
    "details, salt, seq + 100000, leaf_hash FROM audit_entries WHERE action = 'delivery.delivered' LIMIT 1",
    "the newest entry of a delivery says its state": "UPDATE deliveries SET state = 'withdrawn'",
    "an entry is about something that there is": "DELETE FROM records",
    "numbers have no gap": "UPDATE audit_entries SET seq = 99999 WHERE seq = 1",
}


async def test_control_a_change_without_its_entry_or_with_two_is_found(site, sqlite_url):
    await site.api.accepted("ohio", "csenet", samples.csenet(1))
    await until(lambda: site.partners.to("michigan"), "the record arrives")
    await until(lambda: _settled(site), "all is written down")
    database = opened(sqlite_url)
    assert broken(database) == {}
    for rule, change in CHANGES.items():
        database.execute(change)
        assert rule in broken(database), rule
        database.rollback()
    database.close()
