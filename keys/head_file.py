"""The last signed head of the audit log, kept beside the keys: a database that was set back cannot hide it."""

from __future__ import annotations

from pathlib import Path

from keys.folder import locked, read_private, write_private

FILE_NAME = "log-head"


class HeadFile:
    """One signed note in a private file. Blocking; a write is durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """The note; None when none was kept yet. Raises Misconfigured when others may touch the file."""
        return read_private(self._path).decode(errors="replace") if self._path.exists() else None

    def write(self, note: str) -> None:
        """Raises Unavailable when the disk does not take it; the old note is then as it was."""
        with locked(self._path.parent):
            write_private(self._path, note.encode())
