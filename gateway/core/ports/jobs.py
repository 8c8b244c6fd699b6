"""The port of the store about bulk jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.model import AuditEntry, DeliveryId, JobId, Page
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.listing import Listing


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk action over a frozen selection."""

    id: JobId
    action: str
    """``retry`` or ``withdraw``."""
    reason: str
    actor: str
    state: str
    """``planned``, ``running``, ``done``, ``cancelled``."""
    created_at: datetime
    total: int
    done: int
    skipped: int
    """Somebody was faster, or the state no longer allowed it."""


class Jobs(Protocol):
    async def plan(self, job: Job, query: DeliveryQuery, ids: Sequence[DeliveryId] | None, entry: AuditEntry) -> Job:
        """Freeze the deliveries that match now (or exactly ``ids``); the id set never grows."""
        ...

    async def start(self, job: JobId, entry: AuditEntry) -> bool:
        """planned -> running; False when it was started before (the caller shows the running job)."""
        ...

    async def get(self, job: JobId) -> Job | None: ...

    async def list(self, page: Page) -> Listing[Job]: ...

    async def next(self, job: JobId, limit: int) -> tuple[DeliveryId, ...]:
        """Ids of the selection that are not done yet."""
        ...

    async def progress(self, job: JobId, done: Sequence[DeliveryId], skipped: Sequence[DeliveryId]) -> None: ...

    async def end(self, job: JobId, state: str, entry: AuditEntry) -> bool: ...

    async def running(self) -> tuple[Job, ...]: ...
