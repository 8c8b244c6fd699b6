"""The re-wrap job: every sealed value of every table comes under the active keys, whatever happens meanwhile."""

import asyncio
import os
import random
import re
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, insert, select, update

from gateway.core.errors import Unavailable
from gateway.core.ports.rewrapping import HEAD_BYTES
from gateway.store.engine import open_database
from gateway.store.sealed import PLACES, StoredSealed
from gateway.store.tables import audit_entries, mailbox, metadata, records
from keys.envelope import LONGEST_HEAD
from keys.files import FileKeys
from tests.contract.sealed_rows import FAST, NOW, again, clock, everything, fill, parcel, rewrapper, unreadable

ROOT = Path(__file__).parents[2]
OLD, NEW = "kek:records:2026-03:1", "kek:records:2026-03:2"
OLD_TAX, NEW_TAX = "kek:federal-tax:2026-03:1", "kek:federal-tax:2026-03:2"


everywhere = pytest.mark.parametrize(
    ("database_url", "token_address"),
    [("sqlite", "file"), ("postgresql", "file"), ("sqlite", "token")],
    indirect=True,
)
"""Keys in a token are asked for with one database: neither knows of the other."""


@pytest.fixture
def keys(tmp_path, token_address):
    return FileKeys.create(tmp_path / "keys", clock, os.urandom, token=token_address)


@pytest.fixture
def fewer(token_address):
    """A token takes a hundred times as long as memory."""
    return lambda count, of_token: count if token_address is None else of_token


async def rotated(database, keys, count):
    """Values under keys that have been rotated since."""
    await fill(database, keys.sealer(), count)
    for label in ("records", "federal-tax"):
        keys.rotate(label)


async def run(job):
    steps = 1
    while await job.step():
        steps += 1
    return steps


def of_one_key(keys, *kept):
    """A sealer that has these keys alone."""
    alone = again(keys)
    for facts in alone.list():
        if facts.id not in kept and facts.state == "decrypt-only":
            alone.destroy(facts.id)
    return alone.sealer()


def test_every_column_of_sealed_bytes_is_walked():
    named = {f"{t.name}.{c.name}" for t in metadata.tables.values() for c in t.columns if "seal" in c.name}
    assert {place.name for place in PLACES} == named >= {"spool.sealed", "records.sealed", "mailbox.sealed"}
    assert all(isinstance(place.sealed.type, LargeBinary) for place in PLACES)
    sources = [path.read_text() for folder in ("gateway", "adapters") for path in (ROOT / folder).rglob("*.py")]
    bound = {place for text in sources for place in re.findall(r'f"([a-z_]+\.sealed[a-z_]*):\{', text)}
    assert bound <= named, "whatever is sealed says by its context in which column it lies"


def test_the_head_is_as_long_as_the_longest():
    assert HEAD_BYTES == LONGEST_HEAD


@everywhere
async def test_every_value_comes_under_the_active_keys_and_no_body_changes(database, keys, fewer):
    count = fewer(129, 60)
    await rotated(database, keys, count)
    before = await everything(database)
    stored = StoredSealed(database)
    assert await stored.wrapped() == {OLD: 2 * count, OLD_TAX: count}
    await run(rewrapper(database, keys))
    assert await stored.wrapped() == {NEW: 2 * count, NEW_TAX: count}
    after = await everything(database)
    assert [value[-54:] for _, value in after] == [value[-54:] for _, value in before]
    assert await unreadable(database, of_one_key(keys, NEW, NEW_TAX)) == 0
    job = await stored.latest()
    assert (job.total, job.seen, job.moved, job.broken, job.left) == (3 * count, 3 * count, 3 * count, 0, 0)
    async with database.read() as connection:
        (action,) = await connection.scalars(select(audit_entries.c.action))
    assert action == "key.rewrapped"


@everywhere
async def test_a_pass_that_is_done_is_not_done_again(database, keys):
    await rotated(database, keys, 20)
    await run(rewrapper(database, keys))
    assert await run(rewrapper(database, keys)) == 1
    assert await everything(database) == await everything(database)


