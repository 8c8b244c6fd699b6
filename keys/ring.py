"""The key ring: a value that holds all keys, and the changes it allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.core.errors import Conflict, Misconfigured
from keys.states import OPENING, ROTATABLE, KeyEvent, KeyState, KeyUse, after

KEY_BYTES = 32
"""All keys are 256 bits: AES-256, HMAC-SHA-256, the seed of Ed25519."""
LONGEST_ID = 63
LABEL = re.compile(r"[a-z][a-z0-9-]{0,31}")
KEY_ID = re.compile(
    r"(?P<use>kek|index|token-pepper|note-signing|receipt-signing|token-signing):(?P<label>[a-z][a-z0-9-]{0,31})"
    r":(?P<month>[0-9]{4}-(?:0[1-9]|1[0-2])):(?P<number>[1-9][0-9]{0,3})"
)
"""``<use>:<label>:<yyyy-mm>:<n>``; ``n`` counts the keys of one use, label and month from 1."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What may be shown of a key."""

    id: str
    use: KeyUse
    label: str
    state: KeyState
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its material (32 bytes; empty once it is destroyed), which is never printed."""

    facts: KeyFacts
    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        match = KEY_ID.fullmatch(self.facts.id)
        if match is None or (match["use"], match["label"]) != (self.facts.use, self.facts.label):
            raise Misconfigured("a key's id does not fit its use and label", code="bad-key-file")
        if len(self.material) != (0 if self.facts.state is KeyState.DESTROYED else KEY_BYTES):
            raise Misconfigured(f"key {self.facts.id} has material of the wrong length", code="bad-key-file")

    def moved(self, event: KeyEvent) -> Key:
        state = after(self.facts.state, event)
        return Key(replace(self.facts, state=state), b"" if state is KeyState.DESTROYED else self.material)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys, in the order in which they were made. A change gives another ring.

    Every key id is there once, and each use and label has at most one active key.
    """

    keys: tuple[Key, ...] = ()

    def __post_init__(self) -> None:
        ids = [key.facts.id for key in self.keys]
        active = [(key.facts.use, key.facts.label) for key in self.keys if key.facts.state is KeyState.ACTIVE]
        if len(set(ids)) != len(ids) or len(set(active)) != len(active):
            raise Misconfigured("a key id or an active key is there twice", code="bad-key-file")

    def facts(self) -> tuple[KeyFacts, ...]:
        return tuple(key.facts for key in self.keys)

    def active(self, use: KeyUse, label: str) -> Key:
        """Raises Misconfigured when there is none."""
        for key in self.keys:
            if (key.facts.use, key.facts.label, key.facts.state) == (use, label, KeyState.ACTIVE):
                return key
        raise Misconfigured(f"there is no active key for {use}:{label}", code="no-active-key")

    def opening(self, use: KeyUse) -> tuple[Key, ...]:
        """The active and decrypt-only keys of a use."""
        return tuple(key for key in self.keys if key.facts.use is use and key.facts.state in OPENING)

    def has_active(self, use: KeyUse, label: str) -> bool:
        return any((facts.use, facts.label, facts.state) == (use, label, KeyState.ACTIVE) for facts in self.facts())

    def with_new(self, use: KeyUse, label: str, material: bytes, at: datetime) -> KeyRing:
        """The first active key of a use and label. Raises Conflict when there is one already."""
        if self.has_active(use, label):
            raise Conflict(f"{use}:{label} has an active key; rotate it instead", code="key-exists")
        return _newest_activated(self._with_pending(use, label, material, at))

    def rotated(self, use: KeyUse, label: str, material: bytes, at: datetime) -> KeyRing:
        """Another key becomes the active one; the old one is decrypt-only from now on."""
        if use not in ROTATABLE:
            raise Conflict(
                f"keys for {use} are not rotated: stored rows depend on the one that made them", code="key-use"
            )
        old = self.active(use, label).facts.id
        return _newest_activated(self._with_pending(use, label, material, at).moved(old, KeyEvent.RETIRE))

    def moved(self, key_id: str, event: KeyEvent) -> KeyRing:
        """The ring after ``event`` befell one key. Raises Conflict when its state does not allow that."""
        if key_id not in {key.facts.id for key in self.keys}:
            raise Misconfigured("there is no key with this id", code="no-such-key")
        return KeyRing(tuple(key.moved(event) if key.facts.id == key_id else key for key in self.keys))

    def snapshot(self, uses: Iterable[KeyUse] = (KeyUse.KEK, KeyUse.INDEX)) -> KeyRing:
        """The part of the ring that a worker process needs: only these uses, only keys that open. It pickles; its
        pickle holds key material, so it goes through pipes between our own processes and nowhere else."""
        wanted = frozenset(uses)
        return KeyRing(tuple(key for key in self.keys if key.facts.use in wanted and key.facts.state in OPENING))

    def _with_pending(self, use: KeyUse, label: str, material: bytes, at: datetime) -> KeyRing:
        if LABEL.fullmatch(label) is None:
            raise Misconfigured("a label is lower-case letters, digits and hyphens, at most 32", code="bad-label")
        stem = f"{use}:{label}:{at:%Y-%m}"
        number = 1 + sum(facts.id.rpartition(":")[0] == stem for facts in self.facts())
        facts = KeyFacts(f"{stem}:{number}", use, label, KeyState.PENDING, at)
        return KeyRing((*self.keys, Key(facts, material)))


def _newest_activated(ring: KeyRing) -> KeyRing:
    return ring.moved(ring.keys[-1].facts.id, KeyEvent.ACTIVATE)
