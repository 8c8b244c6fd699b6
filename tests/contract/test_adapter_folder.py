"""The channel folder: full disks, missing mounts, links, and directories outside of the allowed root."""

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters import folder
from adapters.folder import FolderAdapter
from adapters.folder_hands import HANDS, Hands
from gateway.core.errors import Permanent, Transient
from gateway.core.model import AdapterName, Endpoint, Partner
from tests.contract.test_adapter_contract import files_of, hidden_files, parcel, partner
from tests.journeys.site import until


def to(directory: Path, **more: int) -> Partner:
    return partner(Endpoint(AdapterName.FOLDER, {"directory": str(directory), **more}))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "tiny"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine does not let us mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


async def test_a_mount_that_hangs_holds_up_nobody_else(
    hung_mount: tuple[Path, Callable[[], None]], tmp_path: Path
) -> None:
    adapter, fine, (hung, end) = FolderAdapter(os.urandom), tmp_path / "fine", hung_mount
    fine.mkdir()
    stuck = [asyncio.create_task(adapter.hand_over(parcel(number=number), to(hung))) for number in range(40)]
    try:
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in stuck)
        # What else needs a thread: another partner's folder, name look-ups, keys, big bodies.
        others = [
            asyncio.create_task(adapter.hand_over(parcel(number=99), to(fine))),
            asyncio.create_task(asyncio.to_thread(os.getpid)),
        ]
        _, left = await asyncio.wait(others, timeout=10)
        assert not left
    finally:
        end()
        ends = await asyncio.gather(*stuck, return_exceptions=True)
    assert {type(end) for end in ends} == {Transient}
    assert len(files_of(fine)) == 1


async def test_an_attempt_at_a_mount_that_hangs_ends_and_so_do_the_next(
    hung_mount: tuple[Path, Callable[[], None]],
) -> None:
    adapter, (hung, _) = FolderAdapter(os.urandom), hung_mount
    # More than there are threads, and the first of them once more.
    for number in (*range(HANDS + 2), 0):
        with pytest.raises(Transient) as failed:
            await adapter.hand_over(parcel(number=number), to(hung, timeout_seconds=1))
        assert failed.value.problem == "folder-timeout"


class Slow:
    """Work on a file that comes on when it is let."""

    def __init__(self) -> None:
        self.let, self.begun = threading.Event(), 0
        self.called_off: list[bool] = []

    def __call__(self, off: threading.Event) -> None:
        self.begun += 1
        self.let.wait()
        self.called_off.append(off.is_set())


async def test_what_hangs_is_not_begun_again_beside_itself_and_hears_that_it_was_called_off(tmp_path: Path) -> None:
    hands, slow = Hands(), Slow()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await hands.write(tmp_path / "one", slow, 0.05)
    assert slow.begun == 1
    slow.let.set()
    await until(lambda: slow.called_off == [True], "the first one comes on, and knows that nobody waits")
    await until_written(hands, tmp_path / "one", slow)
    assert slow.called_off == [True, False]


async def until_written(hands: Hands, path: Path, work: Slow) -> None:
    """Once the earlier work has been seen to end."""
    while True:
        with contextlib.suppress(TimeoutError):
            return await hands.write(path, work, 10)
        await asyncio.sleep(0.01)


async def test_a_full_disk_is_transient_and_leaves_nothing(tiny_disk: Path) -> None:
    adapter = FolderAdapter(os.urandom)
    with pytest.raises(Transient) as failed:
        await adapter.hand_over(parcel(bytes(2_000_000)), to(tiny_disk))
    assert failed.value.problem == "folder-full"
    assert hidden_files(tiny_disk) + list(files_of(tiny_disk)) == []
    await adapter.hand_over(parcel(bytes(100_000)), to(tiny_disk))
    assert len(files_of(tiny_disk)) == 1


async def test_without_the_temporary_name_a_full_disk_would_show_half_a_file(tiny_disk: Path) -> None:
    """The control: the same bytes written straight under the final name."""
    with pytest.raises(OSError, match="No space"):
        (tiny_disk / "straight").write_bytes(bytes(2_000_000))
    assert files_of(tiny_disk) != {}


async def test_a_crash_before_the_rename_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_args: object) -> None:
        raise OSError(5, "synthetic")

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(Transient) as failed:
        await FolderAdapter(os.urandom).hand_over(parcel(), to(tmp_path))
    assert failed.value.problem == "folder-broken"
    assert hidden_files(tmp_path) + list(files_of(tmp_path)) == []


async def test_file_and_directory_are_on_disk_before_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("directory" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112 - a descriptor
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(folder.os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    await FolderAdapter(os.urandom).hand_over(parcel(), to(tmp_path))
    assert steps == ["file", "rename", "directory"]


async def test_a_missing_directory_is_transient(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(Transient) as failed:
            await FolderAdapter(os.urandom).hand_over(parcel(), to(place))
        assert failed.value.problem == "folder-missing"


async def test_a_directory_outside_of_the_root_is_refused_also_through_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "inside").mkdir()
    adapter = FolderAdapter(os.urandom, root)
    for place in (outside, root / "link"):
        with pytest.raises(Permanent) as failed:
            await adapter.hand_over(parcel(), to(place))
        assert failed.value.problem == "folder-outside"
    assert list(outside.iterdir()) == []
    await adapter.hand_over(parcel(), to(root / "inside"))
    assert len(files_of(root / "inside")) == 1


async def test_without_a_root_any_directory_is_written(tmp_path: Path) -> None:
    """The control of the test above."""
    await FolderAdapter(os.urandom).hand_over(parcel(), to(tmp_path))
    assert len(files_of(tmp_path)) == 1


async def test_a_link_laid_under_our_temporary_name_is_not_followed(tmp_path: Path) -> None:
    directory, victim = tmp_path / "drop", tmp_path / "victim"
    directory.mkdir()
    victim.write_bytes(b"precious")
    one = parcel()
    (directory / f".{one.name}.00000000.part").symlink_to(victim)
    await FolderAdapter(bytes).hand_over(one, to(directory))
    assert victim.read_bytes() == b"precious"
    assert files_of(directory) == {one.name: one.body}
