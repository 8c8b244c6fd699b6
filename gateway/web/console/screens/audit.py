"""Audit log: how far it reaches, its last checkpoints, and the entries on one object."""

from __future__ import annotations

from gateway.core.audit_entry import ACTIONS
from gateway.web.console.visit import Shown, Visit

SHOWN = 20


async def audit(visit: Visit) -> Shown:
    obj = visit.asked("object")
    return Shown(
        "audit.html",
        {
            "head": await visit.parts.audit.head(),
            "checkpoints": await visit.parts.audit.checkpoints(SHOWN),
            "object": obj,
            "entries": await visit.parts.audit.about(obj) if obj else (),
            "actions": ACTIONS,
        },
    )
