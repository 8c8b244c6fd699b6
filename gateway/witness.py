"""A witness at work: judges what logs bring, remembers it durably, and only then cosigns it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from gateway.audit.checkpoint import Head, parse_head
from gateway.audit.cosignature import CosignatureKind, WitnessKey, cosign
from gateway.audit.growth import Growth, parse_growth
from gateway.audit.note import VerifyKey, note_parts
from gateway.audit.witness import claimed, judge
from gateway.core.errors import Conflict, Unprocessable
from gateway.core.ids import Clock
from keys.cosigner import Cosigner

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Witness:
    cosigner: Cosigner
    logs: Sequence[VerifyKey]
    """Keys of the logs that it witnesses; several of one name after a rotation."""
    clock: Clock

    @property
    def key(self) -> WitnessKey:
        return WitnessKey(self.cosigner.name, self.cosigner.public_key)

    @property
    def post_quantum_key(self) -> WitnessKey:
        second = self.cosigner.post_quantum
        return WitnessKey(second.name, second.public_key, CosignatureKind.ML_DSA_44)

    async def add_checkpoint(self, text: str) -> str:
        """The signature lines, one of each key, for a request of C2SP tlog-witness. Raises as
        ``gateway.audit.witness.judge`` does."""
        return await asyncio.to_thread(self._add, text)

    def _add(self, text: str) -> str:
        growth = parse_growth(text)
        origin = claimed(growth).origin
        with self.cosigner.alone():  # reading, judging and remembering are one step: nobody sets us back in between
            kept = self.cosigner.last(origin)
            last = None if kept is None else parse_head(note_parts(kept)[0])
            head = self._judged(growth, last)
            text, at = note_parts(growth.checkpoint)[0], self.clock()
            lines = cosign(text, self.cosigner, at)
            lines += cosign(text, self.cosigner.post_quantum, at, CosignatureKind.ML_DSA_44)
            self.cosigner.remember(origin, growth.checkpoint + lines)
        log.info("witness.cosigned", name=origin, size=head.size)
        return lines

    def _judged(self, growth: Growth, last: Head | None) -> Head:
        try:
            return judge(growth, last, self.logs)
        except (Conflict, Unprocessable) as refusal:
            if refusal.problem in ("split-view", "inconsistent-log"):
                log.error("witness.contradiction", code=refusal.problem)  # noqa: TRY400 - an alarm, not a defect
            raise
