"""Bulk inserts: the same rows on both databases, however many and in whatever combination."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select

from gateway.store.engine import Dialect
from gateway.store.insertion import Insertion, write_together
from gateway.store.intake import StoredIntake
from gateway.store.tables import leases, records, revisions, samples, serials
from tests.contract.store_samples import NOW, finding, one_record

FIRST_WINS = Insertion(serials, conflict="ON CONFLICT (sender, serial) DO NOTHING", returning=("record",))
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
ROWS = st.fixed_dictionaries(
    {
        "ordinal": st.integers(-(2**31), 2**31 - 1),
        "kind": st.none() | TEXT,
        "sealed": st.none() | st.binary(max_size=50),
        "received_at": INSTANTS,
        "transaction": st.none() | TEXT,
    }
)


async def count(connection, table):
    return await connection.scalar(select(func.count()).select_from(table))


@contextlib.contextmanager
def statements(database):
    seen = []
    engine = database._writer.sync_engine

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_rows=st.lists(ROWS, max_size=8))
async def test_rows_come_back_as_they_went_in(database, given_rows):
    plain = dict.fromkeys((column.name for column in records.columns), None)
    rows = [
        {**plain, "id": f"{n}", "submission": "s", "sender": "ohio", "state": "routed", **given}
        for n, given in enumerate(given_rows)
    ]
    async with database.write() as connection:
        await connection.execute(delete(records))
        await Insertion(records).write(connection, iter(rows))
        stored = (await connection.execute(select(records))).all()
    assert sorted((row._asdict() for row in stored), key=lambda row: int(row["id"])) == rows


@pytest.mark.parametrize("number", [0, 1, 499, 500, 501, 1234])
async def test_any_number_of_rows_goes_in(database, number):
    rows = ({"name": f"r-{n}", "value": n} for n in range(number))
    async with database.write() as connection:
        await Insertion(revisions).write(connection, rows)
        assert await count(connection, revisions) == number


async def test_of_two_rows_with_one_key_the_first_counts_across_slices_too(database):
    rows = [{"sender": "ohio", "serial": f"{n % 700}", "record": f"r-{n}"} for n in range(1400)]
    async with database.write() as connection:
        granted = [row.record for row in await FIRST_WINS.returning(connection, rows)]
    assert sorted(granted) == sorted(f"r-{n}" for n in range(700))


async def test_tables_of_unequal_length_go_in_together(database):
    async with database.write() as connection:
        await write_together(
            connection,
            (Insertion(revisions), ({"name": f"r-{n}", "value": n} for n in range(1100))),
            (Insertion(samples), ()),
            (Insertion(leases), [{"name": "one", "owner": "me", "until": NOW}]),
        )
        found = [await count(connection, table) for table in (revisions, samples, leases)]
    assert found == [1100, 0, 1]


async def test_a_small_commit_is_few_statements(database):
    """Round trips are what a small commit costs: one for what is fresh; with a repeat in it, the attempt, then
    submission, the first submission, running numbers, everything else (and a claim of serial numbers). SQLite has no
    round trips and takes a statement a table."""
    with statements(database) as seen:
        await StoredIntake(database).accept(one_record("k", serial="S", findings=(finding("R"),)))
    written = [statement for statement in seen if not statement.startswith("BEGIN")]
    assert len(written) == {"postgresql": 1, "sqlite": 8}[database.dialect]
    with statements(database) as seen:
        intake = StoredIntake(database)
        await asyncio.gather(intake.accept(one_record("k")), intake.accept(one_record("l", serial="T")))
    assert len([statement for statement in seen if not statement.startswith("BEGIN")]) <= 9


async def test_many_rows_go_to_postgresql_by_copy_and_come_back_as_they_went_in(database):
    plain = dict.fromkeys((column.name for column in records.columns), None)
    rows = [
        {**plain, "id": f"{n:04}", "submission": "s", "sender": "ohio", "state": "routed", "ordinal": n}
        | {"received_at": NOW, "sealed": bytes([n % 256]) * 3, "kind": None if n % 2 else "locate"}
        for n in range(700)
    ]
    with statements(database) as seen:
        async with database.write() as connection:
            await Insertion(records).write(connection, rows)
            stored = (await connection.execute(select(records).order_by(records.c.id))).all()
    assert [row._asdict() for row in stored] == rows
    if database.dialect is Dialect.POSTGRESQL:
        assert not [statement for statement in seen if "unnest" in statement]


async def test_rows_copied_in_a_transaction_that_fails_are_gone(database):
    with contextlib.suppress(ZeroDivisionError):
        async with database.write() as connection:
            await Insertion(revisions).write(connection, [{"name": f"r-{n}", "value": n} for n in range(300)])
            raise ZeroDivisionError
    async with database.read() as connection:
        assert await count(connection, revisions) == 0
