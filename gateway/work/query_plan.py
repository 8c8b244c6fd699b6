"""Whether a query may be asked, and what its answer means: agreements both ways, disclosure guard, the right case."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.core import case_status
from gateway.core.attestation import HEADER as ATTESTED
from gateway.core.attestation import OUTDATED_RULE, asks_to_locate, attested, lacking
from gateway.core.case_status import Mismatch, Result
from gateway.core.disclosure import Clearance, Decision, Guard, Passage, Withheld
from gateway.core.errors import GatewayError
from gateway.core.model import Content, Facts, FormatName, Partner, PartnerKey, RecordId
from gateway.core.places import AT_HOME, NOT_ALLOWED, Places
from gateway.core.ports.formats import Cover, Encoded
from gateway.core.ports.queries import QueryId, Reply
from gateway.core.protection import Profile
from gateway.core.query_errors import AnswerUnfit, QueryInvalid, QueryRefused
from gateway.core.routing import Directory, Route
from gateway.core.size_class import filled
from gateway.work.examine import sender_findings
from gateway.work.query_reading import FORMS, XML, StatusReader, StatusRecord, Unfit

_ATTEST = f"Read the text of /about/attestation and ask again with its version in {ATTESTED}."


@dataclass(frozen=True, slots=True)
class Plan:
    """A query that may be asked."""

    id: QueryId
    at: datetime
    form: FormatName
    """The form of the caller's query, and of its answer."""
    query: StatusRecord
    nothing: StatusRecord
    """The answer that disclosure is prohibited."""
    there: Route
    """To the partner that answers."""
    back: Route
    """To the caller, for the answer."""
    attested: str = ""
    """The version of the text that the caller attested, where it asks about the parties of a case."""

    @property
    def partner(self) -> Partner:
        return self.there.partner

    @property
    def caller(self) -> Partner:
        return self.back.partner

    @property
    def partners_form(self) -> FormatName:
        """The form in which the partner is asked."""
        wanted = self.partner.formats.get(self.query.facts.kind, XML)
        return wanted if wanted in FORMS.values() else XML


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller is told."""

    record: StatusRecord
    heard: StatusRecord
    """What the partner said, whether or not the caller is told."""
    decision: Decision
    """What the disclosure guard decided about ``record``."""
    withheld: Withheld | None = None
    """Why the disclosure guard kept the partner's answer back; None: it did not."""

    @property
    def result(self) -> Result:
        return Result(self.record.content.get("ResultCode") or "")


