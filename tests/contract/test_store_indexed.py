"""Blind indexes come under a new key in one transaction: the case, its lane, its hold, and notices of danger."""

from sqlalchemy import select

from gateway.core.model import RecordId
from gateway.core.people import Renewal
from gateway.core.ports.indexed import IndexedBody, Reindexed
from gateway.core.protected import Notice
from gateway.core.retention import Hold, HoldScope
from gateway.store.accounting import StoredAccounting, remember
from gateway.store.holds import StoredHolds
from gateway.store.indexed import StoredIndexed
from gateway.store.insertion import Insertion
from gateway.store.protection import StoredNotices, write_notices
from gateway.store.rows import delivery_row, item_row, record_row
from gateway.store.tables import attempts, deliveries, disclosed, records
from tests.contract.owed import _DELIVERIES, _ITEMS, _RECORDS, INDIANA, OHIO, Town, _item

OLD_KEY, NEW_KEY = "index:search:2026-03:1", "index:search:2026-03:2"
OLD, NEW, JANE, JANE_NEW = (bytes([n]) * 16 for n in range(4))
BOTH = Renewal(NEW_KEY, ((OLD, NEW),), ((JANE, JANE_NEW),))


async def stored(database, town):
    """A record under the first key with an open delivery in its lane, and a notice that stands."""
    record = town.record(case_index=OLD, persons=JANE)
    delivery = town.delivery(OHIO, lane=OLD)
    async with database.write() as connection:
        await _RECORDS.write(connection, [record_row(record)])
        await _ITEMS.write(connection, [item_row(_item(record, delivery))])
        await _DELIVERIES.write(connection, [delivery_row(delivery, announce_at=town.now)])
        await write_notices(connection, [Notice(JANE, INDIANA, record.id, town.now)])
    hold = Hold("h1", HoldScope.CASE, OLD.hex(), "synthetic", "one", town.now)
    await StoredHolds(database).add(hold, town.entry("hold.set", "hold:h1"))
    return record, delivery


async def one(database, query):
    async with database.read() as connection:
        return (await connection.execute(query)).one()


async def test_a_case_moves_as_a_whole_and_a_notice_is_placed_again(database):
    town, store = Town(), StoredIndexed(database)
    record, delivery = await stored(database, town)
    assert await store.counts() == {None: 2}
    assert await store.bodies(NEW_KEY, None, 5) == [IndexedBody(record.id, INDIANA, record.sealed)]
    assert await store.unsure(NEW_KEY) == 1
    assert await store.put([Reindexed(record.id, NEW, JANE_NEW, BOTH)]) == 1
    assert await store.put([Reindexed(record.id, NEW, JANE_NEW, BOTH)]) == 1, "again: no other end"
    assert await store.counts() == {NEW_KEY: 2}
    assert (await store.bodies(NEW_KEY, None, 5), await store.unsure(NEW_KEY)) == ([], 0)
    chosen = select(records.c.case_index, records.c.persons, records.c.index_key)
    assert tuple(await one(database, chosen)) == (NEW, JANE_NEW, NEW_KEY)
    assert (await one(database, select(deliveries.c.lane))).lane == NEW
    assert [hold.what for hold in await StoredHolds(database).list()] == [NEW.hex()]
    _, standings = await StoredNotices(database).since(0)
    assert {standing.person for standing in standings if standing.stands} == {JANE, JANE_NEW}
    assert await StoredNotices(database).lift(record.id, INDIANA, town.entry("notice.lifted", "record:r")) == 1
    await store.forget(OLD_KEY)
    assert await store.asked(town.later()) == 0
    assert delivery.lane == OLD


async def test_what_was_lifted_is_not_placed_again(database):
    town, store = Town(), StoredIndexed(database)
    record, _ = await stored(database, town)
    await StoredNotices(database).lift(record.id, INDIANA, town.entry("notice.lifted", "record:r"))
    await store.renew([BOTH])
    _, standings = await StoredNotices(database).since(0)
    assert [(standing.person, standing.stands) for standing in standings] == [(JANE, False)]


async def test_a_record_that_was_erased_meanwhile_stays_so(database):
    town, store = Town(), StoredIndexed(database)
    record, _ = await stored(database, town)
    async with database.write() as connection:
        await connection.execute(records.update().values(sealed=None, case_index=None, persons=None))
    assert await store.put([Reindexed(record.id, NEW, JANE_NEW, BOTH)]) == 0
    assert (await one(database, select(records.c.case_index))).case_index is None


async def test_what_an_erased_record_disclosed_moves_with_its_case(database):
    town, store, accounting = Town(), StoredIndexed(database), StoredAccounting(database)
    record, delivery = await stored(database, town)
    attempt = {
        "delivery": delivery.id,
        "number": 1,
        "begun_at": town.now,
        "ended_at": town.now,
        "outcome": "delivered",
        "code": None,
        "answer": None,
    }
    async with database.write() as connection:
        await Insertion(attempts).write(connection, [attempt])
        await remember(connection, [record.id])
        await connection.execute(records.update().values(sealed=None, case_index=None, persons=None))
    assert await store.counts() == {None: 2}
    found = await accounting.of_case([OLD], town.now)
    await store.renew([BOTH])
    assert await accounting.of_case([OLD], town.now) == ()
    assert await accounting.of_case([NEW], town.now) == found
    assert (await one(database, select(disclosed.c.index_key))).index_key == NEW_KEY


async def test_a_notice_that_is_believed_to_stand_is_placed_only_where_it_was_taken_back(database):
    town, register = Town(), StoredNotices(database)
    await stored(database, town)
    later = [Notice(JANE, INDIANA, "later", town.now, known=True), Notice(JANE_NEW, INDIANA, "later", town.now)]
    async with database.write() as connection:
        await write_notices(connection, later[:1])
    assert await register.revision() == 1
    assert await register.lift("later", INDIANA, town.entry("notice.lifted", "record:l")) == 1
    async with database.write() as connection:
        await write_notices(connection, later)
    revision, standings = await register.since(0)
    assert (revision, {one.person for one in standings if one.stands}) == (3, {JANE, JANE_NEW})
    assert await register.lift("later", INDIANA, town.entry("notice.lifted", "record:l")) == 2


async def test_who_takes_an_earlier_word_back_does_not_take_back_what_a_later_record_says_as_well(database):
    town, store = Town(), StoredNotices(database)
    first, second, third = (RecordId(town.mint()) for _ in range(3))
    async with database.write() as connection:
        await write_notices(connection, [Notice(JANE, INDIANA, first, town.now), Notice(JANE, OHIO, third, town.now)])
    revision = await store.revision()
    async with database.write() as connection:
        await write_notices(connection, [Notice(JANE, INDIANA, second, town.now, known=True)])
    assert await store.revision() == revision, "nobody has to learn anything"
    assert await store.lift(first, INDIANA, town.entry("notice.lifted", f"record:{first}")) == 0
    assert await store.lift(second, INDIANA, town.entry("notice.lifted", f"record:{second}")) == 1
    _, standings = await store.since(0)
    assert {(one.placed_by, one.stands) for one in standings} == {(INDIANA, False), (OHIO, True)}
