"""Watching over changes of the family violence indicator: they take the batch along in which they wait, and somebody is
told when they do not get to the federal case registry in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.danger_clock import Due, Stage, due
from gateway.core.ids import Clock
from gateway.core.model import Actor, Kind, PartnerKey
from gateway.core.ports.danger_changes import DangerChanges
from gateway.core.ports.deliveries import Gathering
from gateway.core.routing import Directory

log = structlog.get_logger()
WATCH = Actor("gateway", "scheduler")
SIGHT = timedelta(days=400)
"""What is older than this has been told of often enough."""
ACTIONS = {Stage.NEAR: "deadline.near", Stage.OVERDUE: "deadline.missed"}
"""Stage -> action of the entry that is written when it is reached."""


@dataclass(frozen=True, slots=True)
class DangerWatch:
    """The port ``DangerClocks``, and the rounds of the scheduler."""

    changes: DangerChanges
    kinds: frozenset[Kind]
    """Kinds that tell a registry of danger."""
    directory: Callable[[], Directory]
    postals: Mapping[str, str]
    """Postal code -> number of the state, as locators have it."""
    scribe: Scribe
    clock: Clock

    async def due(self) -> tuple[Due, ...]:
        now = self.clock()
        found = await self.changes.unsent(now - SIGHT)
        return tuple(sorted((due(one, now, self._postal(one.sender)) for one in found), key=lambda one: one.due_on))

    async def step(self) -> bool:
        """Tell of those whose time is near or over; each stage of each is told once."""
        for one in await self.due():
            if one.stage is not Stage.OPEN:
                await self._tell(one)
        return False

    async def _tell(self, one: Due) -> None:
        change = one.change
        details = {"partner": change.sender, "due": one.due_on.isoformat(), "state": change.where}
        entry = self.scribe.entry(WATCH, ACTIONS[one.stage], f"record:{change.record}", one.stage, details)
        if await self.changes.alarm(change.record, one.stage, self.clock(), entry):
            log.warning(
                ACTIONS[one.stage], id=change.record, partner=change.sender, state=change.where, code=change.cause
            )

    async def hurry(self, waiting: Iterable[Gathering]) -> frozenset[tuple[str, str, str]]:
        """Partner, sender and agreement of those batches that may not wait any longer."""
        if not any(one.kind in self.kinds for one in waiting):
            return frozenset()
        return await self.changes.waiting()

    def _postal(self, sender: PartnerKey) -> str | None:
        partner = self.directory().partners.get(sender)
        locators = frozenset() if partner is None else partner.locators
        return next((postal for postal, number in self.postals.items() if number in locators), None)
