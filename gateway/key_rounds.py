"""The rounds of the keys: followers are made, keys replaced at their end, notices given, data keys wrapped anew.
And the end of a key, which takes two people and a count."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.backup import needing
from gateway.core.errors import Conflict, Forbidden
from gateway.core.ids import Clock
from gateway.core.model import Actor
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.key_notices import KeyNotices
from gateway.core.ports.key_report import KeyLine
from gateway.core.ports.retention import Extracts
from gateway.foundation import Foundation
from gateway.key_rows import HELD, KeyRows
from gateway.settings import Keys
from gateway.work.reindex import IndexKeys, IndexPace, Reindexer
from gateway.work.rewrap import Pace, Rewrapper, SealingKeys
from keys.files import FileKeys
from keys.ring import KeyFacts, KeyRing
from keys.schedule import Lifetimes, plan, report
from keys.states import KeyState, KeyUse

log = structlog.get_logger()
KEEPER = Actor("gateway", "keys")
COOLED = timedelta(hours=1)
"""A key that was replaced less long ago may still seal in a process that has not looked at the ring since."""


def lifetimes(settings: Keys) -> Lifetimes:
    return Lifetimes(
        timedelta(days=settings.sealing_days),
        timedelta(days=settings.signing_days),
        timedelta(days=settings.digest_days),
        timedelta(days=settings.prepare_days),
        settings.rotate,
    )


def key_report(base: Foundation) -> tuple[KeyLine, ...]:
    return report(base.keys.ring, lifetimes(base.settings.keys), base.clock())


def sealing_keys(ring: KeyRing) -> SealingKeys:
    """What the re-wrap job needs to know of the ring."""
    sealing = [facts for facts in ring.facts() if facts.use is KeyUse.KEK]
    active = [facts for facts in sealing if facts.state is KeyState.ACTIVE]
    old = frozenset(facts.id for facts in sealing if facts.state is KeyState.DECRYPT_ONLY)
    return SealingKeys(frozenset(facts.id for facts in active), old, max(facts.since for facts in active))


def index_keys(ring: KeyRing) -> IndexKeys:
    """What the re-index job needs to know of the ring."""
    active, *others = [key.facts for key in ring.live(KeyUse.INDEX)]
    return IndexKeys(active.id, frozenset(one.id for one in others if one.state is KeyState.DECRYPT_ONLY), active.since)


def reindexer(base: Foundation, pace: IndexPace) -> Reindexer:
    examiner = base.tools.examiner
    return Reindexer(
        base.stores.indexed,
        examiner.indexer,
        base.sealer,
        base.speech.canonical,
        lambda: index_keys(base.keys.reload()),
        base.scribe,
        base.clock,
        pace,
    )


def rewrapper(base: Foundation, pace: Pace) -> Rewrapper:
    return Rewrapper(
        base.stores.sealed,
        base.sealer,
        lambda: sealing_keys(base.keys.ring),
        base.scribe,
        base.clock,
        base.mint,
        pace,
    )


@dataclass(frozen=True, slots=True)
class KeyRounds:
    """The scheduler's part; one process at a time."""

    keys: FileKeys
    notices: KeyNotices
    audit: AuditLog
    scribe: Scribe
    clock: Clock
    lifetimes: Lifetimes

    @classmethod
    def of(cls, base: Foundation) -> KeyRounds:
        stores = base.stores
        return cls(base.keys, stores.key_notices, stores.audit, base.scribe, base.clock, lifetimes(base.settings.keys))

    async def step(self) -> bool:
        """Whatever is due. Raises Unavailable when the key file or the token cannot be written."""
        due = plan(await asyncio.to_thread(self.keys.reload), self.lifetimes, self.clock())
        for notice in due.notices:
            details = {"days": notice.days}
            entry = self.scribe.entry(KEEPER, "key.expiring", f"key:{notice.key}", "ok", details)
            if await self.notices.give(notice.key, notice.days, self.clock(), entry):
                log.warning("key.expiring", id=notice.key, count=notice.days)
        for use, label in due.prepare:
            await self._told("key.prepared", await asyncio.to_thread(self.keys.prepare, label, use))
        for use, label in due.rotate:
            await self._told("key.rotated", await asyncio.to_thread(self.keys.rotate, label, use))
        return False

    async def _told(self, action: str, facts: KeyFacts) -> None:
        entry = self.scribe.entry(KEEPER, action, f"key:{facts.id}")
        await self.audit.write([entry])
        log.info(action, id=facts.id)


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """Who wants a key destroyed, and who agreed."""

    key: str
    asked_by: Actor
    agreed_by: Actor
    copies: frozenset[str] = frozenset()
    """Copies of the register that they let become unreadable."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Destroys keys that nothing is stored under, neither here nor in a copy that the register knows of."""

    keys: FileKeys
    rows: KeyRows
    extracts: Extracts
    audit: AuditLog
    scribe: Scribe
    clock: Clock

    @classmethod
    def of(cls, base: Foundation) -> Ending:
        return cls(base.keys, KeyRows.of(base), base.stores.extracts, base.stores.audit, base.scribe, base.clock)

    async def check(self, key_id: str) -> None:
        """Raises Conflict (``key-in-use``, ``key-use``, ``key-state``) when the key may not be destroyed now,
        Misconfigured when there is none of this id."""
        facts = self.keys.reload().key(key_id).facts
        if facts.use not in HELD:
            raise Conflict("Keys that sign are not destroyed: they prove what they signed.", code="key-use")
        if facts.state not in (KeyState.DECRYPT_ONLY, KeyState.PENDING):
            raise Conflict(f"A key that is {facts.state} cannot be destroyed.", code="key-state")
        if facts.state is KeyState.DECRYPT_ONLY and self.clock() < facts.since + COOLED:
            raise Conflict("The key was replaced within the hour: some process may still use it.", code="key-in-use")
        count = (await self.rows.counts()).get(key_id, 0)
        if count:
            raise Conflict(HELD[facts.use].format(count), code="key-in-use")

    async def copies(self, key_id: str) -> frozenset[str]:
        """Ids of the copies in the register that need the key and are not erased."""
        facts = self.keys.ring.key(key_id).facts
        return frozenset(needing(await self.extracts.list(), key_id, facts.created_at))

    async def check_copies(self, key_id: str, accepted: frozenset[str]) -> None:
        """Raises Conflict (``key-in-backups``) when a copy that nobody accepted to lose needs the key."""
        needed = await self.copies(key_id) - accepted
        if needed:
            raise Conflict(
                f"{len(needed)} copies in the register need the key: {' '.join(sorted(needed))}. Erase them, or accept "
                "that they become unreadable.",
                code="key-in-backups",
            )

    def _destroyed(self, key_id: str) -> KeyFacts:
        facts = self.keys.ring.key(key_id).facts
        self.keys.destroy(key_id)
        return facts

    async def destroy(self, end: KeyEnd) -> None:
        """Raises Forbidden (``approval-own``) when the same person asked and agreed, and as :meth:`check` and
        :meth:`check_copies`."""
        if str(end.asked_by) == str(end.agreed_by):
            raise Forbidden("Whoever asked cannot give the second word.", code="approval-own")
        await self.check(end.key)
        await self.check_copies(end.key, end.copies)
        facts = await asyncio.to_thread(self._destroyed, end.key)
        if facts.use is KeyUse.INDEX:
            await self.rows.indexed.forget(end.key)
        details: dict[str, str | int] = {"agreed": str(end.agreed_by), "copies": len(end.copies)}
        await self.audit.write([self.scribe.entry(end.asked_by, "key.destroyed", f"key:{end.key}", "ok", details)])
        log.warning("key.destroyed", id=end.key)
