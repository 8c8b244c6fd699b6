"""The text that proves a log to have grown: the body of C2SP tlog-witness ``add-checkpoint``, and a file of ours."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field

from gateway.audit.base64_text import decode_strictly
from gateway.audit.note import LONGEST_NOTE
from gateway.audit.tree import HASH_BYTES
from gateway.core.errors import Refused

MOST_HASHES = 63
LONGEST_CHECKPOINT = LONGEST_NOTE // 2
"""Characters: with the signature that a witness adds it is still a note."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Growth:
    """From a log of ``old`` entries to the one of the checkpoint; parsed and not yet checked."""

    old: int
    hashes: tuple[bytes, ...] = field(repr=False)
    checkpoint: str

    def text(self) -> str:
        lines = [f"old {self.old}", *(b64encode(value).decode() for value in self.hashes)]
        return "\n".join([*lines, "", self.checkpoint])


def parse_growth(text: str) -> Growth:
    """Raises Refused (``bad-growth``) when the text is not of the form."""
    proof, empty, checkpoint = text.partition("\n\n")
    first, *lines = proof.split("\n")
    match = _OLD.fullmatch(first)
    if not empty or match is None or len(lines) > MOST_HASHES or len(checkpoint) > LONGEST_CHECKPOINT:
        raise Refused("the request is not that of a checkpoint to add", code="bad-growth")
    try:
        hashes = tuple(decode_strictly(line) for line in lines)
    except ValueError:
        raise Refused("a hash of the proof is not base64", code="bad-growth") from None
    if any(len(value) != HASH_BYTES for value in hashes):
        raise Refused("a hash of the proof has not 32 bytes", code="bad-growth")
    return Growth(int(match[1]), hashes, checkpoint)