@everywhere
async def test_nothing_begins_before_every_process_has_the_new_key(database, keys):
    await rotated(database, keys, 4)
    job = rewrapper(database, keys, type(FAST)(settled=type(FAST)().settled))
    assert not await job.step()
    assert await StoredSealed(database).latest() is None


@everywhere
async def test_what_a_late_process_sealed_with_the_old_key_is_moved_by_the_next_pass(database, keys):
    late = keys.sealer()
    await rotated(database, keys, 20)
    job = rewrapper(database, keys)
    while (latest := await StoredSealed(database).latest()) is None or latest.seen < 20:
        await job.step()
    async with database.write() as connection:
        row = parcel(0, late.seal("records", "x", b"late"))
        await connection.execute(insert(mailbox).values(**row | {"delivery": "!before all others"}))
    await run(job)
    assert (await StoredSealed(database).latest()).left == 1
    await run(job)
    assert set(await StoredSealed(database).wrapped()) == {NEW, NEW_TAX}


@everywhere
async def test_two_that_do_the_same_pass_do_no_harm(database, keys, fewer):
    count = fewer(120, 60)
    await rotated(database, keys, count)
    await asyncio.gather(run(rewrapper(database, keys)), run(rewrapper(database, keys)))
    assert await unreadable(database, of_one_key(keys, NEW, NEW_TAX)) == 0
    assert (await StoredSealed(database).latest()).seen == 3 * count


@everywhere
async def test_values_that_do_not_open_stay_as_they_are_and_are_told(database, keys):
    await rotated(database, keys, 30)
    broken = b"CX1\0\x15kek:records:2026-03:1" + bytes(80)
    gone = broken.replace(b"03:1", b"03:7")
    async with database.write() as connection:
        for number, value in ((4, broken), (5, gone), (7, b"no envelope")):
            await connection.execute(update(records).where(records.c.ordinal == number).values(sealed=value))
    await run(rewrapper(database, keys))
    job = await StoredSealed(database).latest()
    assert (job.broken, job.left, job.moved) == (3, 3, 87)
    assert {value for _, value in await everything(database)} > {broken, gone, b"no envelope"}
    again = await run(rewrapper(database, keys))
    assert again > 1, "what is left is tried once more"
    assert await run(rewrapper(database, keys)) == 1, "and then no more"


@everywhere
async def test_a_value_that_changes_meanwhile_is_left_alone(database, keys):
    await rotated(database, keys, 3)
    stored, job = StoredSealed(database), rewrapper(database, keys)
    heads = stored.heads
    fresh = keys.sealer().seal("records", "x.sealed:00000001", b"newer")

    async def overtaken(place, after, limit):
        found = await heads(place, after, limit)
        async with database.write() as connection:
            await connection.execute(update(records).where(records.c.ordinal == 1).values(sealed=fresh))
        return found

    stored.heads = overtaken
    await run(type(job)(stored, *[getattr(job, name) for name in job.__slots__[1:]]))
    async with database.read() as connection:
        assert await connection.scalar(select(records.c.sealed).where(records.c.ordinal == 1)) == fresh


@everywhere
async def test_a_token_that_is_away_stops_the_page_and_the_next_step_goes_on(database, keys):
    await rotated(database, keys, 10)
    job = rewrapper(database, keys)

    class Away:
        def rewrap_head(self, _head):
            raise Unavailable("away", code="token-unavailable")

    with pytest.raises(Unavailable):
        await run(type(job)(job.values, Away(), *[getattr(job, name) for name in job.__slots__[2:]]))
    assert await unreadable(database, keys.sealer()) == 0
    await run(job)
    assert (await StoredSealed(database).latest()).broken == 0


async def killed_at(url, keys, after):
    """The job in a process of its own, killed after so many seconds of work; whether it was still at work."""
    program = [sys.executable, "-m", "tests.contract.sealed_rows", url, str(keys._path.parent)]
    if (token := keys._address) is not None:
        program += [str(token.module), token.label, token.pin]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    await process.stdout.readline()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), after)
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    return process.returncode == -signal.SIGKILL


