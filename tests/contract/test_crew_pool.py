"""Worker processes: what they find and write is what this process would find and write."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.ids import minting
from gateway.core.model import (
    AdapterName,
    AgreementKey,
    Claimed,
    Delivery,
    DeliveryId,
    DeliveryState,
    Endpoint,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    RecordId,
    Role,
)
from gateway.core.ports.crew import Composition, Examination
from gateway.core.ports.formats import Cover
from gateway.crew import BIG_BYTES, SMALL_FRAMES, InlineCrew, PoolCrew
from gateway.sealed_file import sealed_file
from gateway.tools import speech, tools
from gateway.work.compose import AT_ONCE
from keys.files import FileKeys
from tests.unit.contents import valid_new_hire

ROOT = Path(__file__).parents[2]
ORPHANING = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gateway.crew import PoolCrew
from keys.files import FileKeys

if __name__ == "__main__":
    keys = FileKeys.create(Path(sys.argv[1]), lambda: datetime.now(UTC), os.urandom)
    crew = PoolCrew(None, keys.snapshot, 1)
    crew.prepare()
    print(crew._started().submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
NOW = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
W4 = FormatName("w4")
COUNT = AT_ONCE + 20
OHIO = Partner(
    PartnerKey("ohio"), "Ohio", Role.STATE, "IV-D", frozenset({"39"}), Endpoint(AdapterName.FOLDER), formats={}
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return FileKeys.create(tmp_path_factory.mktemp("crew") / "keys", lambda: NOW, os.urandom)


@pytest.fixture(scope="module")
def inline(keys):
    made = tools(speech(), keys.sealer(), keys.indexer())
    return InlineCrew(made.examiner, made.composer)


@pytest.fixture
async def pool(keys, inline):
    made = PoolCrew(inline, keys.snapshot, 1)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def examination(inline):
    """New hires of Ohio, as they stand in a file."""
    format_ = inline.examiner.formats[W4]
    mint = minting(lambda: NOW, os.urandom)
    body = format_.encode([valid_new_hire()] * COUNT, Cover(OHIO, OHIO, NOW, 1)).body
    reader = format_.reader()
    frames = (*reader.feed(body), *reader.finish())
    ids = tuple(RecordId(mint()) for _ in frames)
    return Examination(W4, OHIO, reader.heading, frames, ids, NOW.date())


def owed(records):
    """A delivery of sealed records to the directory."""
    kind, pending = Kind("new-hire"), DeliveryState.PENDING
    delivery = Delivery(
        DeliveryId("d-1"), PartnerKey("ohio"), PartnerKey("ohio"), kind, W4, AgreementKey("a"), pending, NOW, NOW,
        records=len(records), number=1,
    )  # fmt: skip
    return Composition(Claimed(delivery, tuple(records)), OHIO, OHIO)


async def test_a_worker_finds_what_this_process_finds(inline, pool, examination):
    assert len(examination.frames) > SMALL_FRAMES
    pool.prepare()
    pool.prepare()
    far, near = await pool.examine(examination), await inline.examine(examination)
    assert all(one.sealed for one in far)
    assert [replace(one, sealed=None) for one in far] == [replace(one, sealed=None) for one in near]


async def test_a_worker_writes_the_bytes_that_this_process_writes(inline, pool, examination):
    sealed = [(one.id, one.sealed) for one in await inline.examine(examination)]
    far, near = await pool.compose(owed(sealed)), await inline.compose(owed(sealed))
    assert far == near
    lines = far.body.splitlines()
    assert len(lines) == COUNT + 1
    assert lines[1:] == [frame.body for frame in examination.frames]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where temporary files are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def test_a_worker_writes_a_big_delivery_as_this_process_does_and_leaves_no_file(inline, pool, examination, place):
    big = big_delivery(await inline.examine(examination))
    assert await pool.compose(big) == await inline.compose(big)
    assert list(place.iterdir()) == []


async def test_a_big_delivery_waits_where_no_file_can_be_made(inline, pool, examination, place):
    big = big_delivery(await inline.examine(examination))
    place.rmdir()
    with pytest.raises(Unavailable) as said:
        await pool.compose(big)
    assert said.value.code == "unavailable"
    assert (await pool.compose(owed(big.claimed.records[:COUNT]))).body, "fewer go without a file"


def big_delivery(examined):
    sealed = [(one.id, one.sealed) for one in examined]
    size = sum(len(body) for _, body in sealed)
    return owed(sealed * (1 + BIG_BYTES // size))


async def test_the_records_of_a_file_are_found_by_place_and_by_range(examination, inline):
    records = [(one.id, one.sealed) for one in await inline.examine(examination)]
    with sealed_file(records) as lent:
        lent.fill(records)
        assert list(lent) == records
        assert [lent[number] for number in (0, 5, -1)] == [records[0], records[5], records[-1]]
        assert list(lent[3:9:2]) == records[3:9:2]
        with pytest.raises(IndexError):
            lent[len(records)]


async def test_a_file_that_was_removed_meanwhile_is_not_made_again(place, examination, inline):
    records = [(one.id, one.sealed) for one in await inline.examine(examination)]
    with sealed_file(records) as lent:
        pass
    with pytest.raises(FileNotFoundError):
        lent.fill(records)
    assert list(place.iterdir()) == []


ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys, tempfile
from gateway.sealed_file import sealed_file
tempfile.tempdir = sys.argv[1]
with sealed_file([]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_what_a_killed_process_left_is_removed_at_the_next_start_and_what_is_in_use_stays(pool, place):
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(place), cwd=ROOT)
    assert await killed.wait() == -signal.SIGKILL
    (left,) = place.iterdir()
    os.mkfifo(place / f"{left.name}-2")  # which nobody writes to
    (place / "other").touch()
    with sealed_file([]) as lent:
        await pool.begin()
        assert lent.path.exists()
        assert not left.exists()
    await pool.begin()
    assert [path.name for path in place.iterdir()] == ["other"]


async def test_a_place_without_temporary_files_does_not_keep_the_gateway_from_starting(pool, monkeypatch):
    def nowhere():
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    await pool.begin()


async def test_a_delivery_of_few_records_is_written_like_one_of_many(inline, examination):
    sealed = [(one.id, one.sealed) for one in await inline.examine(examination)]
    few, many = await inline.compose(owed(sealed[:AT_ONCE])), await inline.compose(owed(sealed))
    assert many.body.startswith(few.body)


def lives(process):
    """Whether it runs; one that ended may wait for somebody to ask after it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_does_not_outlive_a_process_that_was_killed(tmp_path):
    """It has the keys, and nobody would ever end it."""
    (tmp_path / "orphaning.py").write_text(ORPHANING)
    command = [sys.executable, tmp_path / "orphaning.py", tmp_path / "keys"]
    done = subprocess.run(
        command, timeout=60, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    worker = int(done.stdout)
    until = time.monotonic() + 20
    while lives(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not lives(worker)
