"""A private directory: owner-only files, written so that a crash leaves the old or the new content, never half."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.core.errors import Misconfigured, Unavailable

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = 0o077
LONGEST_FILE = 4 * 2**20
"""Bytes; a key takes about 250."""


def make_private(folder: Path) -> None:
    """Make the directory with mode 0700; one that is there already must be private."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as problem:
        raise Misconfigured(f"{folder} cannot be made: {problem.strerror}", code="bad-key-folder") from None
    _refuse_shared(folder, folder.lstat(), stat.S_ISDIR)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the directory against other processes that follow the same rule; waits for them."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as problem:
        raise Misconfigured(f"{folder} cannot be opened: {problem.strerror}", code="bad-key-folder") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read_private(path: Path) -> bytes:
    """The file's bytes. Raises Misconfigured when it is missing, a link, or anybody but its owner may touch it or its
    directory, or its owner is neither we nor root."""
    try:
        folder = path.parent.lstat()
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Misconfigured(
            f"{path} is missing: put it back, name the directory of the keys, or for a new gateway run `gateway init`",
            code="no-key-file",
        ) from None
    except OSError as problem:
        raise Misconfigured(f"{path} cannot be read: {problem.strerror}", code="no-key-file") from None
    try:
        _refuse_shared(path.parent, folder, stat.S_ISDIR)
        _refuse_shared(path, os.fstat(descriptor), stat.S_ISREG)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LONGEST_FILE)
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Replace the file: temporary file, fsync, rename, fsync of the directory. The caller holds the lock.
    Raises Unavailable when the disk does not take it; the old file is then as it was."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as problem:
        raise Unavailable(f"{path} cannot be written: {problem.strerror}", code="key-file-unwritable") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_shared(path: Path, status: os.stat_result, expected: Callable[[int], bool]) -> None:
    if not expected(status.st_mode):
        raise Misconfigured(f"{path} is not what it should be (a link, or not a file)", code="bad-key-folder")
    if status.st_mode & _OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise Misconfigured(f"{path} has mode {mode:04o}: others may read or change it", code="key-file-shared")
    if status.st_uid not in (0, os.geteuid()):
        raise Misconfigured(f"{path} belongs to another user", code="key-file-shared")
