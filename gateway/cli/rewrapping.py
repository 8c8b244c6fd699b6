"""The re-wrap job in the foreground, with its progress."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.cli.out import progress, say
from gateway.work.reindex import IndexPace
from gateway.work.rewrap import SETTLED, Pace

if TYPE_CHECKING:
    from gateway.foundation import Foundation


async def run(base: Foundation, rate: int, *, now: bool) -> dict[str, int]:
    """First what an index key that was replaced had indexed, then all data keys, to the end. A pass that the
    scheduler began is carried on together: no value is looked at twice for long. Counts of values and of records."""
    from gateway.key_rounds import rewrapper  # noqa: PLC0415 - the composition costs time that --help must not pay

    indexed = await _reindexed(base, now=now)
    pace = Pace(rate=rate, settled=timedelta() if now else SETTLED)
    job, stored = rewrapper(base, pace), base.stores.sealed
    before = await stored.latest()
    total = sum((await stored.wrapped()).values())
    with progress("wrapped anew", total) as bar:
        while await job.step():
            if (latest := await stored.latest()) is not None:
                bar.reach(latest.seen)
    ended = await stored.latest()
    if ended is None or ended == before:
        say("Nothing to wrap anew, or a key was replaced less than two minutes ago.")
        return {"seen": 0, "moved": 0, "broken": 0, "left": 0} | indexed
    say(f"{ended.moved} wrapped anew of {ended.seen}; {ended.broken} do not open; {ended.left} left.")
    return {"seen": ended.seen, "moved": ended.moved, "broken": ended.broken, "left": ended.left} | indexed


async def _reindexed(base: Foundation, *, now: bool) -> dict[str, int]:
    from gateway.key_rounds import index_keys, reindexer  # noqa: PLC0415 - as above

    keys = index_keys(base.keys.ring)
    if not keys.old:
        return {"indexed": 0, "index_broken": 0}
    job = reindexer(base, IndexPace(settled=timedelta() if now else SETTLED))
    left = sum(count for key, count in (await base.stores.indexed.counts()).items() if key != keys.active)
    with progress("indexed anew", left) as bar:
        while await job.step():
            bar.reach(job.moved)
    say(f"{job.moved} records indexed anew; {job.broken} do not open. `gateway keys list` counts what is left.")
    return {"indexed": job.moved, "index_broken": job.broken}
