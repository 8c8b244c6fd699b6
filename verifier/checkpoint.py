"""Checkpoints, and whose signatures on them count."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from verifier.faults import NotProved, Unreadable
from verifier.note import LOG, WITNESSES, Note, VerifyKey, unbase64

_TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*")


@dataclass(frozen=True, slots=True)
class Head:
    """What a log says of itself: so many entries, this root."""

    origin: str
    size: int
    root: bytes
    witnesses: tuple[str, ...] = ()
    """Names of the trusted witnesses that cosigned, sorted."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys from a place that you trust: those of the log (after a rotation, both) and those of its witnesses."""

    logs: tuple[VerifyKey, ...]
    witnesses: tuple[VerifyKey, ...] = ()
    need: int = 0
    """How many of the witnesses must have cosigned."""

    def __post_init__(self) -> None:
        if not self.logs or any(key.kind != LOG for key in self.logs):
            raise Unreadable("a verify key of the log is missing, or is not one of a log")
        if any(key.kind not in WITNESSES for key in self.witnesses):
            raise Unreadable("the key of a witness is not one of a witness")
        if not 0 <= self.need <= _witnesses(self.witnesses):
            raise Unreadable("more witnesses are needed than keys of witnesses are given")

    @classmethod
    def of(cls, *keys: str, witnesses: tuple[str, ...] = (), need: int | None = None) -> Trust:
        """From keys as text; all witnesses are needed unless ``need`` says otherwise."""
        cosigners = tuple(VerifyKey.parse(key) for key in witnesses)
        most = _witnesses(cosigners) if need is None else need
        return cls(tuple(VerifyKey.parse(key) for key in keys), cosigners, most)

    def open(self, note: str) -> Head:
        """What the checkpoint says, once it is signed as it must be. Raises Unreadable and NotProved."""
        parsed = Note.parse(note)
        match = _TEXT.fullmatch(parsed.text)
        if match is None:
            raise Unreadable("the note is not a checkpoint")
        if not parsed.signers(tuple(key for key in self.logs if key.name == match["origin"])):
            raise NotProved("the checkpoint is not signed with a trusted key of the log")
        signers = parsed.signers(self.witnesses)
        given, made = ({(key.name, key.kind) for key in some} for some in (self.witnesses, signers))
        lacking = {name for name, _kind in given - made}  # of whom a signature of one kind is missing
        cosigned = [key for key in signers if key.name not in lacking]
        if _witnesses(cosigned) < self.need:
            raise NotProved(f"{_witnesses(cosigned)} trusted witnesses cosigned the checkpoint, {self.need} are needed")
        names = tuple(sorted({key.name for key in cosigned}))
        return Head(match["origin"], int(match["size"]), unbase64(match["root"]), names)


def _witnesses(keys: Collection[VerifyKey]) -> int:
    """How many witnesses these keys are of: names, but the same key under another name is the same witness."""
    seen: set[bytes] = set()
    count = 0
    for name in sorted({key.name for key in keys}):
        own = {key.public for key in keys if key.name == name}
        count += not own & seen
        seen |= own
    return count
