"""Answers: whose question a federal answer answers, found by the case that it names, never by a name alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter

from gateway.core.bridge import Bridging
from gateway.core.catalog import Question
from gateway.core.labels import open_record
from gateway.core.model import Content, Facts, Kind, Partner, PartnerKey, Record, RecordId
from gateway.core.ports.crew import Composed, Composition, Crew, Examination, Examined
from gateway.core.ports.formats import CanonicalForm
from gateway.core.ports.keys import Indexer, Sealer
from gateway.core.ports.records import Records
from gateway.core.routing import Directory

LATEST = 20
"""So many records of one case are looked at."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who may have asked what an answer answers."""

    answer: RecordId
    facts: Facts
    question: Question
    cases: Mapping[PartnerKey, tuple[bytes, ...]] = field(repr=False)
    """Asker -> the blind indexes of the case that the answer names, under each key that there is."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Finds the record that an answer answers, where routing or writing the answer needs it."""

    records: Records
    sealer: Sealer
    canonical: CanonicalForm
    indexer: Indexer
    directory: Callable[[], Directory]
    asked: Mapping[Kind, Question]
    """Kind of the answer -> what it answers."""
    bridging: Bridging

    async def found(self, examined: Sequence[Examined], sender: PartnerKey) -> tuple[Examined, ...]:
        """The records, each with its question and, where it names no state, the asker as its addressee; unchanged where
        nothing was asked, or where more than one partner asked. One look into the store for each kind."""
        wanted = [(one, asking) for one in examined if (asking := self._asking(one, sender)) is not None]
        if not wanted:
            return tuple(examined)
        asked = await self._asked(asking for _, asking in wanted)
        answered = {one.id: await self._answered(one, asking, asked) for one, asking in wanted}
        return tuple([answered.get(one.id, one) for one in examined])

    async def asked_by(self, one: Examined, sender: PartnerKey) -> RecordId | None:
        """The request that a record answers, whether or not a format needs it; None when there is none, or several."""
        asking = self._asking(one, sender, needed=False)
        if asking is None:
            return None
        matches = await self._matches(asking, await self._asked([asking]), self._open(one.id, one.sealed or b""))
        return matches[0].id if len(matches) == 1 else None

    def _asking(self, one: Examined, sender: PartnerKey, *, needed: bool = True) -> _Asking | None:
        """Who may have asked; None when nobody may, or nobody needs to know."""
        facts = one.facts
        question = self.asked.get(facts.kind) if facts else None
        if facts is None or question is None or one.sealed is None or not facts.other_case_id:
            return None
        askers = self._askers(facts, question, sender, needed=needed)
        cases = {asker.key: self.indexer.tokens(f"case:{asker.key}", facts.other_case_id) for asker in askers}
        return _Asking(one.id, facts, question, cases) if cases else None

    async def _asked(self, askings: Iterable[_Asking]) -> Mapping[tuple[PartnerKey, bytes], list[Record]]:
        """What was asked, newest first, by asker and case."""
        cases: dict[Kind, set[bytes]] = {}
        for asking in askings:
            cases.setdefault(asking.question.kind, set()).update(chain.from_iterable(asking.cases.values()))
        found: dict[tuple[PartnerKey, bytes], list[Record]] = {}
        for kind, indexes in cases.items():
            for record in await self.records.of_cases(kind, sorted(indexes)):
                if record.case_index is not None:
                    found.setdefault((record.sender, record.case_index), []).append(record)
        return found

    async def _answered(
        self, one: Examined, asking: _Asking, asked: Mapping[tuple[PartnerKey, bytes], list[Record]]
    ) -> Examined:
        question, facts = asking.question, asking.facts
        answer = Content(facts.kind, {})
        bridge = self.bridging.bridges.get(facts.kind)
        if question.same or bridge is not None:
            answer = self._open(one.id, one.sealed or b"")
        if bridge is not None and bridge.case_of(answer) is None:
            return replace(one, crosses=False)
        matches = await self._matches(asking, asked, answer)
        if len(matches) != 1:
            return one
        addressee = facts.recipient or min(self.directory().partners[matches[0].sender].locators)
        return replace(one, question=matches[0].id, facts=replace(facts, recipient=addressee))

    async def _matches(
        self, asking: _Asking, asked: Mapping[tuple[PartnerKey, bytes], list[Record]], answer: Content
    ) -> list[Record]:
        """The fitting question of each asker that was the newest when the answer came."""
        filed = [
            _in_turn(chain(*(asked.get((asker, one), ()) for one in case)), asking.answer)
            for asker, case in asking.cases.items()
        ]
        return [match for rows in filed if (match := await self._match(rows, asking.question, answer))]

    def _askers(self, facts: Facts, question: Question, sender: PartnerKey, *, needed: bool) -> Sequence[Partner]:
        """Whom the answer may be for: the state that it names, if its formats need the question or somebody wants to
        know; where it names none, everybody who may send such questions to the answering partner."""
        directory = self.directory()
        if not facts.recipient:
            asking = directory.senders_to(sender, question.kind)
            return [directory.partners[key] for key in sorted(asking) if key in directory.partners]
        owner = directory.owner(facts.recipient)
        if owner is None:
            return []
        crosses = self.bridging.between(facts.kind, self.bridging.format_of(owner, facts.kind)) is not None
        return [owner] if crosses or not needed else []

    async def _match(self, records: Sequence[Record], question: Question, answer: Content) -> Record | None:
        """The first of an asker's records about the case that fits."""
        for row in records[:LATEST]:
            if question.transactions and row.transaction not in question.transactions:
                continue
            if not question.same or await self._fits(row.id, question, answer):
                return row
        return None

    async def _fits(self, record: RecordId, question: Question, answer: Content) -> bool:
        found = await self.records.get(record)
        if found is None or found.sealed is None:
            return False
        asked = self._open(record, found.sealed)
        pairs = [(answer.get(own), asked.get(other)) for own, other in question.same]
        return all(own is not None and own == other for own, other in pairs)

    def _open(self, record: RecordId, sealed: bytes) -> Content:
        return self.canonical.read(open_record(self.sealer, record, sealed))


def _in_turn(records: Iterable[Record], answer: RecordId) -> list[Record]:
    """Those that came before the answer, the newest first; then those that came after it, the oldest first: what is
    asked later is not what an answer answers, unless nothing else was asked and the question was only slower. Whenever
    it is looked for, the same one is found."""
    rows = sorted(records, key=attrgetter("id"))
    before = bisect_left(rows, answer, key=attrgetter("id"))
    return [*reversed(rows[:before]), *rows[before:]]


@dataclass(frozen=True, slots=True)
class AnsweringCrew:
    """A crew that also knows the questions of the answers which it examines and composes. Costs nothing for other
    kinds of records."""

    crew: Crew
    questions: Questions

    async def examine(self, task: Examination) -> tuple[Examined, ...]:
        examined = await self.crew.examine(task)
        if not any(one.facts is not None and one.facts.kind in self.questions.asked for one in examined):
            return examined
        return await self.questions.found(examined, task.sender.key)

    async def compose(self, task: Composition) -> Composed:
        delivery = task.claimed.delivery
        bridge = self.questions.bridging.between(delivery.kind, delivery.format)
        if bridge is not None and bridge.asks:
            ids = [record for record, _ in task.claimed.records]
            task = replace(task, questions=await self.questions.records.questions(ids))
        return await self.crew.compose(task)

    async def close(self) -> None:
        await self.crew.close()
