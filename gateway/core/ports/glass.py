"""Ports of the broken glass: where its uses are kept, and what people do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.glass import Emergency, End, Opened, Review, Use, Verdict
from gateway.core.model import Actor, AuditEntry
from gateway.core.roles import Role


class GlassStore(Protocol):
    """The store's side. Each change is written with its entry, or neither is."""

    async def add(self, use: Use, entry: AuditEntry) -> bool:
        """False when the operator has one that is not ended; then nothing is written."""
        ...

    async def get(self, use: str) -> Use | None: ...

    async def unended(self, operator: str | None = None) -> tuple[Use, ...]:
        """Those without an end, of one operator or of all."""
        ...

    async def list(self, *, reviewed: bool) -> tuple[Use, ...]:
        """The newest five hundred, the last one first; without ``reviewed`` those that nobody has reviewed."""
        ...

    async def follow(self, operator: str, before: datetime, after: datetime) -> None:
        """What holds for the login that began ``before`` holds for the one that took its place, for as long."""
        ...

    async def end(self, use: str, at: datetime, entry: AuditEntry) -> bool:
        """False when it has an end."""
        ...

    async def review(self, use: str, review: Review, entry: AuditEntry) -> bool:
        """False when it has no end yet, is reviewed, or is the reviewer's own."""
        ...

    async def alarm(self, use: str, stage: str, at: datetime, entry: AuditEntry) -> bool:
        """False when it was given before, by whichever process; then nothing is written."""
        ...

    async def opened(self, use: str) -> tuple[Opened, ...]:
        """What was opened under it, oldest first, out of the audit log."""
        ...


@dataclass(frozen=True, slots=True)
class Breaking:
    """Somebody breaks the glass. The caller has made sure that the account may, and has just shown its second
    factor."""

    operator: str
    role: Role
    emergency: Emergency
    reason: str = field(repr=False)
    login_at: datetime
    login_ends: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody found. ``name`` and ``role`` are those of the account; None: there is none, or one without a
    role."""

    actor: Actor
    name: str
    role: Role | None
    verdict: Verdict
    note: str = field(repr=False)


class GlassDesk(Protocol):
    """What people do, and what is told of it."""

    async def current(self, operator: str, login_at: datetime) -> Use | None:
        """The use that holds now, for the login that began then."""
        ...

    async def breaks(self, breaking: Breaking) -> Use:
        """Raises Conflict (``glass-state``) when it is broken already, Unprocessable for an unfit reason."""
        ...

    async def follows(self, operator: str, before: datetime, after: datetime) -> None:
        """As the store has it."""
        ...

    async def ends(self, operator: str, how: End) -> None:
        """End what the operator has broken; nothing when there is nothing."""
        ...

    async def review(self, use: str, word: Word) -> None:
        """Close the task. Raises NotFound, Forbidden (``glass-own``, ``glass-role``), Conflict
        (``glass-state``), Unprocessable for an unfit note."""
        ...

    async def found(self, use: str) -> tuple[Use, tuple[Opened, ...]]:
        """A use with what was opened under it. Raises NotFound."""
        ...

    async def list(self, *, reviewed: bool) -> tuple[Use, ...]:
        """As the store has it."""
        ...