@dataclass(frozen=True, slots=True)
class Planner:
    reader: StatusReader
    directory: Callable[[], Directory]
    guard: Guard
    held: Callable[[Content], frozenset[bytes]]
    """Persons of an answer on whom a notice of danger is held."""
    places: Places = AT_HOME

    def plan(
        self, sender: Partner, form: FormatName, body: bytes, query: QueryId, now: datetime, weighed: str = ""
    ) -> Plan:
        """Raises QueryInvalid with findings, or QueryRefused with the reason as its code."""
        if sender.accepts and form not in sender.accepts:
            raise QueryRefused("The caller may not post this format.", code="format-not-allowed")
        asked = self.reader.question(form, body, now.date())
        if isinstance(asked, Unfit):
            raise QueryInvalid(asked.why, asked.findings)
        if not case_status.asks(asked.content):
            raise QueryInvalid("The record is an answer, not a query.")
        if foreign := sender_findings(asked.facts, sender, 1):
            raise QueryInvalid("The caller asks in another's name.", foreign)
        word = _attested(asked.facts, sender, weighed)
        nothing = self.reader.known(case_status.prohibited(asked.content))
        there = self._route(asked.facts, sender.key, now.date())
        back = self._route(nothing.facts, there.partner.key, now.date())
        if back.partner.key != sender.key:
            raise QueryRefused("The answer would not go to the caller.", code="recipient-unknown")
        if there.partner.queries is None:
            raise QueryRefused("The partner answers no queries.", code="queries-not-offered")
        if not self.places.allow(there.partner.queries):
            raise QueryRefused("The partner answers in a country that is not allowed.", code=NOT_ALLOWED)
        for route in (there, back):
            if not route.agreement.plain and any(_bare(party) for party in (there.partner, sender)):
                raise QueryRefused("The agreement allows nothing without protection.", code="plain-not-allowed")
        return Plan(query, now, form, asked, nothing, there, back, word)

    def _route(self, facts: Facts, sender: PartnerKey, today: date) -> Route:
        """The direct route, when an agreement and the guard allow it. Subscribers get no copies of queries."""
        routing = self.directory().route(facts, sender, today)
        if not routing.routes:
            raise QueryRefused("No agreement in force allows it.", code=str(routing.reason))
        direct = routing.routes[0]
        if withheld := self.guard.decide(Passage(self.guard.bearing(facts), direct, today)).withheld:
            raise QueryRefused("The partner's program may not receive it.", code=withheld.value)
        return direct

    def clear(self, plan: Plan) -> Clearance:
        """The guard's word that the query may go to the partner that answers."""
        passage = Passage(self.guard.bearing(plan.query.facts), plan.there, plan.at.date(), plan.caller)
        return self.guard.clear(plan.id, plan.partner.key, {RecordId(plan.id): self.guard.decide(passage)})

    def write(self, plan: Plan) -> Encoded:
        """The query as the partner gets it."""
        cover = Cover(plan.caller, plan.partner, plan.at, 0)
        return self.reader.write(plan.partners_form, plan.query.content, cover)

    def clear_answer(self, plan: Plan, told: Told) -> Clearance:
        """The guard's word that what is told may go back to the caller."""
        return self.guard.clear(plan.id, plan.caller.key, {RecordId(plan.id): told.decision})

    def answer(self, plan: Plan, told: Told) -> Encoded:
        """The answer as the caller gets it. That nothing may be told takes as long and fills as many size classes as
        another answer (V03): both are written whichever is told."""
        cover = Cover(plan.partner, plan.caller, plan.at, 0)
        nothing = self.reader.write(plan.form, plan.nothing.content, cover)
        if told.record is told.heard:
            chosen = self.reader.write(plan.form, told.heard.content, cover)
        else:
            chosen = nothing
            with suppress(GatewayError):  # What is not told may be anything; a fault told instead would tell it.
                self.reader.write(plan.form, told.heard.content, cover)
        return replace(chosen, body=filled(chosen.body))

    def judge(self, plan: Plan, reply: Reply) -> Told:
        """What the caller may be told of a reply. Raises AnswerUnfit; its code names the first fault."""
        form = FORMS.get(reply.media_type.partition(";")[0].strip().lower())
        if form is None:
            raise AnswerUnfit("The answer is neither XML nor JSON.", code="answer-media-type")
        answer = self.reader.answer(form, reply.body, plan.at.date())
        record = answer.record if isinstance(answer, Unfit) else answer
        wrong = case_status.mismatch(plan.query.content, record.content) if record else None
        told = self._weighed(plan, record) if record and not wrong else None
        if told and (told.record is plan.nothing or not isinstance(answer, Unfit)):
            return (
                told  # Nothing even of an answer that breaks rules: a fault told instead would tell that there is one.
            )
        raise _unfit(answer, wrong)

    def _weighed(self, plan: Plan, record: StatusRecord) -> Told:
        """The record, or that disclosure is prohibited, when the partner says so or the guard does. Both are decided
        about whichever is told (V03)."""
        found = self._back(plan, record, self.held(record.content))
        nothing = self._back(plan, plan.nothing, frozenset())
        if found.withheld or record.content.get("ResultCode") == Result.PROHIBITED:
            return Told(plan.nothing, record, nothing, found.withheld)
        return Told(record, record, found)

    def _back(self, plan: Plan, record: StatusRecord, held: frozenset[bytes]) -> Decision:
        """Whether a record may go back to the caller."""
        bearing = self.guard.bearing(record.facts)
        return self.guard.decide(Passage(bearing, plan.back, plan.at.date(), plan.partner, held=held))


def _unfit(answer: StatusRecord | Unfit, wrong: Mismatch | None) -> AnswerUnfit:
    """What is wrong with an answer; of several faults the first."""
    if isinstance(answer, Unfit):
        rule = next((f.rule for f in answer.findings if f.severity.blocks), None)
        other = "answer-schema" if answer.record else "answer-unreadable"
        return AnswerUnfit(answer.why, code=f"answer-{rule.lower()}" if rule else other)
    return AnswerUnfit("The answer is not one to this query.", code=wrong and wrong.value)


def _attested(facts: Facts, sender: Partner, weighed: str) -> str:
    """The version that was attested. Raises QueryRefused where the sender has to attest and did not."""
    if not asks_to_locate(facts):
        return ""
    rule = lacking(sender, weighed)
    if rule == OUTDATED_RULE:
        raise QueryRefused(f"The attestation is of another text. {_ATTEST}", code="locate-attestation-outdated")
    if rule is not None:
        raise QueryRefused(f"Questions about parties need an attestation. {_ATTEST}", code="locate-attestation-missing")
    return attested(weighed)


def _bare(partner: Partner) -> bool:
    """Whether bodies to and from the partner go without protection beyond TLS."""
    return partner.protection.profile is Profile.NONE
