"""Figures are shared by all open pages, and asked for the more rarely the longer they take."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from gateway.web.console.shared import Shared


class Slow:
    """A store in which counting takes so many seconds of the clock."""

    def __init__(self, takes):
        self.now, self.takes, self.asked = datetime(2026, 3, 2, tzinfo=UTC), timedelta(seconds=takes), []

    def clock(self):
        return self.now

    async def count(self):
        self.asked.append(self.now)
        await asyncio.sleep(0)
        self.now += self.takes
        return {"submissions": len(self.asked)}


async def test_many_pages_at_once_are_one_question_and_later_ones_wait_for_a_new_answer():
    store = Slow(2)
    day = Shared(store.count, store.clock)
    pages = await asyncio.gather(*(day.now() for _ in range(50)))
    assert pages == [{"submissions": 1}] * 50
    assert store.asked == [store.now - store.takes]
    store.now += timedelta(seconds=39)
    assert await day.now() == {"submissions": 1}
    store.now += timedelta(seconds=2)
    assert await day.now() == {"submissions": 2}


async def test_where_counting_costs_nothing_every_page_is_fresh():
    store = Slow(0)
    day = Shared(store.count, store.clock)
    assert [await day.now() for _ in range(3)] == [{"submissions": number} for number in (1, 2, 3)]
