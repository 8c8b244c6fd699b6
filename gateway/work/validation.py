"""A validation: a body is judged as a submission would be, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.acceptance import Judged, total
from gateway.core.errors import TooLarge, Unprocessable
from gateway.core.model import Counts, Finding, FormatName, Partner, RecordState, RuleCode, SubmissionId
from gateway.core.ports.formats import Frame, Reader
from gateway.core.ports.intake import Verdict
from gateway.core.ports.submissions import RuleCount
from gateway.core.receipt import Tally
from gateway.core.serials import Serials
from gateway.work.route import Origin

if TYPE_CHECKING:
    from gateway.work.intake import Desk


@dataclass(slots=True)
class Validation:
    """Judges a body as it comes and keeps nothing but counts and findings."""

    desk: Desk
    sender: Partner
    format: FormatName
    reader: Reader
    lacks: RuleCode | None
    _findings: list[Finding] = field(default_factory=list)
    _tally: Tally = field(default_factory=Tally)
    _counts: Counts = field(default_factory=Counts)
    _serials: Serials = field(default_factory=Serials)
    _size: int = 0

    async def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self.sender.body_limit:
            raise TooLarge(f"The body is larger than the {self.sender.body_limit} bytes agreed.")
        await self._judge(self.reader.feed(data))

    async def _judge(self, frames: list[Frame]) -> None:
        at = self.desk.clock()
        examined = await self.desk.examine(self.sender, self.format, self.reader.heading, frames, at, self.lacks)
        origin = Origin(SubmissionId(self.desk.mint()), self.sender.key, at)
        judged = await self._once(self.desk.router.judge(examined, origin, self.desk.directory()))
        self._counts += total(judged)
        for one in judged:
            self._note(one.findings)

    async def _once(self, judged: tuple[Judged, ...]) -> tuple[Judged, ...]:
        """Refuse what names a serial number again, of this body or of an earlier one, as the commit of a submission
        would."""
        claims = [one.record for one in judged if one.record.serial and one.record.state is not RecordState.REFUSED]
        if not claims:
            return judged
        used = await self.desk.store.used(self.sender.key, [record.serial or "" for record in claims])
        again = {record.id for record in claims if self._serials.again(record.serial or "") or record.serial in used}
        return tuple(one.refused_as_duplicate() if one.record.id in again else one for one in judged)

    def _note(self, findings: Sequence[Finding]) -> None:
        self._tally.add(findings)
        room = self.desk.limits.findings_shown - len(self._findings)
        self._findings.extend(findings[:room])

    async def _is_late(self) -> bool:
        """Whether the file could not come next, as things are now."""
        desk = self.desk
        if not self._counts.accepted:
            return False
        turn = desk.successions.turn(self.sender, self.format, self.reader.headers, SubmissionId(""))
        late = await desk.turns.refusal(turn) if turn is not None and desk.turns is not None else ()
        self._note(late)
        return bool(late)

    async def finish(self) -> Verdict:
        if self._size == 0:
            raise Unprocessable("The body is empty.", code="empty-body")
        await self._judge(self.reader.finish())
        if not self._counts.records and not self.reader.findings:
            raise Unprocessable("The body holds no record.", code="empty-body")
        self._note(self.reader.findings)
        late = await self._is_late()
        whole = late or not self._counts.records or self.desk.whole.refused_by(self.reader.findings) is not None
        rules = tuple(RuleCount(g.rule, g.severity, g.field, g.count, g.samples) for g in self._tally.groups())
        return Verdict(self.format, self._counts, rules, self._findings, refused_as_a_whole=whole)
