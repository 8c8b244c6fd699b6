"""The dispatcher: claims deliveries that are due, has them attempted, and settles what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from gateway.core.breaker import Breaker
from gateway.core.errors import GatewayError
from gateway.core.ids import Clock
from gateway.core.model import Claimed, DeliveryId, Partner, PartnerKey
from gateway.core.ports.broker import Announcement
from gateway.core.ports.deliveries import Deliveries
from gateway.core.ports.health import BreakerRow, Health, Share
from gateway.core.routing import Directory
from gateway.work.attempt import Attempts
from gateway.work.line import BACKLOG, Line
from gateway.work.presence import alone
from gateway.work.settling import Settler
from gateway.work.verdict import Try, Verdict

log = structlog.get_logger()
PAGE = 1_000
"""Deliveries that are found in the store at a time."""
PROBES = 100
"""Deliveries that are announced when an open breaker may be probed: one that nobody else took is among them."""
TOLD_AGAIN = timedelta(minutes=5)
"""How a partner's breaker stands is written again after this."""


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    lease: timedelta = timedelta(minutes=5)
    """Renewed while an attempt takes longer: files may be sent for hours."""
    paused: timedelta = timedelta(seconds=30)
    """A paused partner's deliveries are looked at again after this."""
    after_fault: timedelta = timedelta(seconds=1)
    """How long a partner's line rests when the store could not be asked."""
    last_writes: timedelta = timedelta(seconds=5)
    """How long the last outcomes may take to be written when the process stops, though the store be away."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the dispatcher works with."""

    owner: str
    deliveries: Deliveries
    health: Health
    attempts: Attempts
    settler: Settler
    clock: Clock
    directory: Callable[[], Directory]
    share: Callable[[], Share] = alone
    """Of what the dispatchers do together."""
    limits: DispatchLimits = field(default_factory=DispatchLimits)


