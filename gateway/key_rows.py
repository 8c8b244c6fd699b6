"""What is stored under which key, counted: what lists of keys show, and what has to be none before a key ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.ports.accounts import ApiKeys
from gateway.core.ports.indexed import IndexedRows
from gateway.core.ports.rewrapping import SealedValues
from gateway.foundation import Foundation
from keys.files import FileKeys
from keys.ring import KNOWN
from keys.states import KeyState, KeyUse

HELD: Mapping[KeyUse, str] = {
    KeyUse.KEK: "{} values are wrapped by the key; wrap them anew first.",
    KeyUse.INDEX: "{} rows can be found under the key alone; index them anew first, and see docs/seal.md.",
    KeyUse.TOKEN_PEPPER: "{} live API keys are stored under the pepper; let them be used, or revoke them, first.",
}
"""Uses whose keys may end, and why one may not yet."""


@dataclass(frozen=True, slots=True)
class KeyRows:
    keys: FileKeys
    values: SealedValues
    callers: ApiKeys
    indexed: IndexedRows

    @classmethod
    def of(cls, base: Foundation) -> KeyRows:
        return cls(base.keys, base.stores.sealed, base.stores.callers, base.stores.indexed)

    async def counts(self) -> Mapping[str, int]:
        """Key id -> what would be lost with the key: sealed values, live API keys, rows that it indexes. Reads every
        sealed row's head."""
        found = Counter(await self.values.wrapped())
        first = self.keys.ring.first(KeyUse.TOKEN_PEPPER)
        for pepper, count in (await self.callers.peppered()).items():
            found[pepper or first] += count
        found.update(await self._indexed())
        return found

    async def needed(self) -> frozenset[str]:
        """Keys without which a copy of the database, made now, could not be used: those that something is stored
        under, and those that may come to it while it is made."""
        counted = {key for key, count in (await self.counts()).items() if count}
        soon = (KeyState.ACTIVE, KeyState.PENDING)
        return frozenset(counted | {f.id for f in self.keys.list() if f.use in HELD and f.state in soon})

    async def _indexed(self) -> Mapping[str, int]:
        """What no row says of itself, queries and some holds, is counted under each key that it may be under."""
        ring = self.keys.ring
        live, first = ring.live(KeyUse.INDEX), ring.first(KeyUse.INDEX)
        found: Counter[str] = Counter()
        for key, count in (await self.indexed.counts()).items():
            found[key or first] += count
        for old in live[1:]:
            if old.facts.state is KeyState.DECRYPT_ONLY:
                asked = await self.indexed.asked(old.facts.since + KNOWN)
                found[old.facts.id] += asked + await self.indexed.unsure(live[0].facts.id)
        return found
