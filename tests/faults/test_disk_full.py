"""A full disk under the store: posts get 503 and are taken again when there is room; who asks is told."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.store.copies import copy_out
from gateway.store.engine import Dialect, open_database
from gateway.store.health import StoredHealth
from tests.journeys import samples
from tests.journeys.site import until, whole
from tests.servers.postgres import ACCOUNT

BALLAST = 64 * 1024
SIZE = "24m"


@contextmanager
def small_disk(folder: Path):
    """A disk of its own, of which ``ballast`` takes the rest; None where this machine lets nobody mount one."""
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        yield None
        return
    command = [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield folder / "ballast"
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(BALLAST))
        except OSError:
            return


@contextmanager
def no_room(ballast: Path | None, database: Path):
    """No file of the store can grow: the disk is full, or this process may write no larger files."""
    if ballast is not None:
        fill(ballast)
        yield
        ballast.unlink()
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    held = max(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (held, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def assert_told(database, ballast):
    """A full disk is named though small writes fit, which is the control, and not any more when there is room."""
    health = StoredHealth(database)
    try:
        await health.writes()
        if database.dialect is Dialect.SQLITE:
            await database.outside(["PRAGMA wal_checkpoint(RESTART)"])  # the next write goes where this one was
        await health.room()
        fill(ballast)
        await health.writes()
        with pytest.raises(Unavailable, match="disk is full"):
            await health.room()
        ballast.unlink()
        await health.room()
    finally:
        await database.dispose()


async def test_a_copy_for_which_there_is_no_room_says_where(database_url, tmp_path):
    with small_disk(tmp_path / "disk") as ballast:
        if ballast is None:
            pytest.skip("this machine does not let us mount a file system")
        await copy_out(database_url, ballast.with_name("first"))  # the control
        ballast.with_name("first").unlink()
        fill(ballast)
        with pytest.raises(Unavailable, match=f"no room for the copy in {ballast.parent}"):
            await copy_out(database_url, ballast.with_name("copy"))


async def test_a_full_disk_of_sqlite_is_named_to_who_asks_though_small_writes_fit(sqlite_template, tmp_path):
    with small_disk(tmp_path / "disk") as ballast:
        if ballast is None:
            pytest.skip("this machine does not let us mount a file system")
        database = tmp_path / "disk" / "gateway.db"
        shutil.copyfile(sqlite_template, database)
        await assert_told(open_database(f"sqlite+aiosqlite:///{database}"), ballast)


async def test_a_full_disk_of_postgresql_is_named_to_who_asks_though_small_writes_fit(
    breakable_cluster, breakable_postgres_url
):
    with small_disk(breakable_cluster.directory / "small") as ballast:
        if ballast is None:
            pytest.skip("this machine does not let us mount a file system")
        place, name = ballast.with_name("tables"), breakable_postgres_url.rsplit("/", 1)[1]
        place.mkdir()
        shutil.chown(ballast.parent, ACCOUNT)
        shutil.chown(place, ACCOUNT)
        breakable_cluster.sql(f"CREATE TABLESPACE small LOCATION '{place}'")
        try:
            breakable_cluster.sql(f'ALTER DATABASE "{name}" SET TABLESPACE small')
            await assert_told(open_database(breakable_postgres_url), ballast)
        finally:
            ballast.unlink(missing_ok=True)
            breakable_cluster.sql(f'ALTER DATABASE "{name}" SET TABLESPACE pg_default')
            breakable_cluster.sql("DROP TABLESPACE small")


@pytest.mark.timeout(180)
async def test_with_the_disk_full_posts_are_turned_away_and_taken_again_when_there_is_room(sqlite_template, tmp_path):
    with small_disk(tmp_path / "disk") as ballast:
        database = tmp_path / "disk" / "gateway.db"
        shutil.copyfile(sqlite_template, database)
        async with whole(tmp_path / "home", f"sqlite+aiosqlite:///{database}") as site:
            await site.api.accepted("ohio", "csenet", samples.csenet(1))
            accepted = {1}
            with no_room(ballast, database):
                answer = None
                for number in range(2, 4_000):
                    # What fits into the room that the file has already is taken, and promised like anything else.
                    answer = await site.api.submit(
                        "ohio", "csenet", samples.csenet(number, samples.ENFORCEMENT), f"full-{number}"
                    )
                    if answer.status != 202:
                        break
                    accepted.add(number)
                assert answer is not None
                assert answer.status == 503, answer.body
                assert int(answer.headers["Retry-After"]) >= 1
                assert answer.json["code"] == "store-unavailable"
                turned_away = max(accepted) + 1
                probe = await site.api.send("ohio", "GET", "/readyz?verbose")
                assert (probe.status, probe.json["checks"]["store"]) == (503, "store-unavailable")

            async def taken():
                body = samples.csenet(turned_away, samples.ENFORCEMENT)
                return (await site.api.submit("ohio", "csenet", body, f"full-{turned_away}")).status == 202

            await until(taken, "the same post is taken")
            wanted = {samples.serial(number) for number in (*accepted, turned_away)}

            def arrived():
                return {one.body[samples.SERIAL] for one in site.partners.to("michigan")}

            await until(lambda: arrived() >= wanted, "everything accepted arrives")
            assert arrived() == wanted
            report = await site.process.base.logbook.verify()
            assert report.faults == ()
