"""Prohibited answers: who asked where somebody is, and may not be told, is told just that (V03; 42 USC 653(b)(2)).

What is told is the echo of the request and the code that says so, in the sender's name, as its own submission, whose
key follows from the answer: it is told once. It goes the way of the answer, so it comes as soon and is as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.core.acceptance import Judged
from gateway.core.catalog import Prohibited
from gateway.core.disclosure import DANGER
from gateway.core.errors import GatewayError
from gateway.core.ids import first_id
from gateway.core.labels import open_record
from gateway.core.model import Kind, Record, RecordId, RecordState
from gateway.core.ports.prohibitions import TOLD, Prohibitions
from gateway.core.ports.records import Records
from gateway.work.originate import Originator

log = structlog.get_logger()
WINDOW = timedelta(days=30)
"""Of older answers nothing is told any more: their requesters have asked again."""
PAGE = 100


@dataclass(slots=True)
class Prohibiting:
    originator: Originator
    records: Records
    prohibitions: Prohibitions
    forms: Mapping[Kind, Prohibited]
    """Kinds of answers, and what is told instead of one."""
    page: int = PAGE
    _silent: set[RecordId] = field(default_factory=set)
    """About which nothing can be told by the partners and agreements as they are."""
    _seen: int | None = None
    """Version of the directory that these are of."""
    _after: RecordId | None = None

    async def tell(self, judged: Sequence[Judged]) -> None:
        """At once, about those that were just committed as withheld; together, so that they share a commit. What fails
        is left to :meth:`step`."""
        kept = [
            one.record for one in judged if one.record.state is RecordState.WITHHELD and one.record.reason in DANGER
        ]
        await asyncio.gather(*map(self._told, kept))

    async def step(self) -> bool:
        """A page of what nobody has been told of: answers in big bodies, those that were about to leave when the notice
        came, and what a process left behind. True when there may be more."""
        directory, beginning = self.originator.directory(), first_id(self.originator.clock() - WINDOW)
        if directory.version != self._seen:
            self._seen, self._silent = directory.version, set()
        after = RecordId(max(self._after or "", beginning))
        found = await self.prohibitions.untold(self.forms.keys(), after, self.page)
        for id_ in found:
            record = None if id_ in self._silent else await self.records.get(id_)
            if record is not None and not await self._told(record):
                self._silent.add(id_)
        self._after = found[-1] if len(found) == self.page else None
        return self._after is not None

    async def _told(self, record: Record) -> bool:
        """Whether its requester has been told; never raises what is ours or the sender's fault."""
        try:
            told = await self._tell(record)
        except GatewayError as error:
            log.warning("prohibited.waits", id=record.id, code=error.problem)
            return False
        if told:
            log.info("prohibited.told", id=record.id)
        return told

    async def _tell(self, record: Record) -> bool:
        """False where there is no way to tell it: no words for it in the form that the recipient takes, or the guard
        keeps this from it as well. What is offered and not routed leaves no trace, so nothing is told about it."""
        form = self.forms.get(record.kind) if record.kind else None
        sender = self.originator.directory().partners.get(record.sender)
        if form is None or sender is None or record.sealed is None:
            return False
        document = open_record(self.originator.sealer, record.id, record.sealed)
        instead = form.instead_of(self.originator.canonical.read(document))
        return await self.originator.offer(sender, f"{TOLD}{record.id}", [instead]) is not None
