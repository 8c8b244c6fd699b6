"""The broken glass at work: broken, ended, reviewed, and an alarm when nobody reviews it in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gateway.core import glass
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Conflict, NotFound
from gateway.core.glass import End, Opened, Review, Stage, Use
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor
from gateway.core.ports.glass import Breaking, GlassStore, Word
from gateway.core.reasons import fit_reason

log = structlog.get_logger()
WATCH = Actor("gateway", "scheduler")


@dataclass(frozen=True, slots=True)
class GlassWatch:
    """The port ``GlassDesk`` and the rounds of the scheduler. ``span``: how long the glass stays broken;
    ``review_days``: working days for its review."""

    store: GlassStore
    scribe: Scribe
    clock: Clock
    mint: Mint
    span: timedelta
    review_days: int

    async def current(self, operator: str, login_at: datetime) -> Use | None:
        now = self.clock()
        found = await self.store.unended(operator)
        return next((one for one in found if one.login_at == login_at and one.holds(now)), None)

    async def breaks(self, breaking: Breaking) -> Use:
        now, reason = self.clock(), fit_reason(breaking.reason)
        for before in await self.store.unended(breaking.operator):
            if not before.holds(now):
                await self._end(before, WATCH, End.TIME)
            elif before.login_at != breaking.login_at:
                await self._end(before, WATCH, End.LOGOUT)
        use = Use(
            id=self.mint(),
            operator=breaking.operator,
            role=breaking.role.value,
            emergency=breaking.emergency,
            reason=reason,
            login_at=breaking.login_at,
            broken_at=now,
            until=glass.until(now, self.span, breaking.login_ends),
            review_by=glass.review_by(now, self.review_days),
        )
        details = {"emergency": use.emergency.value, "reason": use.reason, "role": use.role}
        told = details | {"until": use.until.isoformat(), "review_by": use.review_by.isoformat()}
        if not await self.store.add(use, self.scribe.entry(_who(use), "glass.broken", _about(use), details=told)):
            raise Conflict("The glass is broken already.", code="glass-state")
        log.warning("glass.broken", id=use.id, actor=use.operator, kind=use.emergency.value)
        return use

    async def follows(self, operator: str, before: datetime, after: datetime) -> None:
        await self.store.follow(operator, before, after)

    async def ends(self, operator: str, how: End) -> None:
        for one in await self.store.unended(operator):
            await self._end(one, Actor("operator", operator), how if one.holds(self.clock()) else End.TIME)

    async def review(self, use: str, word: Word) -> None:
        found, now = await self._found(use), self.clock()
        glass.check_reviewer(found, word.name, word.role, now)
        if found.ended_at is None:
            await self._end(found, WATCH, End.TIME)
        said = Review(word.name, now, word.verdict, fit_reason(word.note))
        details = {"note": said.note, "of": found.operator}
        entry = self.scribe.entry(word.actor, "glass.reviewed", _about(found), said.verdict, details)
        if not await self.store.review(found.id, said, entry):
            raise Conflict("Somebody else was faster.", code="glass-state")
        log.info("glass.reviewed", id=found.id, outcome=said.verdict.value)

    async def found(self, use: str) -> tuple[Use, tuple[Opened, ...]]:
        found = await self._found(use)
        return found, await self.store.opened(found.id)

    async def list(self, *, reviewed: bool) -> tuple[Use, ...]:
        return await self.store.list(reviewed=reviewed)

    async def step(self) -> bool:
        """End what is over, and give the alarm of each review that is overdue, once."""
        now = self.clock()
        for one in await self.store.unended():
            if not one.holds(now):
                await self._end(one, WATCH, End.TIME)
        for one in await self.store.list(reviewed=False):
            if one.stage(now) is Stage.OVERDUE:
                await self._alarm(one)
        return False

    async def _found(self, use: str) -> Use:
        found = await self.store.get(use)
        if found is None:
            raise NotFound("Nobody broke the glass under this id.")
        return found

    async def _end(self, use: Use, by: Actor, how: End) -> None:
        now = self.clock()
        opened = await self.store.opened(use.id)
        details: dict[str, str | int] = {"opened": len(opened), "operator": use.operator}
        entry = self.scribe.entry(by, "glass.ended", _about(use), how, details)
        if await self.store.end(use.id, use.over_at(now), entry):
            log.warning("glass.ended", id=use.id, actor=use.operator, outcome=how.value, count=len(opened))

    async def _alarm(self, use: Use) -> None:
        details = {"duty": "review", "due": use.review_by.isoformat()}
        entry = self.scribe.entry(WATCH, "deadline.missed", _about(use), Stage.OVERDUE, details)
        if await self.store.alarm(use.id, Stage.OVERDUE, self.clock(), entry):
            log.warning("deadline.missed", id=use.id, name="review", state=Stage.OVERDUE.value)


def _who(use: Use) -> Actor:
    return Actor("operator", use.operator)


def _about(use: Use) -> str:
    return f"{glass.GLASS}:{use.id}"
