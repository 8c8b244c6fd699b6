"""Lists that people and partners ask for read about as many rows as they show, however many there are."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from sqlalchemy import event, text, update

from gateway.core.model import DeliveryState, Kind, Page, RecordState
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.records import RecordQuery
from gateway.core.ports.signs import Sign
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.engine import open_database
from gateway.store.health import StoredHealth
from gateway.store.insertion import Insertion
from gateway.store.records import StoredRecords
from gateway.store.rows import record_row
from gateway.store.signs import StoredSigns
from gateway.store.tables import records
from gateway.store.waits import StoredWaits
from gateway.store.wire_payloads import StoredPayloads
from tests.contract.owed import CASE_TRANSFER, INDIANA, LOCATE, NEW_HIRE, OHIO, TEXAS, Town

MANY = 2_000
READ = 300
"""Rows that a list of at most 20 may read."""
STOPPED = (RecordState.UNROUTABLE, RecordState.WITHHELD, RecordState.REFUSED)
PAGE = Page(20)
UNSEEN = Kind("assistance-referral")
ASKED = count(1)
"""Makes each statement another one: SQLite's driver keeps old plans of the same."""
WHOLE = re.compile(
    r"SCAN (deliveries|records|items|candidate|wire_payloads)\b(?!.*(_by_state|_waiting|_leased|_due|_kept))"
)
"""A table read from end to end; the whole of an index of few rows may be."""


@pytest.fixture
def town():
    return Town()


@pytest.fixture
async def busy(database, town):
    """Few things long ago, then many for others."""
    made = {"state": DeliveryState.DELIVERED}
    await town.owe(database, 3, TEXAS, **made)
    await town.owe(database, 1, TEXAS, state=DeliveryState.DEAD, cause="https.410")
    await town.owe(database, 3, OHIO, sender=TEXAS, **made)
    few = [town.record(kind=CASE_TRANSFER) for _ in range(3)]
    stopped = [town.record(state=state, sender=TEXAS, recipient=None) for state in STOPPED]
    async with database.write() as connection:
        await Insertion(records).write(connection, [record_row(one) for one in (*few, *stopped)])
    town.wait(timedelta(days=30))
    await town.owe(database, MANY, OHIO, **made)
    if database.dialect.value == "postgresql":
        await database.outside(["ANALYZE"])
    return database


