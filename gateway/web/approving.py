"""Use cases of the second word: ask, decide, use. Any part that holds the port may use a permission; asking and
deciding go through here.

Errors: Forbidden (``approval-role``, ``approval-own``), Conflict (``approval-state``, ``approval-needed``), NotFound,
Unprocessable (an unfit reason), Unavailable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core import four_eyes
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Conflict, Forbidden, NotFound
from gateway.core.four_eyes import Act, Request, Terms
from gateway.core.ids import Clock, Mint
from gateway.core.model import Actor, AuditEntry
from gateway.core.ports.approvals import Approvals, Spent, Word
from gateway.core.reasons import fit_reason
from gateway.core.roles import Role
from gateway.web.parts import Parts

GOOD_FOR = timedelta(hours=24)
"""From the asking on: long enough for somebody of the next shift, short enough that the case is still the same."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks or decides. ``role`` None: somebody at the gateway's own machine, who may ask and never decide."""

    actor: Actor
    role: Role | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done: the act, the object that it is done to, its terms (no personal data)."""

    act: Act
    object: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class SecondWords:
    """The mechanism, for every act that needs two people."""

    approvals: Approvals
    scribe: Scribe
    clock: Clock
    mint: Mint
    good_for: timedelta = GOOD_FOR

    async def ask(self, person: Person, wish: Wish, reason: str) -> Request:
        """A request that freezes the wish. Nothing is allowed by it."""
        request, entry = self.drawn_up(person, wish, reason)
        await self.approvals.ask(request, entry)
        return request

    def drawn_up(self, person: Person, wish: Wish, reason: str) -> tuple[Request, AuditEntry]:
        """The request and its entry, for who writes them together with what waits for the second word."""
        four_eyes.check_asker(wish.act, person.role)
        now = self.clock()
        request = Request(
            id=self.mint(),
            act=wish.act,
            object=wish.object,
            terms=dict(wish.terms),
            reason=fit_reason(reason),
            asked_by=str(person.actor),
            asked_at=now,
            expires_at=now + self.good_for,
        )
        entry = self.scribe.entry(
            person.actor, "approval.asked", f"approval:{request.id}", "ok", _details(wish, request.reason)
        )
        return request, entry

    async def pending_or_asked(self, person: Person, wish: Wish, reason: str) -> Request:
        """The request for this wish that is still open, or a new one."""
        found = await self.approvals.pending(wish.act, wish.object, wish.terms, self.clock())
        return found or await self.ask(person, wish, reason)

    async def decide(self, actor: Actor, role: Role, request_id: str, *, approved: bool, reason: str) -> Request:
        """The second person's word."""
        found = await self._found(request_id)
        now = self.clock()
        four_eyes.check_decider(found, str(actor), role, now)
        word = Word(actor, now, approved, fit_reason(reason))
        wish = Wish(found.act, found.object, found.terms)
        action = "approval.given" if approved else "approval.refused"
        entry = self.scribe.entry(actor, action, f"approval:{found.id}", "ok", _details(wish, word.reason))
        if not await self.approvals.decide(found.id, word, entry):
            raise Conflict("Somebody else was faster, or the request has expired.", code="approval-state")
        return await self._found(request_id)

    async def use(self, actor: Actor, wish: Wish) -> Request:
        """Spend the permission for exactly this wish; call it right before the act. Raises Conflict
        (``approval-needed``) when there is none."""
        now: datetime = self.clock()
        entry = self.scribe.entry(actor, "approval.used", wish.object, "ok", _details(wish, ""))
        used = await self.approvals.use(wish.act, wish.object, wish.terms, Spent(actor, now), entry)
        if used is None:
            told = four_eyes.PAIRS[wish.act].meaning
            why = (
                f"To {told}, another person has to agree first. Ask for that, or wait until what was asked is decided."
            )
            raise Conflict(why, code="approval-needed")
        return used

    async def _found(self, request_id: str) -> Request:
        found = await self.approvals.get(request_id)
        if found is None:
            raise NotFound("There is no such request.")
        return found


def _details(wish: Wish, reason: str) -> dict[str, str | int]:
    told: dict[str, str | int] = {
        "act": wish.act.value,
        "object": wish.object,
        "frozen": four_eyes.frozen(wish.act, wish.object, wish.terms),
    }
    return told | ({"reason": reason} if reason else {})


def second_words(parts: Parts) -> SecondWords:
    """The mechanism over the ports of the web."""
    return SecondWords(parts.approvals, parts.scribe, parts.clock, parts.mint)


async def person(parts: Parts, actor: Actor) -> Person:
    """The actor with the role of its account. A key for scripts may stand without an account: whoever made it at the
    gateway's own machine let it do what operators do."""
    account = await parts.operators.find(actor.name)
    return Person(actor, Role.OPERATOR if account is None else known(account.role))


def known(role: str) -> Role:
    """Raises Forbidden for a role that is not in the table."""
    if role not in set(Role):
        raise Forbidden("This account has no role.", code="approval-role")
    return Role(role)
