"""The revisions of the schema, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.core.errors import GatewayError, Misconfigured, Unavailable
from gateway.store.migrations import current, is_current, migrate, newest, unmigrate
from gateway.store.tables import metadata

DEFINITIONS = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE name <> 'alembic_version' AND sql IS NOT NULL",
    "postgresql": """
        SELECT 'index', indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        UNION ALL
        SELECT 'column', table_name || '.' || column_name, concat_ws(' ', ordinal_position, data_type, is_nullable)
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
        UNION ALL
        SELECT 'options', relname, array_to_string(reloptions, ',') FROM pg_class WHERE reloptions IS NOT NULL
    """,
}


async def on(url, work):
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        result = await connection.run_sync(work)
    await engine.dispose()
    return result


def definitions(connection: Connection):
    rows = connection.execute(text(DEFINITIONS[connection.dialect.name]))
    return {tuple(" ".join(str(cell).split()) for cell in row) for row in rows}  # an added column brings no line break


async def test_alembic_finds_no_difference_between_the_revisions_and_the_tables(database_url):
    def differences(connection: Connection):
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert await on(database_url, differences) == []


async def test_the_comparison_notices_a_table_that_has_no_revision(database_url):
    def differences(connection: Connection):
        connection.execute(text("DROP TABLE spool"))
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert [change[0] for change in await on(database_url, differences)] == ["add_table"]


async def test_the_revisions_make_the_very_columns_and_partial_indexes_of_the_tables(database_url):
    migrated = await on(database_url, definitions)
    await unmigrate(database_url)
    await on(database_url, metadata.create_all)
    assert migrated == await on(database_url, definitions)


async def test_going_back_to_base_leaves_nothing_and_forward_again_is_current(database_url):
    assert await is_current(database_url)
    await unmigrate(database_url)
    assert await current(database_url) is None
    assert await on(database_url, lambda c: inspect(c).get_table_names()) == ["alembic_version"]
    await migrate(database_url)
    assert await current(database_url) == newest()


async def test_migrating_twice_changes_nothing(database_url):
    before = await on(database_url, definitions)
    await migrate(database_url)
    assert await on(database_url, definitions) == before


async def test_a_migration_that_fails_leaves_nothing_behind(database_url):
    await unmigrate(database_url)
    await on(database_url, lambda connection: connection.execute(text("CREATE TABLE samples (x integer)")))
    with pytest.raises(GatewayError):
        await migrate(database_url)
    assert set(await on(database_url, lambda c: inspect(c).get_table_names())) == {"alembic_version", "samples"}
    assert await current(database_url) is None


async def test_processes_that_migrate_at_once_do_it_once(database_url):
    await unmigrate(database_url)
    await asyncio.gather(*(migrate(database_url) for _ in range(3)))
    assert await is_current(database_url)


async def test_an_empty_database_has_no_revision(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    assert await current(url) is None
    assert not await is_current(url)


async def test_a_server_that_is_away_is_unavailable(tmp_path):
    with pytest.raises(Unavailable):
        await current(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    with pytest.raises(Unavailable):
        await current("postgresql+asyncpg://gateway@127.0.0.1:1/gateway")


async def test_a_url_of_another_database_is_refused():
    with pytest.raises(Misconfigured):
        await migrate("mysql://somebody@somewhere/gateway")
