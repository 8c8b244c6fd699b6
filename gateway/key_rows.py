"""What is stored under which key, counted: what lists of keys show, and what has to be none before a key ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.ports.accounts import ApiKeys
from gateway.core.ports.rewrapping import SealedValues
from gateway.foundation import Foundation
from keys.files import FileKeys
from keys.states import KeyUse

HELD: Mapping[KeyUse, str] = {
    KeyUse.KEK: "{} values are wrapped by the key; wrap them anew first.",
    KeyUse.TOKEN_PEPPER: "{} live API keys are stored under the pepper; let them be used, or revoke them, first.",
}
"""Uses whose keys may end, and why one may not yet."""


@dataclass(frozen=True, slots=True)
class KeyRows:
    keys: FileKeys
    values: SealedValues
    callers: ApiKeys

    @classmethod
    def of(cls, base: Foundation) -> KeyRows:
        return cls(base.keys, base.stores.sealed, base.stores.callers)

    async def counts(self) -> Mapping[str, int]:
        """Key id -> what would be lost with the key: sealed values, live API keys. Reads every sealed row's head."""
        found = Counter(await self.values.wrapped())
        first = self.keys.ring.first(KeyUse.TOKEN_PEPPER)
        for pepper, count in (await self.callers.peppered()).items():
            found[pepper or first] += count
        return found
