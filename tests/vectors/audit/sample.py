"""A small audit log in memory, for the tests: entries, tiles and checkpoints as a store would hold them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.audit.frontier import Frontier
from gateway.audit.integrate import integrate
from gateway.audit.note import VerifyKey
from gateway.audit.verify import LogVerifier
from gateway.core.audit_entry import Scribe, leaf
from gateway.core.ids import minting
from gateway.core.model import Actor, AuditEntry
from gateway.core.ports.audit_log import Checkpoint
from keys.ring import KeyRing
from keys.signing import SIGNING_LABEL, NoteSigner
from keys.states import KeyUse

START = datetime(2026, 3, 1, tzinfo=UTC)
ORIGIN = "gateway.test/audit"


def new_signer(name: str = ORIGIN) -> NoteSigner:
    """A signer with a key that nobody keeps."""
    ring = KeyRing().with_new(KeyUse.NOTE_SIGNING, SIGNING_LABEL, os.urandom(32), START)
    return NoteSigner(ring, name)


def some_entries(count: int) -> list[AuditEntry]:
    now = START

    def clock() -> datetime:
        nonlocal now
        now += timedelta(milliseconds=7)
        return now

    scribe = Scribe(clock, minting(clock, os.urandom), os.urandom)
    actor = Actor("gateway", "dispatcher")
    return [
        scribe.entry(actor, "delivery.delivered", f"record:{number % 5}", details={"attempt": number})
        for number in range(count)
    ]


@dataclass
class StoredLog:
    """What a store holds; the tests change it behind the gateway's back."""

    signer: NoteSigner = field(default_factory=new_signer)
    rows: list[tuple[int, AuditEntry, bytes]] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    frontier: Frontier = field(default_factory=Frontier)
    leaves: dict[int, tuple[AuditEntry, bytes]] = field(default_factory=dict)
    """By the identity of the entry, which is held with it: an entry never changes, and copies of a log are verified
    many times."""

    @property
    def key(self) -> VerifyKey:
        return VerifyKey.of(self.signer)

    @property
    def last(self) -> Checkpoint | None:
        return self.checkpoints[-1] if self.checkpoints else None

    def tile(self, level: int, index: int) -> bytes:
        return self.tiles[level, index]

    def append(self, entries: Sequence[AuditEntry]) -> None:
        step = integrate(self.frontier, entries, START, self.signer, self.last)
        self.rows += [
            (step.first + place, entry, digest)
            for place, (entry, digest) in enumerate(zip(entries, step.leaves, strict=True))
        ]
        self.tiles |= {(tile.level, tile.index): tile.hashes for tile in step.tiles}
        self.checkpoints.append(step.checkpoint)
        self.frontier = step.frontier

    def verified(self, anchors: Sequence[str] = ()):
        verifier = LogVerifier(self.checkpoints, [self.key], anchors)
        for number, entry, digest in self.rows:
            verifier.feed(number, self.leaf(entry), digest)
            self._compare(verifier)
        verifier.finish()
        self._compare(verifier)
        return verifier.report()

    def leaf(self, entry: AuditEntry) -> bytes:
        held = self.leaves.get(id(entry))
        if held is None:
            held = self.leaves[id(entry)] = (entry, leaf(entry))
        return held[1]

    def _compare(self, verifier: LogVerifier) -> None:
        for tile in verifier.take_tiles():
            verifier.compare(tile, self.tiles.get((tile.level, tile.index)))


def log_of(*batches: int) -> StoredLog:
    """A log that grew by these many entries, one checkpoint a batch."""
    log = StoredLog()
    entries = some_entries(sum(batches))
    for batch in batches:
        log.append(entries[:batch])
        del entries[:batch]
    return log
