"""The register of incidents at work: opened, told, closed, and alarms while somebody is not told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Conflict, NotFound, Unprocessable
from gateway.core.ids import Clock, Mint
from gateway.core.incident import Data
from gateway.core.incident_clock import Opened, Stage, Untold, untold
from gateway.core.model import Actor
from gateway.core.ports.incidents import IncidentRegister
from gateway.core.reasons import fit_reason

log = structlog.get_logger()
WATCH = Actor("gateway", "scheduler")


@dataclass(frozen=True, slots=True)
class IncidentWatch:
    """The port ``IncidentClocks``, the rounds of the scheduler, and what people do."""

    register: IncidentRegister
    scribe: Scribe
    clock: Clock
    mint: Mint

    async def untold(self) -> tuple[Untold, ...]:
        return untold(await self.register.list(), self.clock())

    async def step(self) -> bool:
        """Give the alarms that are due; each stage of each duty once."""
        for one in await self.untold():
            if one.stage is not Stage.OPEN:
                await self._alarm(one)
        return False

    async def open(
        self, by: Actor, discovered_at: datetime, about: str, partner: str | None, data: Iterable[Data]
    ) -> Opened:
        """Raises Unprocessable when it was discovered in the future, or the words name numbers."""
        now = self.clock()
        if discovered_at > now:
            raise Unprocessable("An incident is not discovered in the future.")
        made = Opened(self.mint(), discovered_at, fit_reason(about), str(by), now, partner, frozenset(data))
        details = {"about": made.about, "discovered": discovered_at.isoformat(), "data": " ".join(sorted(made.data))}
        told = details | ({"partner": partner} if partner else {})
        await self.register.open(made, self.scribe.entry(by, "incident.opened", f"incident:{made.id}", details=told))
        return made

    async def tell(self, by: Actor, incident: str, duty: str) -> None:
        """Raises NotFound when there is no such open incident or nobody has that right to it, Conflict when it was
        told before."""
        found = next((one for one in await self.register.list() if one.id == incident), None)
        if found is None:
            raise NotFound("There is no open incident with this id.")
        if duty not in {one.code for one in found.duties()}:
            raise NotFound(f"Of this incident have to be told: {', '.join(one.code for one in found.duties())}.")
        entry = self.scribe.entry(by, "incident.told", f"incident:{incident}", details={"duty": duty})
        if not await self.register.tell(incident, duty, str(by), self.clock(), entry):
            raise Conflict("They were told before.")

    async def close(self, by: Actor, incident: str, reason: str) -> None:
        """Raises NotFound when there is no such open incident."""
        details = {"reason": fit_reason(reason)}
        entry = self.scribe.entry(by, "incident.closed", f"incident:{incident}", details=details)
        if not await self.register.close(incident, str(by), self.clock(), entry):
            raise NotFound("There is no open incident with this id.")

    async def _alarm(self, one: Untold) -> None:
        action = "deadline.missed" if one.stage is Stage.OVERDUE else "deadline.near"
        details = {"duty": one.duty.code, "due": one.due_at.isoformat()}
        about = f"incident:{one.incident.id}"
        entry = self.scribe.entry(WATCH, action, about, one.stage, details)
        if await self.register.alarm(one.incident.id, f"{one.duty.code}-{one.stage}", self.clock(), entry):
            log.warning(action, id=one.incident.id, name=one.duty.code, state=one.stage.value)
