"""Text files that commands are given."""

from __future__ import annotations

from pathlib import Path

from gateway.core.errors import Refused


def text_of(file: Path, encoding: str = "utf-8") -> str:
    """What a file says. Raises Refused with the line that is no text."""
    try:
        return file.read_text(encoding=encoding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Refused(f"{file}: not in {encoding.upper()} (at line {line}).", code="file-unreadable") from None
