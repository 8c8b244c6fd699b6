"""The port of second words: requests for an act that one person alone may not do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.four_eyes import Act, Request, State, Terms
from gateway.core.model import Actor, AuditEntry, Page
from gateway.core.ports.listing import Listing


@dataclass(frozen=True, slots=True)
class Word:
    """A decision of the second person."""

    by: Actor
    at: datetime
    approved: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Who uses a permission, and when."""

    by: Actor
    at: datetime


class Approvals(Protocol):
    """Requests, decided once and used once."""

    async def ask(self, request: Request, entry: AuditEntry) -> None: ...

    async def get(self, request: str) -> Request | None: ...

    async def list(self, page: Page, state: State | None = None) -> Listing[Request]:
        """Newest first. ``state`` narrows by what is stored: expired ones are among the asked and approved."""
        ...

    async def pending(self, act: Act, obj: str, terms: Terms, now: datetime) -> Request | None:
        """The newest request for exactly these terms that may still become a permission, or is one."""
        ...

    async def decide(self, request: str, word: Word, entry: AuditEntry) -> bool:
        """asked -> approved or refused. False when it was decided before, has expired, or the same person asked."""
        ...

    async def use(self, act: Act, obj: str, terms: Terms, spent: Spent, entry: AuditEntry) -> Request | None:
        """approved -> used, for exactly these terms, in the caller's own step before the act; a permission is spent
        even when the act then fails. None when there is no such permission. ``entry`` is written with it, its details
        completed by the request's id."""
        ...
