"""How often a body is judged at which the gateway itself fails: some times, later each time, then a person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.causes import PROCESS_DIED
from gateway.core.errors import GatewayError, Refused, Tampered
from gateway.core.ids import Clock
from gateway.core.model import Actor, Submission, SubmissionId
from gateway.core.ports.held_bodies import HeldBodies
from gateway.work.verdict import MOST_FAULTS, POISONOUS, our_pause

log = structlog.get_logger()
INTAKE = Actor("gateway", "intake")
_PARTING = timedelta(seconds=2)
"""For giving a body back when this process ends; its lease ends anyhow."""

Judging = Callable[[Submission], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Counts what the gateway fails with in the store: a body that kills its process is counted by the next one."""

    owner: str
    bodies: HeldBodies
    scribe: Scribe
    clock: Clock
    _owed: set[SubmissionId] = field(default_factory=set)
    """Bodies that could not be given back, because the store was away."""

    async def make_good(self) -> None:
        """Give back what is owed, before the next claim counts it. Raises Unavailable."""
        for one in tuple(self._owed):
            await self.bodies.put_off(self.owner, one, self.clock(), None)
            self._owed.discard(one)

    async def judging(self, claimed: Submission, judge: Judging) -> bool:
        """What ``judge`` gives; True as well when the body was put off or put aside, so that others get their turn.
        Raises what is nothing of the body's (the store is away): then it is given back and nothing is counted."""
        if claimed.faults >= MOST_FAULTS:
            # Judges that left no cause were ended by something that did not let them say.
            return await self._hold(claimed, claimed.cause or PROCESS_DIED)
        try:
            return await judge(claimed)
        except asyncio.CancelledError:
            await self._give_back(claimed)
            raise
        except Tampered as error:
            return await self._hold(claimed, error.problem)
        except Exception as error:
            if (cause := _poison(error)) is None:
                await self._give_back(claimed)
                raise
            kind = type(error).__name__  # no text: it may show data
            log.error("submission.fault", id=claimed.id, code=cause, type=kind, count=claimed.faults + 1)  # noqa: TRY400 - tracebacks may show data
            await self.bodies.put_off(self.owner, claimed.id, self.clock() + our_pause(claimed.faults), cause)
            return True

    async def _hold(self, submission: Submission, cause: str) -> bool:
        details = {"faults": submission.faults, "progress": submission.progress}
        entry = self.scribe.entry(INTAKE, "submission.held", f"submission:{submission.id}", cause, details)
        if await self.bodies.hold(self.owner, submission.id, cause, entry):
            log.error("submission.held", id=submission.id, code=cause)
        return True

    async def _give_back(self, submission: Submission) -> None:
        try:
            async with asyncio.timeout(_PARTING.total_seconds()):
                await self.bodies.put_off(self.owner, submission.id, self.clock() + our_pause(0), None)
        except (GatewayError, TimeoutError):
            self._owed.add(submission.id)
            log.warning("submission.not_given_back", id=submission.id)


def _poison(error: Exception) -> str | None:
    """What the body may have brought with it: a defect that it meets, a worker that it kills. None: what is merely away
    comes back."""
    if not isinstance(error, GatewayError) or isinstance(error, Refused):
        return GatewayError.code
    return error.problem if error.problem in POISONOUS else None