@contextmanager
def listening(database):
    """The statements that are run meanwhile, with their parameters."""
    heard = []

    def hear(_connection, _cursor, statement, parameters, _context, _many):
        heard.append((statement, parameters))

    engines = {database._reader.sync_engine, database._writer.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    yield heard
    for engine in engines:
        event.remove(engine, "before_cursor_execute", hear)


async def greedy(database, asking):
    """What of the question reads much: scans of whole tables on SQLite, many rows on PostgreSQL."""
    with listening(database) as heard:
        await asking()
    plain = database.dialect.value == "sqlite"
    found = []
    for statement, parameters in [one for one in heard if "SELECT" in one[0]]:
        async with database.write() as connection:
            how = "EXPLAIN QUERY PLAN" if plain else "EXPLAIN (ANALYZE, FORMAT JSON)"
            rows = (await connection.exec_driver_sql(f"{how} {statement} -- {next(ASKED)}", parameters)).all()
        if plain:
            found += [row.detail for row in rows if WHOLE.match(row.detail)]
        else:
            plan = rows[0][0] if isinstance(rows[0][0], list) else json.loads(rows[0][0])
            found += [rows for rows in [read(plan[0]["Plan"])] if rows > READ]
    return found


def read(node):
    """How many rows a plan took from tables."""
    own = 0
    if "Relation Name" in node:
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return own + sum(read(inner) for inner in node.get("Plans", ()))


def deliveries_of(**query):
    return lambda database: StoredDesk(database).list(DeliveryQuery(**query), PAGE)


def records_of(**query):
    return lambda database: StoredRecords(database).search(RecordQuery(**query), PAGE)


LISTS = {
    "deliveries owed to a partner": (deliveries_of(partner=TEXAS), 4),
    "deliveries owed to nobody": (deliveries_of(partner=INDIANA), 0),
    "deliveries of a sender": (deliveries_of(sender=TEXAS), 3),
    "deliveries of a sender to a partner": (deliveries_of(sender=TEXAS, partner=OHIO), 3),
    "a partner's dead letters": (deliveries_of(partner=TEXAS, state=DeliveryState.DEAD), 1),
    "a partner's delivered ones": (deliveries_of(partner=TEXAS, state=DeliveryState.DELIVERED), 3),
    "dead letters": (deliveries_of(state=DeliveryState.DEAD), 1),
    "what has a cause": (deliveries_of(cause="https.410"), 1),
    "records that need attention": (records_of(states=STOPPED), 3),
    "a party's that need attention": (records_of(states=STOPPED, party=TEXAS), 3),
    "a sender's that need attention": (records_of(states=STOPPED, sender=TEXAS), 3),
    "a party's records": (records_of(party=TEXAS), 3),
    "records withheld": (records_of(state=RecordState.WITHHELD), 1),
    "records of a kind": (records_of(kind=CASE_TRANSFER), 3),
    "records of a kind that nobody sent": (records_of(kind=UNSEEN), 0),
    "records refused": (records_of(state=RecordState.REFUSED), 1),
}


def asked_by(database, town):
    """What processes and screens ask of themselves every few seconds or minutes."""
    desk, work, now = StoredDesk(database), StoredDeliveries(database), town.now
    return {
        "queues": desk.queues,
        "groups": desk.groups,
        "parked": lambda: StoredRecords(database).parked(10),
        "what waits": StoredWaits(database).look,
        "signs of work": lambda: StoredSigns(database).read(frozenset(Sign), now),
        "owing": work.owing,
        "waiting": lambda: work.waiting(OHIO, now, 10, 0),
        "payloads to forget": StoredPayloads(database).forget,
        "due": lambda: work.due(now, now, 10),
        "what came and went": lambda: StoredHealth(database).flows(town.later()),
    }


NEEDED = {
    "deliveries_made": "deliveries owed to a partner",
    "deliveries_made_of": "deliveries of a sender",
    "deliveries_by_state": "dead letters",
    "records_of_kind": "records of a kind",
    "records_by_state": "records that need attention",
    "wire_payloads_kept": "payloads to forget",
}
"""An index -> a list that goes along it."""


async def wrong_ones(database, town):
    """Lists that show something else than they should, or read much for it."""
    found = {name: await greedy(database, ask) for name, ask in asked_by(database, town).items()}
    for name, (ask, many) in LISTS.items():
        shown = len((await ask(database)).rows)
        found[name] = await greedy(database, partial(ask, database)) if shown == many else shown
    return {name: what for name, what in found.items() if what}


async def test_a_list_reads_about_what_it_shows_and_without_its_index_everything(busy, town):
    assert await wrong_ones(busy, town) == {}
    async with busy.write() as connection:
        for index in NEEDED:
            await connection.execute(text(f"DROP INDEX {index}"))
    small = set() if busy.dialect.value == "sqlite" else {"payloads to forget"}  # there are none: nothing is read
    assert (await wrong_ones(busy, town)).keys() >= set(NEEDED.values()) - small


async def test_pages_of_a_partner_show_every_delivery_once_newest_first_and_since_reads_no_older_ones(busy, town):
    late = town.wait(timedelta(days=3))
    for state in DeliveryState:
        await town.owe(busy, 2, TEXAS, state=state)
    desk, found = StoredDesk(busy), StoredRecords(busy)
    cursor, seen = None, []
    while cursor is not None or not seen:
        listing = await desk.list(DeliveryQuery(partner=TEXAS), Page(3, cursor))
        seen, cursor = [*seen, *(one.id for one in listing.rows)], listing.next
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 4 + 2 * len(DeliveryState)
    for ask in (desk.list(DeliveryQuery(since=late), PAGE), found.search(RecordQuery(since=late), PAGE)):
        assert len((await ask).rows) == 2 * len(DeliveryState)
    if busy.dialect.value == "postgresql":  # SQLite does not say how many rows it reads
        assert await greedy(busy, lambda: desk.list(DeliveryQuery(since=late, cause="unknown"), PAGE)) == []
        assert await greedy(busy, lambda: found.search(RecordQuery(since=late, kind=NEW_HIRE), PAGE)) == []


# --- order by case ----------------------------------------------------------------------------------------------------


async def effort(database, asking):
    """Rows that the question took from tables on PostgreSQL, hundreds of steps of the machine on SQLite."""
    with listening(database) as heard:
        await asking()
    spent = 0
    async with database.write() as connection:
        for statement, parameters in [one for one in heard if "SELECT" in one[0]]:
            if database.dialect.value == "sqlite":
                spent += await steps(connection, statement, parameters)
            else:
                how = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement} -- {next(ASKED)}"
                plan = (await connection.exec_driver_sql(how, parameters)).scalar_one()
                spent += read((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    return spent


async def steps(connection, statement, parameters):
    driver, hundreds = (await connection.get_raw_connection()).driver_connection, count()
    await driver.set_progress_handler(lambda: next(hundreds) and None, 100)
    await connection.exec_driver_sql(statement, parameters)
    await driver.set_progress_handler(None, 100)
    return next(hundreds)


async def one_case(database, town, many):
    """So many records of one case that wait for a batch, were delivered, and are under way to somebody else."""
    await town.wait_for_batch(database, many)
    await town.owe(database, many, state=DeliveryState.DELIVERED)
    await town.owe(database, many, TEXAS)
    async with database.write() as connection:
        await connection.execute(update(records).values(case_index=b"C" * 16))


async def test_records_of_one_case_that_wait_for_a_batch_are_not_compared_with_each_other(database, town):
    work, found = StoredDeliveries(database), []
    for many in (200, 600):  # 800 in the second look, of each sort
        await one_case(database, town, many)
        found.append(await effort(database, lambda: work.gathering([OHIO, TEXAS])))
    assert 0 < found[1] < 8 * found[0]
    assert [one.count for one in await work.gathering([OHIO])] == [800]
    assert await work.gather(OHIO, INDIANA, LOCATE, town.delivery(), 700, [], by_case=True) == 700
    assert await work.gathering([OHIO]) == (), "what is left waits for these"


# --- settling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("together", [True, False], ids=["at once", "with care"])
async def test_settling_does_not_walk_through_all_that_was_claimed(postgres_url, town, together, monkeypatch):
    """The index of what is claimed has every delivery since the last VACUUM."""
    monkeypatch.setattr("gateway.store.deliveries.fits", lambda *_: together)
    database = open_database(postgres_url)
    work = StoredDeliveries(database)
    await town.owe(database, MANY, state=DeliveryState.DELIVERED)
    owed = await town.owe(database, 40)
    await work.claim([one.id for one in owed], "a", town.now, town.later())
    with listening(database) as heard:
        await work.settle([town.delivered(one, "a") for one in owed], [])
    (settled,) = [one for one in heard if "UPDATE deliveries" in one[0]]
    async with database.write() as connection:
        plan = str((await connection.exec_driver_sql(f"EXPLAIN {settled[0]}", settled[1])).all())
    await database.dispose()
    assert "deliveries" in plan
    assert "deliveries_leased" not in plan
