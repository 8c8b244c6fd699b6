"""Opening what partners post, with the keys of the register; each refusal has an audit entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.ids import Clock
from gateway.core.model import Actor, Partner
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.protection import Expected, Wire
from gateway.core.protection import Ends, MessageRefused, Opened, Profile, Protected, Stage, WireKey
from gateway.work.wire_book import WireBook
from gateway.work.wire_desk import WireDesk

log = structlog.get_logger()
OLDEST = timedelta(days=7)
"""A message may wait so long at its sender; later it is more likely a replay."""
AHEAD = timedelta(minutes=5)
"""Clocks differ."""
INLINE = 16 * 2**10
"""Bytes up to which a message is opened on the event loop."""

Observe = Callable[[str, str], None]
"""Told of every message: profile, and ``opened`` or the code of its refusal (metrics)."""


@dataclass(frozen=True, slots=True)
class MessageDesk:
    """Implements :class:`gateway.core.ports.protection.Messages`."""

    wire: Wire
    book: WireBook
    desk: WireDesk
    audit: AuditLog
    scribe: Scribe
    clock: Clock
    observe: Observe

    def longest(self, sender: Partner) -> int:
        return self.wire.longest(sender.protection.profile, sender.protection.limit)

    async def open(self, sender: Partner, media_type: str, message: bytes, id_: str | None) -> Opened:
        profile = sender.protection.profile
        try:
            opened = await self._opened(sender, media_type, message)
            self._current(opened, id_)
        except MessageRefused as refused:
            await self._note(sender, profile, refused)
            raise
        self.observe(profile, "opened")
        await self._confirm(sender, opened)
        return opened

    async def _opened(self, sender: Partner, media_type: str, message: bytes) -> Opened:
        profile = sender.protection.profile
        if media_type != self.wire.media_type(profile):
            raise MessageRefused("media-type", code="protection-required")
        theirs = self.book.of(sender.key)
        ends = Ends(sender.key, self.desk.name)
        expected = Expected(ends, self.clock(), sender.protection.limit, self.book.ours, theirs)
        if len(message) <= INLINE:
            return self.wire.unprotect(profile, message, expected)
        return await asyncio.to_thread(self.wire.unprotect, profile, message, expected)

    def _current(self, opened: Opened, id_: str | None) -> None:
        """Fresh, and for this post: a message that is posted again under another key would count twice."""
        now = self.clock()
        if opened.at is None or not now - OLDEST <= opened.at <= now + AHEAD:
            raise MessageRefused("time", code="message-stale")
        if None not in (opened.id, id_) and opened.id != id_:
            raise MessageRefused("id", code="message-replayed")

    async def _confirm(self, sender: Partner, opened: Opened) -> None:
        pending = [k for k in self.book.of(sender.key) if k.id in opened.signers and k.stage is Stage.PENDING]
        for key in pending:
            await self.desk.seen(key)
        if pending:
            await self.book.reload()

    async def _note(self, sender: Partner, profile: Profile, refused: MessageRefused) -> None:
        log.warning("message.refused", partner=sender.key, code=refused.problem, hint=refused.reason)
        self.observe(profile, refused.problem)
        details: dict[str, str | int] = {"profile": profile.value, "reason": refused.reason}
        actor = Actor("partner", sender.key)
        entry = self.scribe.entry(actor, "message.refused", f"partner:{sender.key}", refused.problem, details)
        await self.audit.write([entry])


@dataclass(frozen=True, slots=True)
class PartnerKeyDesk:
    """Implements :class:`gateway.core.ports.protection.PartnerKeys`."""

    desk: WireDesk
    book: WireBook

    async def list(self, owner: str) -> Sequence[WireKey]:
        return await self.desk.list(owner)

    async def test(self, actor: Actor, owner: Partner, id_: str) -> Protected:
        return await self.desk.test(actor, owner.key, id_, self.book, owner.protection.profile)

    async def confirm(self, actor: Actor, owner: str, id_: str, proof: str) -> None:
        await self.desk.confirm(actor, owner, id_, proof)
        await self.book.reload()

    def text(self, key: WireKey) -> str:
        return self.desk.wire.public_text(key.material)
