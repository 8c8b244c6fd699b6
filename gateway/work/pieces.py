"""The pieces of a body that is too big to be judged at once: sealed and stored one by one while it streams in."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.labels import Label
from gateway.core.model import SubmissionId
from gateway.core.ports.keys import Sealer
from gateway.core.ports.submissions import Spool


def spool_context(submission: SubmissionId, piece: int) -> str:
    return f"spool.sealed:{submission}:{piece}"


@dataclass(slots=True)
class Pieces:
    spool: Spool
    sealer: Sealer
    submission: SubmissionId
    label: Label
    """Nobody has read the body yet: what may hold federal tax data is kept as if it did."""
    size: int
    """Bytes of one piece."""
    _stored: int = field(default=0, init=False)

    async def store(self, held: bytes, least: int) -> bytes:
        """Store pieces while at least ``least`` bytes are held; what is left."""
        while len(held) >= least and held:
            context = spool_context(self.submission, self._stored)
            sealed = self.sealer.seal(self.label, context, held[: self.size])
            await self.spool.append(self.submission, self._stored, sealed)
            self._stored += 1
            held = held[self.size :]
        return held

    async def discard(self) -> None:
        if self._stored:
            await self.spool.discard(self.submission)
