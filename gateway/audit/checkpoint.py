"""Checkpoints: what a log says of itself at one size (C2SP tlog-checkpoint), and the guard before it says so."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audit.base64_text import decode_strictly
from gateway.audit.note import VerifyKey, open_note
from gateway.audit.tree import consistency_holds
from gateway.core.errors import Tampered

_TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


@dataclass(frozen=True, slots=True)
class Head:
    """A log's size and root hash."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text: origin, size, base64 root, one a line."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def parse_head(text: str) -> Head:
    """Raises Tampered when the text is not that of a checkpoint."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise Tampered("the checkpoint is malformed", code="bad-note")
    try:
        root = decode_strictly(match["root"])
    except ValueError:
        raise Tampered("the root in the checkpoint is malformed", code="bad-note") from None
    return Head(match["origin"], int(match["size"]), root)


def open_checkpoint(note: str, keys: Sequence[VerifyKey]) -> Head:
    """What the checkpoint says, once one of ``keys`` with the name of its origin has signed it. Raises Tampered."""
    origin = note.partition("\n")[0]
    return parse_head(open_note(note, [key for key in keys if key.name == origin]))


def guard_signing(last: Head | None, new: Head, proof: Sequence[bytes]) -> None:
    """Refuse to sign what contradicts the last signed checkpoint: another origin, a smaller size, another root at the
    same size, or a history that does not start with the last one. ``proof`` is the consistency proof. Raises Tampered.
    """
    if last is None:
        return
    same_log = last.origin == new.origin
    if not same_log or not consistency_holds(last.size, last.root, new.size, new.root, proof):
        raise Tampered(f"size {new.size} is not consistent with the signed size {last.size}", code="inconsistent-log")
