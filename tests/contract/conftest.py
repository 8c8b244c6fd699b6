"""Fixtures of the contract suites."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.store.engine import Database, open_database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated, empty database; every test that asks for it runs on both."""
    opened = open_database(database_url)
    yield opened
    await opened.dispose()
