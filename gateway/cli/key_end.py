"""The end of a key at the command line: asked for here, approved by another person, carried out here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.cli import local
from gateway.core.four_eyes import Act
from gateway.core.model import Actor
from gateway.key_rounds import Ending, KeyEnd
from gateway.web.approving import Person, SecondWords, Wish

if TYPE_CHECKING:
    from gateway.foundation import Foundation


async def ask_for(base: Foundation, key: str, reason: str) -> str:
    """Only for a key that could be destroyed now."""
    await Ending.of(base).check(key)
    request = await _words(base).ask(Person(local.actor(), None), _wish(key), reason)
    return f"Asked ({request.id}). When somebody else has approved it, run this again without --ask."


async def carry_out(base: Foundation, key: str) -> str:
    """Counted before and after the permission is spent."""
    ending = Ending.of(base)
    await ending.check(key)
    used = await _words(base).use(local.actor(), _wish(key))
    await ending.destroy(KeyEnd(key, _actor(used.asked_by), _actor(used.decided_by or "")))
    return f"{key} is destroyed."


def _wish(key: str) -> Wish:
    return Wish(Act.DESTROY_KEY, f"key:{key}", {})


def _words(base: Foundation) -> SecondWords:
    return SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)


def _actor(text: str) -> Actor:
    kind, _, name = text.partition(":")
    return Actor(kind, name)
