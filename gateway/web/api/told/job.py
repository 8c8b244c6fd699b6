"""Bulk actions of operators."""

from __future__ import annotations

from datetime import datetime

from gateway.web.api.told.answer import Told


class JobTold(Told):
    id: str
    token: str
    action: str
    reason: str
    actor: str
    state: str
    created_at: datetime
    total: int
    done: int
    skipped: int
    links: dict[str, str]
