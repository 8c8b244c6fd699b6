"""Which checkpoint goes out: the newest that enough witnesses cosigned, or, when that is too old, the newest of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.audit.cosignature import WitnessKey, witnessed
from gateway.core.ports.audit_log import AuditLog, Checkpoint

LOOKED_AT = 100
"""Checkpoints, newest first: more than are signed within the patience of the default settings."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The witnesses of a log, and how long it waits for them."""

    audit: AuditLog
    witnesses: Sequence[WitnessKey] = ()
    """One key or two of each."""
    needed: int = 1
    patience: timedelta = timedelta(seconds=60)

    async def chosen(self, least: int = 0) -> Checkpoint | None:
        """The checkpoint to publish or to prove against, of at least ``least`` entries; None while there is none."""
        if not self.witnesses:
            return await self.audit.head()
        recent = await self.audit.checkpoints(LOOKED_AT)
        if not recent:
            return None
        oldest = recent[0].at - self.patience
        good = (one for one in recent if one.at >= oldest and one.size >= least and self._cosigned(one))
        return next(good, recent[0])

    def _cosigned(self, checkpoint: Checkpoint) -> bool:
        return witnessed(checkpoint.note, self.witnesses) >= self.needed