@pytest.mark.claim("A27", control="test_control_a_pass_that_drops_the_old_wrap_first_loses_values_when_killed")
async def test_a_job_killed_anywhere_goes_on_and_loses_nothing(sqlite_url, keys, fewer, claim):
    dice = random.Random(claim.seed)  # noqa: S311 - moments of crashes
    database = open_database(sqlite_url)
    count = fewer(250, 60)
    await rotated(database, keys, count)
    both, kills, begun = keys.sealer(), 0, 0.0
    for _ in range(claim.size(push=3, night=60)):
        kills += await killed_at(sqlite_url, keys, dice.uniform(0, 0.25))
        assert await unreadable(database, both) == 0, "both keys together open all"
        begun = max(begun, (await StoredSealed(database).latest() or type("", (), {"seen": 0})).seen)
    await run(rewrapper(database, keys))
    job = await StoredSealed(database).latest()
    assert (job.seen, job.moved, job.left) == (3 * count, 3 * count, 0)
    assert await unreadable(database, of_one_key(keys, NEW, NEW_TAX)) == 0
    await database.dispose()
    claim.measured(f"killed {kills} times, 0 of {3 * count} values lost, none looked at twice; {lie_in(keys)}")


@everywhere
async def test_control_a_pass_that_drops_the_old_wrap_first_loses_values_when_killed(database, keys):
    await rotated(database, keys, 30)
    async with database.write() as connection:  # what a job without one transaction leaves behind
        cut = func.substr(records.c.sealed, 1, 26, type_=LargeBinary)
        await connection.execute(update(records).where(records.c.ordinal == 3).values(sealed=cut))
    with pytest.raises(Exception, match="cut off"):
        await unreadable(database, keys.sealer())


@pytest.mark.claim("A27", control="test_control_without_the_old_key_readers_fail_meanwhile")
async def test_everybody_reads_everything_while_it_is_wrapped_anew(sqlite_url, keys, fewer, claim):
    count = claim.size(push=fewer(700, 60), night=fewer(333_334, 3_334))
    database = open_database(sqlite_url)
    await rotated(database, keys, count)
    reading, reads = keys.sealer(), 0
    started = time.perf_counter()
    job = asyncio.create_task(run(rewrapper(database, keys, type(FAST)(500, 10**9, FAST.settled))))
    stored = StoredSealed(database)
    while not job.done():
        for place in range(len(PLACES)):
            async with database.read() as connection:
                query = select(PLACES[place].sealed).where(PLACES[place].sealed.is_not(None)).limit(200)
                values = [bytes(value) for value in await connection.scalars(query)]
            for number, sealed in enumerate(values):
                reading.open("federal-tax" if number % 3 == 0 else "records", f"x.sealed:{number:08d}", sealed)
                reads += 1
            await asyncio.sleep(0)
    await job
    seconds = time.perf_counter() - started
    assert set(await stored.wrapped()) == {NEW, NEW_TAX}
    assert (await stored.latest()).moved == 3 * count
    await database.dispose()
    rate = wrap_rate(keys, claim.size(push=fewer(2_000, 50), night=fewer(50_000, 500)))
    enough = claim.size(push=fewer(2_000, 50), night=fewer(20_000, 200))
    assert rate > enough, "a machine that does other things too is slower"
    claim.measured(
        f"{3 * count:,} wrapped anew in {seconds:.0f} s with SQLite, 0 of {reads:,} reads failed; "
        f"{rate:,.0f}/s without; {lie_in(keys)}"
    )


def lie_in(keys):
    return "keys in the file" if keys._address is None else "keys in a token"


def wrap_rate(keys, count):
    """Values a second of processor time, without a database."""
    fresh = again(keys)
    before = fresh.sealer()
    sealed = [before.seal("records", "x", b"y") for _ in range(min(count, 200))]
    fresh.rotate("records")
    sealer = fresh.sealer()
    began = time.process_time()
    for number in range(count):
        assert sealer.rewrap_head(sealed[number % len(sealed)]) is not None
    return count / (time.process_time() - began)


@everywhere
async def test_control_without_the_old_key_readers_fail_meanwhile(database, keys):
    await rotated(database, keys, 10)
    with pytest.raises(Unavailable):
        await unreadable(database, of_one_key(keys))
    assert clock() == NOW
