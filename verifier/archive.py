"""Where an exported log lies: a zip file or a directory, both laid out as C2SP tlog-tiles has it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from verifier.faults import Unreadable

LARGEST = 256 * (2 + 65_535)
"""Bytes of a full bundle of the longest entries: nothing in an export is larger."""

Read = Callable[[str], bytes | None]
"""Path in the layout -> bytes; None when it is not there. Raises Unreadable."""


def reading(place: Path) -> Read:
    """Raises Unreadable when there is neither a directory nor a zip file."""
    if place.is_dir():
        return lambda name: _of_folder(place, name)
    try:
        archive = zipfile.ZipFile(place)
    except (OSError, zipfile.BadZipFile):
        raise Unreadable(f"{place} is neither a directory nor a zip file") from None
    return lambda name: _of_zip(archive, name)


def _of_folder(folder: Path, name: str) -> bytes | None:
    try:
        with (folder / name).open("rb") as file:
            return _bounded(file.read(LARGEST + 1), name)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError:
        raise Unreadable(f"{name} cannot be read") from None


def _of_zip(archive: zipfile.ZipFile, name: str) -> bytes | None:
    try:
        with archive.open(name) as file:
            return _bounded(file.read(LARGEST + 1), name)
    except KeyError:
        return None
    except (OSError, RuntimeError, NotImplementedError, EOFError, ValueError, zipfile.BadZipFile):
        raise Unreadable(f"{name} cannot be read") from None


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > LARGEST:
        raise Unreadable(f"{name} is too long")
    return content
