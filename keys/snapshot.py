"""What a worker process gets of the keys: only what opens, and how to reach the token that keeps the others."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.ids import Random
from keys.digests import BlindIndexer
from keys.ring import KeyRing
from keys.sealing import EnvelopeSealer
from keys.token import Token, TokenAddress


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """It pickles; its pickle holds key material and the token's PIN, so it goes through pipes between our own
    processes and nowhere else."""

    ring: KeyRing
    token: TokenAddress | None = field(default=None, repr=False)

    def sealer(self, random: Random) -> EnvelopeSealer:
        return EnvelopeSealer.from_snapshot(self.ring, random, Token(self.token) if self.token else None)

    def indexer(self) -> BlindIndexer:
        return BlindIndexer.from_snapshot(self.ring)
