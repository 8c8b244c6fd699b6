"""Retention at work: what is due is planned, then erased in small batches that may be cut off anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.audit_entry import Scribe, timestamp
from gateway.core.erasure import Erasure, Outlook, Run, RunScope, RunState, Tally
from gateway.core.errors import Conflict
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor, AuditEntry, Kind, RecordId
from gateway.core.ports.health import Leases
from gateway.core.ports.retention import Accounting, Found, Holds, Pruning, Retention, Span
from gateway.core.retention import Hold, Ruling, Schedule, earlier

log = structlog.get_logger()
LEASE = timedelta(minutes=1)
"""How long a run that died blocks the next; renewed with every batch, which takes far less than a second."""
CERTIFICATE = "gateway-disposal/1"
METHOD = (
    "The data key of each record was destroyed with its sealed body, together with its blind index, digest and serial "
    "number; of whole submissions the answer, the idempotency key and the signed receipts as well."
)


@dataclass(frozen=True, slots=True)
class Pace:
    looked_at: int = 500
    """Records read at a time."""
    batch: int = 100
    """Records erased in one transaction: a few milliseconds, so that submissions do not wait."""
    bundles: int = 20
    """Bundles of audit entries pruned in one transaction."""


def _nobody_watches(_records: int) -> None:
    """Where no progress is shown."""


@dataclass(frozen=True, slots=True)
class Eraser:
    """Applies one schedule to the store. One run at a time, wherever it was begun."""

    schedule: Schedule
    labels: Callable[[Kind | None], frozenset[str]]
    """What is in every record of a kind."""
    retention: Retention
    holds: Holds
    accounting: Accounting
    pruning: Pruning
    leases: Leases
    scribe: Scribe
    clock: Clock
    mint: Mint
    owner: str
    pace: Pace = field(default_factory=Pace)
    only: frozenset[str] | None = None
    """The rules whose records alone go, and no log with them; None: all of them."""

    async def plan(self) -> Outlook:
        """What a run would do now; changes nothing."""
        now, looked = self.clock(), 0
        due: dict[str, Tally] = {}
        held: dict[str, Tally] = {}
        holds = await self.holds.list()
        until = earlier(now, self.schedule.shortest_months)
        for span in (Span(None, until), self._of_purpose(now)):
            async for found in self._walk(span):
                fresh = [one for one in found if span.purposes is None or one.candidate.received_at > until]
                looked += len(fresh)
                for one in fresh:
                    ruling = self._ruling(one, holds)
                    into = due if ruling.is_due(now) else held if ruling.is_held(now) else None
                    if into is not None:
                        into[ruling.rule] = into.get(ruling.rule, Tally()).with_one(one.candidate.received_at)
        return Outlook(due, held, looked)

    async def run(self, actor: Actor, watch: Callable[[int], None] = _nobody_watches) -> Run:
        """Erase what is due, and go on with a run that was cut off. ``watch`` is told how many records this call
        erased. Raises Conflict while another process does."""
        await self._lead()
        try:
            return await self._run(actor, watch)
        finally:
            await self.leases.release("retention", self.owner)

    async def _run(self, actor: Actor, watch: Callable[[int], None]) -> Run:
        now, erased = self.clock(), 0
        run = await self._begin(actor, now)
        async for batch in self._batches(self._of_purpose(now)):
            erased += await self._erase(run, batch, actor)
            watch(erased)
        if self.only is None:
            run, erased = await self._all(run, actor, now, erased, watch)
        ended = await self._end(replace(run, records=run.records + erased), actor)
        await self.retention.settle()
        log.info("retention.ended", id=ended.id, records=ended.records)
        return ended

    async def _all(
        self, run: Run, actor: Actor, now: datetime, erased: int, watch: Callable[[int], None]
    ) -> tuple[Run, int]:
        """What is due by its age, and the ends of the logs."""
        async for batch in self._batches(Span(run.upto, earlier(now, self.schedule.shortest_months))):
            run = replace(run, upto=batch[-1].candidate.id)
            erased += await self._erase(run, batch, actor)
            watch(erased)
        await self.accounting.prune(earlier(now, self.schedule.logs["disclosures"].months))
        await self._prune(actor, now)
        return run, erased

    async def _prune(self, actor: Actor, now: datetime) -> None:
        """The oldest entries of the audit log go, but nothing that is as young as the oldest record under a hold."""
        before = earlier(now, self.schedule.logs["audit"].months)
        held = await self.pruning.held_since()

        def told(first: int, upto: int) -> AuditEntry:
            return self.scribe.entry(actor, "audit.pruned", "log", details={"first": first, "upto": upto})

        while await self.pruning.prune(before if held is None else min(before, held), self.pace.bundles, told):
            await self._lead()

    async def _lead(self) -> None:
        now = self.clock()
        if not await self.leases.take("retention", self.owner, now, now + LEASE):
            raise Conflict("Another process erases at this moment.")

    async def urgent(self) -> bool:
        """Whether a record is due that goes as soon as it is delivered (45 CFR 303.15(c)(8))."""
        now, holds = self.clock(), await self.holds.list()
        async for found in self._walk(self._of_purpose(now)):
            if any(self._goes(self._ruling(one, holds), now) for one in found):
                return True
        return False

    async def _batches(self, span: Span) -> AsyncIterator[Sequence[Found]]:
        async for found in self._walk(span):
            await self._lead()
            for start in range(0, len(found), self.pace.batch):
                yield found[start : start + self.pace.batch]

    async def _walk(self, span: Span) -> AsyncIterator[tuple[Found, ...]]:
        while found := await self.retention.candidates(span, self.schedule.closing, self.pace.looked_at):
            yield found
            span = replace(span, after=found[-1].candidate.id)

    def _of_purpose(self, now: datetime) -> Span:
        """Records for whose purpose the schedule has a rule: no others may be due before all of their age are."""
        return Span(None, now, self.schedule.purposes)

    def _goes(self, ruling: Ruling, now: datetime) -> bool:
        return ruling.is_due(now) and (self.only is None or ruling.rule in self.only)

    def _ruling(self, found: Found, holds: Sequence[Hold]) -> Ruling:
        candidate = found.candidate
        labelled = replace(candidate, labels=candidate.labels | self.labels(candidate.kind))
        return self.schedule.ruling(labelled, holds)

    async def _begin(self, actor: Actor, now: datetime) -> Run:
        made = Run(self.mint(), self.schedule.version, self.schedule.digest, str(actor), now, RunState.RUNNING, None, 0)
        made = replace(made, scope=RunScope.ALL if self.only is None else RunScope.AT_ONCE)
        details = {"policy": made.policy, "policy_sha256": made.policy_digest}
        entry = self.scribe.entry(actor, "retention.begun", f"retention:{made.id}", details=details)
        return await self.retention.begin(made, entry)

    async def _erase(self, run: Run, batch: Sequence[Found], actor: Actor) -> int:
        now, holds = self.clock(), await self.holds.list()
        ruled = [(one, self._ruling(one, holds)) for one in batch]
        due = [(one, ruling) for one, ruling in ruled if self._goes(ruling, now)]
        if not due:
            return 0
        erasures = [
            Erasure(one.candidate.id, ruling.rule, self.schedule.version, run.id, now, one.candidate.received_at)
            for one, ruling in due
        ]
        withdrawn = list(dict.fromkeys(delivery for one, _ in due for delivery in one.open))
        entries = [self._told(one, actor) for one in erasures]
        entries += [
            self.scribe.entry(actor, "delivery.withdrawn", f"delivery:{one}", "retention", {"run": run.id})
            for one in withdrawn
        ]
        return len(await self.retention.erase(run, erasures, withdrawn, entries))

    def _told(self, one: Erasure, actor: Actor) -> AuditEntry:
        details = {"policy": one.policy, "run": one.run}
        return self.scribe.entry(actor, "record.erased", f"record:{one.record}", one.rule, details)

    async def _end(self, run: Run, actor: Actor) -> Run:
        ended_at = self.clock()
        certificate = await self._certificate(run, ended_at)
        ended = replace(run, state=RunState.DONE, ended_at=ended_at, certificate=certificate)
        details: dict[str, str | int] = {
            "records": ended.records,
            "certificate_sha256": hashlib.sha256(certificate.encode()).hexdigest(),
        }
        entry = self.scribe.entry(actor, "retention.ended", f"retention:{run.id}", details=details)
        await self.retention.end(ended, entry)
        return ended

    async def _certificate(self, run: Run, ended_at: datetime) -> str:
        """What was disposed of, how, by whom, under which policy; ids are told by their digest."""
        ids, classes = hashlib.sha256(), dict[str, Tally]()
        after: RecordId | None = None
        while some := await self.retention.of_run(run.id, after, self.pace.looked_at):
            for one in some:
                ids.update(f"{one.record}\n".encode())
                classes[one.rule] = classes.get(one.rule, Tally()).with_one(one.received_at)
            after = some[-1].record
        document = {
            "type": CERTIFICATE,
            "run": run.id,
            "policy": {"version": run.policy, "sha256": run.policy_digest},
            "by": run.actor,
            "begun_at": timestamp(run.begun_at),
            "ended_at": timestamp(ended_at),
            "method": METHOD,
            "classes": {rule: told(tally) for rule, tally in sorted(classes.items())},
            "records": sum(tally.records for tally in classes.values()),
            "records_sha256": ids.hexdigest(),
        }
        return json.dumps(document, indent=1) + "\n"


def told(tally: Tally) -> Mapping[str, str | int]:
    """A class as the certificate has it."""
    days = {"oldest": tally.oldest, "newest": tally.newest}
    return {"records": tally.records} | {name: timestamp(at) for name, at in days.items() if at is not None}


SCHEDULER = Actor("gateway", "scheduler")
LATEST = 5
"""Runs among which one that was cut off is looked for."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Erases by itself: so long after the last run began, whoever began it, and at once what goes with its delivery."""

    eraser: Eraser
    every: timedelta | None
    """None: nothing goes by its age."""

    async def step(self) -> bool:
        """One round; False always. A run that was cut off is gone on with at once."""
        if await self._is_time() or await self.eraser.urgent():
            with suppress(Conflict):
                await self.eraser.run(SCHEDULER)
        return False

    async def _is_time(self) -> bool:
        if self.every is None:
            last = await self.eraser.retention.runs(LATEST)
            return any(run.state is RunState.RUNNING and run.scope is RunScope.AT_ONCE for run in last)
        last = await self.eraser.retention.runs(1)
        rested = not last or last[0].begun_at + self.every <= self.eraser.clock()
        return rested or last[0].state is RunState.RUNNING
