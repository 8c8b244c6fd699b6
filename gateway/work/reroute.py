"""Rerouting: parked records are looked at again when partners or agreements change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from gateway.core.acceptance import Chunk, Judged
from gateway.core.court_orders import unnumbered_of
from gateway.core.errors import Tampered
from gateway.core.ids import first_id
from gateway.core.labels import open_record
from gateway.core.model import Delivery, Partner, Record, RecordId, RecordState
from gateway.core.ports.crew import Examined
from gateway.core.ports.formats import CanonicalForm
from gateway.core.ports.keys import Sealer
from gateway.core.ports.records import Records
from gateway.core.routing import Directory
from gateway.work.answers import Questions
from gateway.work.route import Origin, Router

log = structlog.get_logger()
PAGE = 500
LATE = timedelta(minutes=1)
"""Whoever parks a record has seen a change of the directory, and commits the record under its new id, within this."""


def examined_again(record: Record, sealer: Sealer, canonical: CanonicalForm) -> Examined:
    """What the examination of a stored record found, but for its findings. Raises Tampered."""
    content = canonical.read(open_record(sealer, record.id, record.sealed or b""))
    facts = canonical.facts(content)
    in_danger = facts.family_violence or facts.nondisclosure
    return Examined(
        record.id,
        record.ordinal,
        (),
        facts,
        record.digest,
        record.sealed,
        record.case_index,
        persons=record.persons,
        index_keys=record.index_key or "",
        unnumbered=unnumbered_of(record.id, canonical.unnumbered(content)) if in_danger else frozenset(),
    )


@dataclass(slots=True)
class Rerouter:
    records: Records
    router: Router
    sealer: Sealer
    canonical: CanonicalForm
    directory: Callable[[], Directory]
    announce: Callable[[tuple[Delivery, ...]], None]
    questions: Questions | None = None
    """Looked for again, so that an answer leaves when its question has come; None: there are no answers."""
    page: int = PAGE
    _seen: tuple[int, date] | None = None
    """Version and day of the last pass that came to its end."""
    _passing: tuple[int, date] | None = None
    _after: RecordId | None = None
    _upto: RecordId | None = None
    """Those with a lesser id were parked before the last pass, or have been looked for since."""
    _look_at: datetime | None = None
    """When those that were parked since are looked for."""

    async def step(self) -> bool:
        """One page of parked records; every one is tried once for each version of the directory, and once a day:
        agreements come into force by the calendar, too."""
        directory, now = self.directory(), self.router.scribe.now()
        today = now.date()
        if (directory.version, today) == self._seen:
            return await self._latecomers(directory, now)
        if (directory.version, today) != self._passing:
            self._passing, self._after = (directory.version, today), None
            self._upto, self._look_at = RecordId(first_id(now - LATE)), now + LATE
        parked = await self.records.parked(self.page, self._after)
        for record in parked:
            await self._move(record, directory, today)
        if len(parked) == self.page:
            self._after = parked[-1].id
            return True
        self._after, self._seen = None, self._passing
        return False

    async def _latecomers(self, directory: Directory, now: datetime) -> bool:
        """A page of those that were parked after the pass had come by: by a process that had not heard of the change,
        or out of a body that came on an earlier day, whose agreements counted. Each is tried once more."""
        if self._look_at is None or now < self._look_at:
            return False
        before = RecordId(first_id(now - LATE))
        late = [one for one in await self.records.parked(self.page, self._upto) if one.id < before]
        for record in late:
            await self._move(record, directory, now.date())
        if len(late) == self.page:
            self._upto = late[-1].id
            return True
        self._upto, self._look_at = before, now + LATE
        return False

    async def _move(self, record: Record, directory: Directory, today: date) -> None:
        try:
            judged = await self._again(record, directory, today)
        except Tampered as error:
            log.error("record.tampered", id=record.id, code=error.problem)  # noqa: TRY400 - tracebacks may show data
            return
        if judged is not None and await self.records.reroute(Chunk(record.submission, 0, (judged,))):
            self.announce(judged.deliveries)
            log.info("record.rerouted", id=record.id)

    async def _again(self, record: Record, directory: Directory, today: date) -> Judged | None:
        """The record judged anew, routed or withheld; None when it still has no route."""
        sender: Partner | None = directory.partners.get(record.sender)
        if record.sealed is None or sender is None:
            return None
        examined = examined_again(record, self.sealer, self.canonical)
        if self.questions is not None:
            (examined,) = await self.questions.found([examined], record.sender)
        origin = Origin(record.submission, record.sender, record.received_at, routed_on=today)
        (judged,) = self.router.judge([examined], origin, directory)
        if judged.record.state is not RecordState.ROUTED:
            return judged if judged.record.state is RecordState.WITHHELD else None
        return replace(judged, entry=replace(judged.entry, action="record.rerouted"))
