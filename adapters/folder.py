"""The channel ``folder``: one file a delivery, in a directory that the partner reads (a mount, or a drop of its own).

The file appears under its final name complete and on disk: temporary name, fsync, rename, fsync of the directory.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from adapters.folder_hands import Hands
from adapters.kit import Kit
from adapters.options import Option, Options, complete, ours, wrong
from gateway.core.errors import DeliveryFailed, Misconfigured, Permanent, Transient
from gateway.core.ids import Random
from gateway.core.model import Partner
from gateway.core.ports.adapters import Handover, Parcel

OPTIONS: Mapping[str, Option] = {
    "directory": Option(str, "absolute path of the directory; it must exist"),
    "timeout_seconds": Option(int, "for one file; a mount may hang for ever", default=120, most=7_200),
}

MODE = 0o640


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

    Each directory has threads of its own: a mount that hangs keeps those that use it, for as long as it hangs. An
    attempt ends after ``timeout_seconds`` nevertheless, and nobody else waits for them, the end of the process neither.
    """

    def __init__(self, random: Random, root: Path | None = None) -> None:
        self._mark = random(4).hex()
        self._root = root
        self._hands: dict[Path, Hands] = {}

    @classmethod
    def of(cls, kit: Kit) -> FolderAdapter:
        return cls(kit.random, kit.folder_root)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        try:
            check(partner.endpoint.options)
            options = complete(partner.endpoint.options, OPTIONS)
        except Misconfigured as error:
            raise ours(error) from error
        directory = Path(str(options["directory"]))
        hands = self._hands.get(directory) or self._hands.setdefault(directory, Hands())
        work = partial(self._write, directory, parcel)
        try:
            await hands.write(directory / parcel.name, work, int(options["timeout_seconds"]))
        except OSError as error:
            raise _translated(error) from error
        return Handover(answer=parcel.name)

    async def close(self) -> None:
        """Nothing to close: a thread ends with its file."""

    def _write(self, directory: Path, parcel: Parcel, off: threading.Event) -> None:
        directory = self._allowed(directory)
        temporary = directory / f".{parcel.name}.{self._mark}.part"
        try:
            _fill(temporary, parcel.body)
            _expect_waited_for(off)
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


def _expect_waited_for(off: threading.Event) -> None:
    """Raises TimeoutError when the attempt ended meanwhile: the next one gives the file its name."""
    if off.is_set():
        raise TimeoutError


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
    errno.ETIMEDOUT: "folder-timeout",
}


def _translated(error: OSError) -> DeliveryFailed:
    """Always transient: a mount that is gone, full or read-only is an outage, not a fault of the delivery."""
    number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno
    return Transient("the partner's directory cannot be written", code=_CODES.get(number, "folder-broken"))
