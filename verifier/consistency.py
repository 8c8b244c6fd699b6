"""Whether a later checkpoint goes on from an earlier one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifier.checkpoint import Head, Trust
from verifier.faults import NotProved, Unreadable
from verifier.note import unbase64
from verifier.tree import HASH_BYTES, check_prefix

MOST_HASHES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Growth:
    """The log grew from one head to the other, and nothing before was changed."""

    old: Head
    new: Head


def check_consistency(old: str, growth: str, trust: Trust) -> Growth:
    """``old`` is the checkpoint that you kept, ``growth`` a file of ``gateway audit consistency``: ``old <size>``, one
    base64 hash a line, an empty line and the newer checkpoint (the body of C2SP tlog-witness ``add-checkpoint``).
    Raises Unreadable and NotProved."""
    proof, empty, note = growth.partition("\n\n")
    first, *lines = proof.split("\n")
    match = _OLD.fullmatch(first)
    if not empty or match is None or len(lines) > MOST_HASHES:
        raise Unreadable("the file is not a consistency proof")
    hashes = [unbase64(line) for line in lines]
    if any(len(value) != HASH_BYTES for value in hashes):
        raise Unreadable("a hash of the proof is malformed")
    kept, new = Trust(trust.logs).open(old), trust.open(note)
    if kept.origin != new.origin:
        raise NotProved("the checkpoints are of different logs")
    if kept.size != int(match[1]):
        raise NotProved("the proof begins at another size than the checkpoint that was kept")
    check_prefix((kept.size, kept.root), (new.size, new.root), hashes)
    return Growth(kept, new)
