"""What a witness decides: whether a checkpoint goes on from the last one that it cosigned (C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.audit.checkpoint import Head, open_checkpoint, parse_head
from gateway.audit.growth import Growth
from gateway.audit.note import VerifyKey, note_parts
from gateway.audit.tree import EMPTY_ROOT, consistency_holds
from gateway.core.errors import Conflict, Forbidden, NotFound, Refused, Tampered, Unprocessable


class OtherSize(Conflict):
    """The proof does not begin where the witness stands; ``size`` says where that is."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The last cosigned checkpoint has size {size}.", code="other-size")
        self.size = size


def claimed(growth: Growth) -> Head:
    """What the checkpoint says, signed or not. Raises Refused when it is no checkpoint."""
    try:
        return parse_head(note_parts(growth.checkpoint)[0])
    except Tampered:
        raise Refused("The request holds no checkpoint.", code="bad-growth") from None


def judge(growth: Growth, last: Head | None, keys: Sequence[VerifyKey]) -> Head:
    """The head that may be cosigned: one of a known log, signed by it, and going on from ``last``, the last one that
    was cosigned (None: none yet). ``keys`` are those of all logs that the witness knows.

    Raises Refused (400), Forbidden (403), NotFound (404), OtherSize or Conflict (409), Unprocessable (422), in the
    order of the specification.
    """
    new = claimed(growth)
    if new.origin not in {key.name for key in keys}:
        raise NotFound("This witness does not know the log.")
    try:
        open_checkpoint(growth.checkpoint, keys)
    except Tampered:
        raise Forbidden("The checkpoint is not signed by the log.") from None
    if growth.old > new.size:
        raise Refused("The old size is larger than the new one.", code="bad-growth")
    stands = last or Head(new.origin, 0, EMPTY_ROOT)
    if growth.old != stands.size:
        raise OtherSize(stands.size)
    if new.size == stands.size and new.root != stands.root:
        raise Conflict("Another checkpoint of this size was cosigned.", code="split-view")
    if not consistency_holds(stands.size, stands.root, new.size, new.root, growth.hashes):
        raise Unprocessable("The checkpoint does not go on from the last one.", code="inconsistent-log")
    return new
