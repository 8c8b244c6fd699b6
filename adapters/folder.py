"""The channel ``folder``: one file a delivery, in a directory that the partner reads (a mount, or a drop of its own).

The file appears under its final name complete and on disk: temporary name, fsync, rename, fsync of the directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from adapters.kit import Kit
from adapters.options import Option, Options, complete, ours, wrong
from gateway.core.errors import DeliveryFailed, Misconfigured, Permanent, Transient
from gateway.core.ids import Random
from gateway.core.model import Partner
from gateway.core.ports.adapters import Handover, Parcel

OPTIONS: Mapping[str, Option] = {"directory": Option(str, "absolute path of the directory; it must exist")}

MODE = 0o640
HANDS = 8
"""Threads that write into one directory."""


def check(options: Options) -> None:
    """Raises Misconfigured when the directory is not absolute or climbs."""
    path = Path(str(complete(options, OPTIONS)["directory"]))
    if not path.is_absolute():
        raise wrong("directory", "must be an absolute path")
    if ".." in path.parts:
        raise wrong("directory", "must not contain ..")


class FolderAdapter:
    """The port ``Adapter`` over a directory. ``root``: partners' directories must lie below it, symbolic links
    followed; None: anywhere.

    A full disk is Transient with code ``folder-full``: whether it is ours or the partner's mount cannot be told from
    here, and the partner's breaker is what should open.

    Temporary names carry a mark of this process: another one that still writes the same delivery (its lease ran out)
    must not have its half-written file renamed by us. After a crash a hidden ``.part`` file may stay.

    Each directory has threads of its own: a mount that hangs keeps those that use it, for as long as it hangs, and
    nobody else waits for them.
    """

    def __init__(self, random: Random, root: Path | None = None) -> None:
        self._mark = random(4).hex()
        self._root = root
        self._hands: dict[Path, ThreadPoolExecutor] = {}

    @classmethod
    def of(cls, kit: Kit) -> FolderAdapter:
        return cls(kit.random, kit.folder_root)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        try:
            check(partner.endpoint.options)
            directory = Path(str(partner.endpoint.options["directory"]))
        except Misconfigured as error:
            raise ours(error) from error
        try:
            hands = self._hands.get(directory) or self._hands.setdefault(directory, ThreadPoolExecutor(HANDS, "folder"))
            await _uninterrupted(asyncio.get_running_loop().run_in_executor(hands, self._write, directory, parcel))
        except OSError as error:
            raise _translated(error) from error
        return Handover(answer=parcel.name)

    async def close(self) -> None:
        """No thread is left that waits for work."""
        hands, self._hands = self._hands, {}
        for one in hands.values():
            one.shutdown(wait=False)

    def _write(self, directory: Path, parcel: Parcel) -> None:
        directory = self._allowed(directory)
        temporary = directory / f".{parcel.name}.{self._mark}.part"
        try:
            _fill(temporary, parcel.body)
            temporary.replace(directory / parcel.name)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_directory(directory)

    def _allowed(self, directory: Path) -> Path:
        real = directory.resolve(strict=True)
        if self._root is not None and not real.is_relative_to(self._root.resolve()):
            raise Permanent("the partner's directory lies outside of the allowed root", code="folder-outside")
        if not real.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a directory")
        return real


async def _uninterrupted(work: asyncio.Future[None]) -> None:
    """A thread cannot be cancelled: wait for it, so that it never works beside the next attempt."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.gather(work, return_exceptions=True)
        raise


def _fill(path: Path, body: bytes) -> None:
    # Never through a link that somebody laid under our name, never over the bytes of an older attempt.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_CODES: Mapping[int | None, str] = {
    errno.ENOSPC: "folder-full",
    errno.EDQUOT: "folder-full",
    errno.EFBIG: "folder-full",
    errno.ENOENT: "folder-missing",
    errno.ENOTDIR: "folder-missing",
    errno.EACCES: "folder-denied",
    errno.EPERM: "folder-denied",
    errno.EROFS: "folder-denied",
}


def _translated(error: OSError) -> DeliveryFailed:
    """Always transient: a mount that is gone, full or read-only is an outage, not a fault of the delivery."""
    return Transient("the partner's directory cannot be written", code=_CODES.get(error.errno, "folder-broken"))
