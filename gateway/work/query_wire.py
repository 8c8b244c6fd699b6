"""Wire protection of synchronous queries: what a partner is asked and answers, and what a caller asks and is answered,
is signed and encrypted as their files say, like deliveries and posts.

Nothing is kept here: an exchange is made once, under the query's id.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from functools import partial

from gateway.core.disclosure import Clearance
from gateway.core.errors import Misconfigured, Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Digest, Partner
from gateway.core.ports.formats import Encoded
from gateway.core.ports.protection import Messages, Wire
from gateway.core.ports.queries import ANSWER_LIMIT, Answered, Asked, QueryId, QueryLine, Reply
from gateway.core.protection import (
    Ends,
    MessageRefused,
    Note,
    Opened,
    Profile,
    Protected,
    WireKey,
    recipient_key,
    signing_keys,
)
from gateway.core.query_errors import AnswerUnfit
from gateway.work.messages import AHEAD
from gateway.work.protecting import INLINE
from gateway.work.wire_book import WireBook


@dataclass(frozen=True, slots=True)
class QueryEnvelopes:
    """Closes what leaves for a partner whose file names a profile."""

    wire: Wire
    book: WireBook
    clock: Clock
    name: str
    """The gateway's name in messages."""

    def ready(self, partner: Partner) -> None:
        """Raises Unavailable (``wire-key-missing``) when nothing could be closed for the partner now."""
        if partner.protection.profile is not Profile.NONE:
            self._keys(partner)

    async def closed(self, partner: Partner, query: QueryId, body: bytes, media_type: str) -> Protected:
        """For a protected partner. Raises as :meth:`ready`."""
        to, by = self._keys(partner)
        note = Note(Ends(self.name, partner.key), query, self.clock(), media_type)
        work = partial(self.wire.protect, partner.protection.profile, body, note, to, by)
        return work() if len(body) <= INLINE else await asyncio.to_thread(work)

    async def answered(self, caller: Partner, query: QueryId, answer: Encoded, clearance: Clearance) -> Answered:
        """What the caller gets: its size follows from that of the answer alone, which fills whole size classes."""
        if caller.protection.profile is Profile.NONE:
            return Answered(answer.body, answer.media_type, clearance)
        message = await self.closed(caller, query, answer.body, answer.media_type)
        return Answered(message.body, message.media_type, clearance)

    def _keys(self, partner: Partner) -> tuple[WireKey, tuple[WireKey, ...]]:
        profile, now = partner.protection.profile, self.clock()
        try:
            return recipient_key(profile, self.book.of(partner.key), now), signing_keys(profile, self.book.ours, now)
        except Misconfigured as error:
            raise Unavailable(error.detail, code=error.problem) from None


@dataclass(frozen=True, slots=True)
class ProtectingLine:
    """The port ``QueryLine``: messages go to and come from a protected partner, bodies to and from the others."""

    line: QueryLine
    envelopes: QueryEnvelopes
    messages: Messages

    async def ask(self, asked: Asked, partner: Partner) -> Reply:
        """As the port says. An answer that is plain, older than the query, or of another query is AnswerUnfit."""
        profile, wire = partner.protection.profile, self.envelopes.wire
        if profile is Profile.NONE:
            return await self.line.ask(asked, partner)
        begun = self.envelopes.clock()
        message = await self.envelopes.closed(partner, asked.id, asked.body, asked.media_type)
        protected = replace(
            asked,
            body=message.body,
            digest=Digest(hashlib.sha256(message.body).hexdigest()),
            media_type=message.media_type,
            accept=wire.media_type(profile),
            limit=wire.longest(profile, asked.limit),
        )
        reply = await self.line.ask(protected, partner)
        opened = await self._opened(asked, partner, reply)
        if opened.at is None or opened.at < begun - AHEAD:
            raise AnswerUnfit("the answer is older than the query", code="answer-stale")
        if len(opened.plain) > asked.limit:
            raise AnswerUnfit(f"the answer has more than {ANSWER_LIMIT} bytes", code="answer-too-large")
        return Reply(opened.plain, opened.media_type or asked.media_type)

    async def close(self) -> None:
        await self.line.close()

    async def _opened(self, asked: Asked, partner: Partner, reply: Reply) -> Opened:
        media_type = reply.media_type.partition(";")[0].strip().lower()
        try:
            return await self.messages.open(partner, media_type, reply.body, asked.id)
        except MessageRefused as refused:
            raise AnswerUnfit("the answer is not protected as agreed", code="answer-protection") from refused
