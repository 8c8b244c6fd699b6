"""The text of an inclusion proof in the form of C2SP tlog-proof."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

from gateway.audit.base64_text import decode_strictly
from gateway.audit.tree import HASH_BYTES
from gateway.core.errors import Refused

HEADER = "c2sp.org/tlog-proof@v1"
LONGEST_PROOF = 64
"""Hashes; a tree of 2**63 entries needs 63."""
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ProofText:
    """One proof, parsed and not yet checked. ``extra`` is not authenticated by anything."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def text(self) -> str:
        extra = [] if self.extra is None else [_EXTRA + b64encode(self.extra).decode()]
        hashes = [b64encode(value).decode() for value in self.hashes]
        return "\n".join([HEADER, *extra, f"index {self.index}", *hashes, "", self.checkpoint])


def parse_proof(text: str) -> ProofText:
    """Raises Refused (``bad-proof``) when the text is not a proof."""
    head, empty, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not empty or lines.pop(0) != HEADER:
        raise Refused("the first line or the checkpoint is missing", code="bad-proof")
    extra = _decode(lines.pop(0).removeprefix(_EXTRA)) if lines and lines[0].startswith(_EXTRA) else None
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None:
        raise Refused("the index line is missing or malformed", code="bad-proof")
    hashes = tuple(_decode(line) for line in lines)
    if len(hashes) > LONGEST_PROOF or any(len(value) != HASH_BYTES for value in hashes):
        raise Refused("a hash of the proof is malformed", code="bad-proof")
    return ProofText(int(index[1]), hashes, checkpoint, extra)


def _decode(text: str) -> bytes:
    try:
        return decode_strictly(text)
    except ValueError:
        raise Refused("a line of the proof is not base64", code="bad-proof") from None
