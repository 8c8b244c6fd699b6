"""What people do about retention: holds, the register of extracts, and what was erased."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.core.audit_entry import Scribe
from gateway.core.erasure import Erasure, Run
from gateway.core.errors import Conflict, NotFound
from gateway.core.extract import EXTRACTS, Extract, erase_by
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor, Page, RecordId
from gateway.core.ports.records import RecordQuery, Records
from gateway.core.ports.retention import Extracts, Holds, Retention
from gateway.core.reasons import fit_reason
from gateway.core.retention import Hold, HoldScope, Schedule
from gateway.core.routing import Directory

_TOKEN = re.compile(r"(?:[0-9a-f]{32}){1,9}")
"""The blind indexes of a case in hex, under each key that there is; the active one first."""
_ONE = 32


@dataclass(frozen=True, slots=True)
class StaffedDesk:
    """Implements :class:`gateway.core.ports.retention.RetentionDesk`."""

    schedule: Schedule
    retention: Retention
    kept: Holds
    register_of: Extracts
    records: Records
    directory: Callable[[], Directory]
    scribe: Scribe
    clock: Clock
    mint: Mint

    async def erased(self, record: RecordId) -> Erasure | None:
        return await self.retention.erased(record)

    async def runs(self, limit: int) -> tuple[Run, ...]:
        return await self.retention.runs(limit)

    async def holds(self, *, released: bool = False) -> tuple[Hold, ...]:
        return await self.kept.list(released=released)

    async def hold(self, actor: Actor, scope: HoldScope, what: str, reason: str) -> Hold:
        reason, what = fit_reason(reason), what.strip()
        await self._known(scope, what)
        what = what[:_ONE] if scope is HoldScope.CASE else what
        made = Hold(self.mint(), scope, what, reason, str(actor), self.clock())
        details = {"scope": scope.value, "what": what, "reason": reason}
        return await self.kept.add(made, self.scribe.entry(actor, "hold.set", f"hold:{made.id}", details=details))

    async def release(self, actor: Actor, hold: str, reason: str) -> None:
        entry = self.scribe.entry(actor, "hold.released", f"hold:{hold}", details={"reason": fit_reason(reason)})
        if not await self.kept.release(hold, str(actor), self.clock(), entry):
            raise NotFound("There is no such hold, or it was released before.")

    async def extracts(self, *, erased: bool = False) -> tuple[Extract, ...]:
        return await self.register_of.list(erased=erased)

    async def register(self, actor: Actor, what: str, about: str, purpose: str) -> Extract:
        if what not in EXTRACTS:
            raise KeyError(what)
        now, purpose = self.clock(), fit_reason(purpose)
        until = erase_by(now, self.schedule.logs["extracts"].days)
        made = Extract(self.mint(), what, about, str(actor), purpose, now, until)
        details = {"what": what, "about": about, "purpose": purpose, "erase_by": until.date().isoformat()}
        await self.register_of.add(
            made, self.scribe.entry(actor, "extract.made", f"extract:{made.id}", details=details)
        )
        return made

    async def confirm_erased(self, actor: Actor, extract: str) -> None:
        entry = self.scribe.entry(actor, "extract.erased", f"extract:{extract}")
        if not await self.register_of.erased(extract, str(actor), self.clock(), entry):
            raise NotFound("There is no such extract, or its erasure was confirmed before.")

    async def overdue(self) -> int:
        return await self.register_of.overdue(self.clock())

    async def _filed(self, tokens: str) -> bool:
        """Whether there is a record of the case: a hold under a key that is no more would hold nothing."""
        if _TOKEN.fullmatch(tokens) is None:
            return False
        found = await self.records.search(RecordQuery(cases=(bytes.fromhex(tokens[:_ONE]),)), Page(1))
        return bool(found.rows)

    async def _kept(self, id_: RecordId) -> bool:
        """Whether there is such a record. Raises Conflict when it was erased: a hold would promise what is gone."""
        if await self.erased(id_) is not None:
            raise Conflict("The record was erased before: nothing of it is left to keep.", code="record-erased")
        return await self.records.get(id_) is not None

    async def _known(self, scope: HoldScope, what: str) -> None:
        match scope:
            case HoldScope.RECORD:
                found = await self._kept(RecordId(what))
            case HoldScope.CASE:
                found = await self._filed(what)
            case HoldScope.PARTNER:
                found = what in self.directory().partners
        if not found:
            raise NotFound(f"There is no such {scope.value}.")