@dataclass(slots=True)
class Dispatcher:
    tools: Tools
    _lines: dict[PartnerKey, Line] = field(default_factory=dict)
    _pumps: dict[PartnerKey, asyncio.Task[None]] = field(default_factory=dict)
    _wakes: dict[PartnerKey, asyncio.Event] = field(default_factory=dict)
    _slots: dict[PartnerKey, asyncio.Semaphore] = field(default_factory=dict)
    _tries: set[asyncio.Task[None]] = field(default_factory=set)
    _leases: dict[DeliveryId, datetime] = field(default_factory=dict)
    """Until when what is tried, or waits for a slot, is ours; what somebody else has meanwhile ended with its loss."""
    _faults: dict[DeliveryId, int] = field(default_factory=dict)
    """How often in a row the gateway itself failed at a delivery."""
    _closing: bool = False

    async def take(self, announcement: Announcement) -> None:
        """For :meth:`Broker.consume`. Returns at once: what is not worked on is announced again by the relay."""
        partner = self.tools.directory().partners.get(announcement.partner)
        if partner is None:
            log.warning("announcement.unknown_partner", partner=announcement.partner)
            return
        line = self._lines.get(partner.key) or self._opened(partner)
        line.add(announcement.deliveries)
        self._wakes[partner.key].set()

    def _opened(self, partner: Partner) -> Line:
        line = self._lines[partner.key] = Line(partner, Breaker(partner.breaker, since=self.tools.clock()))
        self._wakes[partner.key] = asyncio.Event()
        self._slots[partner.key] = asyncio.Semaphore(partner.concurrency)
        self._pumps[partner.key] = asyncio.create_task(self._pump(line))
        return line

    def _follow(self, line: Line) -> None:
        """Use the partner as it is now: paused, slower or elsewhere counts for what already waits, too."""
        line.sharers = self.tools.share().of
        partner = self.tools.directory().partners.get(line.partner.key, line.partner)
        if partner is line.partner:
            return
        if partner.concurrency != line.partner.concurrency:
            self._slots[partner.key] = asyncio.Semaphore(partner.concurrency)
        line.partner = partner
        line.breaker = replace(line.breaker, policy=partner.breaker)

    async def _pump(self, line: Line) -> None:
        """Claims for one partner, for as long as the dispatcher lives."""
        wake = self._wakes[line.partner.key]
        while not self._closing:
            await wake.wait()
            wake.clear()
            try:
                await self._drain(line)
            except GatewayError as error:
                log.warning("dispatch.fault", partner=line.partner.key, code=error.problem, hint=error.detail)
            except Exception as error:  # noqa: BLE001 - a defect in one round must not end the partner's line
                log.error("dispatch.defect", partner=line.partner.key, type=type(error).__name__)  # noqa: TRY400 - tracebacks may show data
            else:
                continue
            await asyncio.sleep(self.tools.limits.after_fault.total_seconds())
            wake.set()

    async def _drain(self, line: Line) -> None:
        """Claim as long as something waits and may go."""
        tools = self.tools
        while not self._closing:
            now = tools.clock()
            self._follow(line)
            if await self._rests(line, now) or not (line.waiting or await self._found(line, now)):
                return
            ids = await self._taken(line, now)
            if not ids:
                pause = line.pause_before_next()
                if not pause:
                    return
                await self._nap(line, pause)
                continue
            generation = line.breaker.generation
            until = now + tools.limits.lease
            claimed = await tools.deliveries.claim(ids, tools.owner, now, until)
            # What is still tried here though its lease ran out is ours again: its outcome is that of this claim.
            fresh = [one for one in claimed if one.delivery.id not in self._leases]
            self._leases.update((one.delivery.id, until) for one in claimed)
            line.begin([one.weight for one in fresh])
            for one in fresh:
                self._start(line, one, generation)

    async def _taken(self, line: Line, now: datetime) -> list[DeliveryId]:
        """The ids that may be claimed now, and be held together."""
        ids = line.take(now)
        if line.partner.batches and len(ids) + line.running > 1:
            return line.fitting(ids, await self.tools.deliveries.sizes(ids))
        return ids

    async def _rests(self, line: Line, now: datetime) -> bool:
        """Whether nothing may go to the partner now. What waits is forgotten here; when an open breaker may be probed,
        some of it is announced."""
        if line.partner.paused:
            line.empty()
            return True
        until = line.stopped(now)
        if until is not None:
            await self.tools.deliveries.defer(line.empty()[:PROBES], until)
        return until is not None

    async def _found(self, line: Line, now: datetime) -> bool:
        """Whether the store has more for a line that forgot some, or was never told of them."""
        if not line.short:
            return False
        place = self.tools.share().place
        ids = await self.tools.deliveries.waiting(line.partner.key, now, PAGE, place * PAGE)
        line.short = len(ids) == PAGE
        line.add(ids)
        return bool(ids)

    async def look(self) -> bool:
        """See to partners of whom nothing waits here, though something does in the store: it was announced to a process
        that ended, or while the partner was paused, or the broker is away. False always."""
        partners = self.tools.directory().partners
        for key in await self.tools.deliveries.owing():
            partner = partners.get(key)
            if partner is not None and not partner.paused and not self._closing:
                line = self._lines.get(key) or self._opened(partner)
                if not line.waiting:
                    line.short = True
                    self._wakes[key].set()
        return False

    async def renew(self) -> bool:
        """Keep what is being tried though it takes longer than a lease; False always. What somebody else has meanwhile
        is not begun any more."""
        tools, mine, now = self.tools, list(self._leases), self.tools.clock()
        if mine:
            until = now + tools.limits.lease
            held = frozenset(await tools.deliveries.renew(mine, tools.owner, until))
            self._leases.update((id_, until if id_ in held else now) for id_ in mine if id_ in self._leases)
        return False

    async def _nap(self, line: Line, pause: timedelta) -> None:
        """Sleep until the rate limit lets the next one go, or something happens."""
        wake = self._wakes[line.partner.key]
        with suppress(TimeoutError):
            async with asyncio.timeout(pause.total_seconds()):
                await wake.wait()
        wake.clear()

    def _stopped(self, line: Line, now: datetime) -> datetime | None:
        """Until when nothing may go to the partner; None when something may."""
        return now + self.tools.limits.paused if line.partner.paused else line.stopped(now)

    def _start(self, line: Line, claimed: Claimed, generation: int) -> None:
        task = asyncio.create_task(self._try(line, claimed, generation))
        self._tries.add(task)
        task.add_done_callback(self._tries.discard)

    async def _try(self, line: Line, claimed: Claimed, generation: int) -> None:
        try:
            verdict = await self._settled(line, claimed, generation)
            self._note_fault(claimed.delivery.id, verdict)
            await self._tell_breaker(line, verdict, generation)
        finally:
            line.end(claimed.weight)
            self._wakes[line.partner.key].set()

    async def _settled(self, line: Line, claimed: Claimed, generation: int) -> Verdict:
        """How it ended, handed to the settler. From then on a claim of the delivery is another attempt's."""
        try:
            verdict = await self._in_turn(line, claimed, generation)
            self.tools.settler.settle(verdict.settlement, verdict.entry)
            return verdict
        finally:
            self._leases.pop(claimed.delivery.id, None)

    def _note_fault(self, delivery: DeliveryId, verdict: Verdict) -> None:
        if not verdict.ours:
            self._faults.pop(delivery, None)
            return
        if len(self._faults) >= BACKLOG:
            self._faults.clear()
        self._faults[delivery] = self._faults.get(delivery, 0) + 1

    async def _in_turn(self, line: Line, claimed: Claimed, generation: int) -> Verdict:
        begun = False
        try:
            async with self._slots[line.partner.key]:
                begun = True
                return await self._attempt(line, claimed, generation)
        except asyncio.CancelledError:
            # Another process may try at once; the partner knows a repeat by its id.
            judge, now = self.tools.attempts.judge, self.tools.clock()
            left = Try(claimed, line.partner, self.tools.owner, now, now)
            ended = judge.called_off(left, now) if begun else judge.given_back(left, now)
            self.tools.settler.settle(ended.settlement, ended.entry)
            raise

    async def _attempt(self, line: Line, claimed: Claimed, generation: int) -> Verdict:
        tools = self.tools
        self._follow(line)
        begun, delivery = tools.clock(), claimed.delivery.id
        tried = Try(claimed, line.partner, tools.owner, begun, begun, faults=self._faults.get(delivery, 0))
        stopped = self._stopped(line, begun)
        ours = begun < self._leases.get(delivery, begun)
        if stopped is not None or self._closing or not ours or generation != line.breaker.generation:
            return tools.attempts.judge.given_back(tried, stopped or begun)
        return await tools.attempts.make(tried)

    async def _tell_breaker(self, line: Line, verdict: Verdict, generation: int) -> None:
        if verdict.reached is None:
            return
        now = self.tools.clock()
        before = line.breaker
        step = before.succeeded if verdict.reached else before.failed
        line.breaker = step(now, generation)
        changed = line.breaker.state is not before.state
        if changed:
            line.say_breaker(before.state)
        if changed or line.told_at is None or not now < line.told_at + TOLD_AGAIN:
            line.told_at = now
            await self._tell_others(line)

    async def _tell_others(self, line: Line) -> None:
        """Now and then without a change, too: a process that ended may have left word that the partner is away."""
        breaker = line.breaker
        row = BreakerRow(line.partner.key, breaker.state, breaker.failures, breaker.since, breaker.probe_at)
        try:
            await self.tools.health.save_breaker(row)
        except GatewayError as error:
            line.told_at = None
            log.warning("breaker.unsaved", partner=line.partner.key, code=error.problem)

    async def close(self, patience: timedelta) -> None:
        """Claim nothing more, let running attempts end for a while, then call them off: nothing stays claimed, and no
        connection to a partner stays open. With the store away their leases run out."""
        self._closing = True
        for wake in self._wakes.values():
            wake.set()
        running = [*self._pumps.values(), *self._tries]
        if running:
            await asyncio.wait(running, timeout=patience.total_seconds())
        left = [*self._pumps.values(), *self._tries]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            async with asyncio.timeout(self.tools.limits.last_writes.total_seconds()):
                await self.tools.settler.drained()
        except TimeoutError:
            log.warning("dispatch.unsettled")
        await self.tools.attempts.close()
