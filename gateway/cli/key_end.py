"""The end of a key at the command line: asked for here, approved by another person, carried out here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.cli import local
from gateway.core.four_eyes import Act
from gateway.core.model import Actor
from gateway.key_rounds import Ending, KeyEnd
from gateway.web.approving import Person, SecondWords, Wish

if TYPE_CHECKING:
    from gateway.core.four_eyes import Request
    from gateway.foundation import Foundation


async def ask_for(base: Foundation, key: str, reason: str, *, lose_copies: bool = False) -> Request:
    """Only for a key that could be destroyed now."""
    copies = await _accepted(base, key, lose_copies=lose_copies)
    return await _words(base).ask(Person(local.actor(), None), _wish(key, copies), reason)


async def carry_out(base: Foundation, key: str, *, lose_copies: bool = False) -> None:
    """Counted before and after the permission is spent. It is good for the copies that were there when it was asked
    for: another one since then needs another word."""
    copies = await _accepted(base, key, lose_copies=lose_copies)
    used = await _words(base).use(local.actor(), _wish(key, copies))
    await Ending.of(base).destroy(KeyEnd(key, Actor.parse(used.asked_by), Actor.parse(used.decided_by or ""), copies))


async def _accepted(base: Foundation, key: str, *, lose_copies: bool) -> frozenset[str]:
    """The copies that become unreadable with the key. Raises Conflict when it may not be destroyed now."""
    ending = Ending.of(base)
    await ending.check(key)
    copies = await ending.copies(key) if lose_copies else frozenset()
    await ending.check_copies(key, copies)
    return copies


def _wish(key: str, copies: frozenset[str]) -> Wish:
    terms: dict[str, str | int] = {"copies": len(copies), "lost": " ".join(sorted(copies))} if copies else {}
    return Wish(Act.DESTROY_KEY, f"key:{key}", terms)


def _words(base: Foundation) -> SecondWords:
    return SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)
