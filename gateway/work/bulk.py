"""Bulk jobs: a frozen selection of deliveries is retried or withdrawn, step by step, over restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.core.audit_entry import Scribe
from gateway.core.bridge import Bridging
from gateway.core.ids import Clock
from gateway.core.model import Actor, DeliveryId
from gateway.core.ports.deliveries import DeliveryDesk
from gateway.core.ports.jobs import Job, Jobs
from gateway.core.routing import Directory

PAGE = 200


@dataclass(frozen=True, slots=True)
class BulkRunner:
    jobs: Jobs
    desk: DeliveryDesk
    scribe: Scribe
    clock: Clock
    directory: Callable[[], Directory]
    bridging: Bridging = field(default_factory=Bridging)

    async def step(self) -> bool:
        """One page of every running job. True while one is not at its end."""
        running = await self.jobs.running()
        for job in running:
            await self._page(job)
        return bool(running)

    async def _page(self, job: Job) -> None:
        ids = await self.jobs.next(job.id, PAGE)
        for delivery in ids:
            if not await self._goes_on(job):
                return
            changed = await self._act(job, delivery)
            # At once, not by the page: who cancels is told how many were done, and so is the log.
            await self.jobs.progress(job.id, [delivery] if changed else [], [] if changed else [delivery])
        if not ids:
            entry = self.scribe.entry(
                Actor("gateway", "scheduler"),
                "job.ended",
                f"job:{job.id}",
                "ok",
                {"done": job.done, "skipped": job.skipped},
            )
            await self.jobs.end(job.id, "done", entry)

    async def _goes_on(self, job: Job) -> bool:
        """Whether nobody has cancelled it: a page takes seconds, and who cancels was told that it does no more."""
        found = await self.jobs.get(job.id)
        return found is not None and found.state == job.state

    async def _act(self, job: Job, delivery: DeliveryId) -> bool:
        retry = job.action == "retry"
        entry = self.scribe.entry(
            Actor.parse(job.actor),
            "delivery.retried" if retry else "delivery.withdrawn",
            f"delivery:{delivery}",
            "ok",
            {"job": job.id, "reason": job.reason},
        )
        if not retry:
            return await self.desk.withdraw(delivery, self.clock(), entry)
        format_of = self.bridging.format_among(self.directory().partners)
        return await self.desk.retry(delivery, self.clock(), entry, format_of)
