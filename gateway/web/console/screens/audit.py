"""Audit log: how far it reaches, its last checkpoints, the entries on one object, and who read content of late."""

from __future__ import annotations

from datetime import UTC

from gateway.core.audit_entry import ACTIONS
from gateway.core.reading_review import EVERY, readers
from gateway.web.console.visit import Shown, Visit

SHOWN = 20


async def audit(visit: Visit) -> Shown:
    obj = visit.asked("object")
    reads = await visit.parts.readings.since(visit.parts.clock() - EVERY)
    return Shown(
        "audit.html",
        {
            "head": await visit.parts.audit.head(),
            "checkpoints": await visit.parts.audit.checkpoints(SHOWN),
            "object": obj,
            "entries": await visit.parts.audit.about(obj) if obj else (),
            "actions": ACTIONS,
            "readers": readers(reads, UTC),
        },
    )
