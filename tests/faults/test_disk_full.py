"""A full disk under the embedded store: posts are turned away with 503, and taken again when there is room."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys import samples
from tests.journeys.site import until, whole

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
