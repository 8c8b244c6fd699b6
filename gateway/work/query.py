"""Asking a partner while the caller waits: judge the query, write it down, ask once, judge the answer, write it down.

Bodies live in memory for as long as the exchange lasts and are kept nowhere: what an audit needs is in the entries (who
asked whom about which case by its blind index, under which agreements, digests, outcome), and whoever needs the answer
again asks again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import perf_counter

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.breaker import Breaker, BreakerState
from gateway.core.errors import DeliveryFailed, GatewayError, Refused, Unavailable
from gateway.core.ids import Clock
from gateway.core.model import Actor, AuditEntry, Digest, FormatName, Partner, PartnerKey
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.keys import Indexer
from gateway.core.ports.queries import Answered, Asked, QueryId, QueryLine
from gateway.core.query_errors import AnswerUnfit, PartnerDown
from gateway.work.protection import RegisterWatch
from gateway.work.query_plan import Plan, Planner, Told
from gateway.work.query_wire import QueryEnvelopes

log = structlog.get_logger()

DESK = Actor("gateway", "queries")
PAUSED, BUSY = timedelta(seconds=30), timedelta(seconds=1)
"""What a caller is told to wait when the partner is paused, and when it answers as many queries as it may."""
CALLED_OFF, DEFECT = "query-called-off", "query-defect"

Observe = Callable[[PartnerKey | None, str, float], None]
"""Told of every query: whom it was for (None: refused before that was known), how it ended, and seconds (metrics)."""


@dataclass(frozen=True, slots=True)
class QueryTools:
    """What the desk works with."""

    planner: Planner
    protection: RegisterWatch
    line: QueryLine
    audit: AuditLog
    scribe: Scribe
    clock: Clock
    indexer: Indexer
    envelopes: QueryEnvelopes
    observe: Observe


@dataclass(slots=True)
class Turn:
    """How one partner stands as an answerer: apart from its deliveries, since the address is another one."""

    breaker: Breaker
    running: int = 0


@dataclass(slots=True)
class QueryDesk:
    """The port ``Queries``."""

    tools: QueryTools
    _turns: dict[PartnerKey, Turn] = field(default_factory=dict)

    async def ask(
        self, sender: Partner, format: FormatName, body: bytes, query: QueryId, attested: str = ""
    ) -> Answered:
        begun = perf_counter()
        try:
            plan = self.tools.planner.plan(sender, format, body, query, self.tools.clock(), attested)
        except Refused as refusal:
            actor = Actor("partner", sender.key)
            await self._write(self.tools.scribe.entry(actor, "query.refused", f"query:{query}", refusal.problem))
            self._report(query, None, "refused", refusal.problem, begun)
            raise
        try:
            answered = await self._asked(plan)
        except GatewayError as error:
            self._report(query, plan.partner.key, "failed", error.problem, begun)
            raise
        self._report(query, plan.partner.key, "answered", None, begun)
        return answered

    async def close(self) -> None:
        await self.tools.line.close()

    async def _asked(self, plan: Plan) -> Answered:
        """One exchange: written down before it leaves and when it has ended."""
        with self._turn(plan.partner) as turn:
            refusal = self._stopped(plan.partner, turn)
            if refusal is not None:
                await self._write(self._failed(plan, refusal.problem))
                raise refusal
            await self._ready(plan)
            generation = turn.breaker.generation
            encoded, clearance = self.tools.planner.write(plan), self.tools.planner.clear(plan)
            digest = Digest(hashlib.sha256(encoded.body).hexdigest())
            asked = Asked(
                plan.id, plan.caller.key, plan.query.facts.kind, encoded.body, digest, encoded.media_type, clearance
            )
            await self._write(self._asking(plan))
            try:
                reply = await self.tools.line.ask(asked, plan.partner)
                await self.tools.protection.refresh()
                told = self.tools.planner.judge(plan, reply)
                cleared = self.tools.planner.clear_answer(plan, told)
                answer = await self.tools.envelopes.answered(
                    plan.caller, plan.id, self.tools.planner.answer(plan, told), cleared
                )
            except GatewayError as error:
                self._tell_breaker(plan.partner, turn, error, generation)
                await self._write(self._failed(plan, error.problem))
                raise
            except asyncio.CancelledError:
                await asyncio.shield(self._write(self._failed(plan, CALLED_OFF)))
                raise
            except Exception:
                await self._write(self._failed(plan, DEFECT))
                raise
            self._tell_breaker(plan.partner, turn, None, generation)
            await self._write(self._answered(plan, told))
            return answer

    async def _ready(self, plan: Plan) -> None:
        """Nobody is asked while a key is missing to protect the query or its answer. Raises Unavailable."""
        try:
            for party in (plan.partner, plan.caller):
                self.tools.envelopes.ready(party)
        except Unavailable as error:
            await self._write(self._failed(plan, error.problem))
            raise

    # --- the partner's turn ------------------------------------------------------------------------------------------

    @contextmanager
    def _turn(self, partner: Partner) -> Iterator[Turn]:
        turn = self._turns.get(partner.key)
        if turn is None:
            turn = self._turns[partner.key] = Turn(Breaker(partner.breaker, since=self.tools.clock()))
        turn.breaker = replace(turn.breaker, policy=partner.breaker).at(self.tools.clock())
        turn.running += 1
        try:
            yield turn
        finally:
            turn.running -= 1

    def _stopped(self, partner: Partner, turn: Turn) -> PartnerDown | None:
        """Why the partner is not asked now; None when it is. The query itself is counted among the running ones."""
        if partner.paused:
            return PartnerDown("The partner is paused.", code="partner-paused", retry_after=PAUSED)
        permits = turn.breaker.permits
        if permits == 0 and turn.breaker.probe_at is not None:
            wait = turn.breaker.probe_at - self.tools.clock()
            return PartnerDown("The partner did not answer of late.", code="breaker-open", retry_after=wait)
        if turn.running > (partner.concurrency if permits is None else permits):
            return PartnerDown("The partner answers as many queries as it may.", code="partner-busy", retry_after=BUSY)
        return None

    def _tell_breaker(self, partner: Partner, turn: Turn, error: GatewayError | None, generation: int) -> None:
        """An answer that cannot be used came from a partner that is there; faults of ours say nothing about it."""
        reached = error is None or (isinstance(error, AnswerUnfit) and error.reached)
        if not reached and not isinstance(error, DeliveryFailed):
            return
        before = turn.breaker.state
        step = turn.breaker.succeeded if reached else turn.breaker.failed
        turn.breaker = step(self.tools.clock(), generation)
        if turn.breaker.state is not before:
            state: BreakerState = turn.breaker.state
            log.info("query.breaker_changed", partner=partner.key, state=state)

    # --- what is written down ----------------------------------------------------------------------------------------

    async def _write(self, entry: AuditEntry) -> None:
        """Raises Unavailable: then nothing is asked, or the answer is not told."""
        await self.tools.audit.write([entry])

    def _asking(self, plan: Plan) -> AuditEntry:
        case = plan.query.facts.other_case_id or ""
        details = {
            "partner": plan.partner.key,
            "agreement": plan.there.agreement.key,
            "agreement_back": plan.back.agreement.key,
            "part": plan.query.content.get("DataRequestCode") or "",
            "case": self.tools.indexer.index(f"case:{plan.partner.key}", case).hex(),
            "sha256": plan.query.digest,
            **({"attested": plan.attested} if plan.attested else {}),
        }
        return self._entry(plan, Actor("partner", plan.caller.key), "query.asked", "ok", details)

    def _answered(self, plan: Plan, told: Told) -> AuditEntry:
        details: dict[str, str | int] = {"partner": plan.partner.key, "sha256": told.record.digest}
        if told.withheld:
            details["withheld"] = told.withheld.value
        return self._entry(plan, DESK, "query.answered", told.result.value, details)

    def _failed(self, plan: Plan, problem: str) -> AuditEntry:
        details = {"partner": plan.partner.key, "caller": plan.caller.key}
        return self._entry(plan, DESK, "query.failed", problem, details)

    def _entry(
        self, plan: Plan, actor: Actor, action: str, outcome: str, details: Mapping[str, str | int]
    ) -> AuditEntry:
        return self.tools.scribe.entry(actor, action, f"query:{plan.id}", outcome, details)

    def _report(self, query: QueryId, partner: PartnerKey | None, ended: str, code: str | None, begun: float) -> None:
        seconds = perf_counter() - begun
        self.tools.observe(partner, ended, seconds)
        log.info("query.ended", id=query, partner=partner, outcome=ended, code=code, seconds=round(seconds, 3))
