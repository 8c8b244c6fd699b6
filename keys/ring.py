"""The key ring: a value that holds all keys, and the changes it allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.core.errors import Conflict, Misconfigured, NotFound
from keys.states import LIVE, OPENING, WAITS_FIRST, KeyEvent, KeyPlace, KeyState, KeyUse, after

KEY_BYTES = 32
"""All keys are 256 bits: AES-256, HMAC-SHA-256, the seed of Ed25519."""
LONGEST_ID = 63
KNOWN = timedelta(minutes=2)
"""After so long every process has looked at the ring again and knows a key that waits."""
LABEL = re.compile(r"[a-z][a-z0-9-]{0,31}")
KEY_ID = re.compile(
    r"(?P<use>kek|index|token-pepper|note-signing|receipt-signing|token-signing):(?P<label>[a-z][a-z0-9-]{0,31})"
    r":(?P<month>[0-9]{4}-(?:0[1-9]|1[0-2])):(?P<number>[1-9][0-9]{0,3})"
)
"""``<use>:<label>:<yyyy-mm>:<n>``; ``n`` counts the keys of one use, label and month from 1."""


Material = bytes | Callable[[str], bytes]
"""Of a new key: 32 bytes, or what makes the key of an id and answers nothing when it stays in a token."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What may be shown of a key."""

    id: str
    use: KeyUse
    label: str
    state: KeyState
    created_at: datetime
    since: datetime
    """When it came into its state: what an active key's time runs from."""
    place: KeyPlace = KeyPlace.FILE


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its material, which is never printed: 32 bytes; none in a token, and none once it is destroyed."""

    facts: KeyFacts
    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        match = KEY_ID.fullmatch(self.facts.id)
        if match is None or (match["use"], match["label"]) != (self.facts.use, self.facts.label):
            raise Misconfigured("a key's id does not fit its use and label", code="bad-key-file")
        gone = self.facts.state is KeyState.DESTROYED or self.facts.place is KeyPlace.TOKEN
        if len(self.material) != (0 if gone else KEY_BYTES):
            raise Misconfigured(f"key {self.facts.id} has material of the wrong length", code="bad-key-file")

    def moved(self, event: KeyEvent, at: datetime) -> Key:
        state = after(self.facts.state, event)
        return Key(replace(self.facts, state=state, since=at), b"" if state is KeyState.DESTROYED else self.material)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys, in the order in which they were made. A change gives another ring.

    Every key id is there once, and each use and label has at most one active key and one that waits to become it.
    """

    keys: tuple[Key, ...] = ()

    def __post_init__(self) -> None:
        ids = [key.facts.id for key in self.keys]
        single = [(f.use, f.label, f.state) for f in self.facts() if f.state in (KeyState.ACTIVE, KeyState.PENDING)]
        if len(set(ids)) != len(ids) or len(set(single)) != len(single):
            raise Misconfigured("a key id or an active key is there twice", code="bad-key-file")

    def facts(self) -> tuple[KeyFacts, ...]:
        return tuple(key.facts for key in self.keys)

    def active(self, use: KeyUse, label: str) -> Key:
        """Raises Misconfigured when there is none."""
        found = self.found(use, label, KeyState.ACTIVE)
        if found is not None:
            return found
        raise Misconfigured(f"there is no active key for {use}:{label}", code="no-active-key")

    def found(self, use: KeyUse, label: str, state: KeyState) -> Key | None:
        """The first key of a use and label in a state."""
        return next(
            (key for key in self.keys if (key.facts.use, key.facts.label, key.facts.state) == (use, label, state)), None
        )

    def opening(self, use: KeyUse) -> tuple[Key, ...]:
        """The active and decrypt-only keys of a use."""
        return tuple(key for key in self.keys if key.facts.use is use and key.facts.state in OPENING)

    def published(self, use: KeyUse) -> tuple[Key, ...]:
        """The keys of a use whose public sides others need, newest first: what signed, signs, and will sign next. A key
        is known before it signs, so that whoever took the set before a rotation can check what is signed after it."""
        return tuple(key for key in reversed(self.keys) if key.facts.use is use and key.facts.state in LIVE)

    def first(self, use: KeyUse) -> str:
        """The id of the first key of a use: what rows are under that name none. Raises Misconfigured when there is
        none."""
        for key in self.keys:
            if key.facts.use is use:
                return key.facts.id
        raise Misconfigured(f"there is no key for {use}", code="no-active-key")

    def live(self, use: KeyUse) -> tuple[Key, ...]:
        """The keys of a use that something may be stored under, the active one first. Raises Misconfigured when there
        is no active one."""
        found = [key for key in self.keys if key.facts.use is use and key.facts.state in LIVE]
        found.sort(key=lambda key: key.facts.state is not KeyState.ACTIVE)
        if not found or found[0].facts.state is not KeyState.ACTIVE:
            raise Misconfigured(f"there is no active key for {use}", code="no-active-key")
        return tuple(found)

    def with_new(self, use: KeyUse, label: str, material: Material, at: datetime) -> KeyRing:
        """The first active key of a use and label. Raises Conflict when there is one already."""
        if self.found(use, label, KeyState.ACTIVE) is not None:
            raise Conflict(f"{use}:{label} has an active key; rotate it instead", code="key-exists")
        return _activated(self._with_pending(use, label, material, at), use, label, at)

    def prepared(self, use: KeyUse, label: str, material: Material, at: datetime) -> KeyRing:
        """The key that will follow the active one is made and waits. Raises Conflict when one waits already."""
        self.active(use, label)
        if self.found(use, label, KeyState.PENDING) is not None:
            raise Conflict(f"{use}:{label} has a key that waits to become active", code="key-exists")
        return self._with_pending(use, label, material, at)

    def rotated(self, use: KeyUse, label: str, material: Material, at: datetime) -> KeyRing:
        """Another key becomes the active one, the one that waits or a new one; the old one is decrypt-only from now
        on. Raises Conflict (``key-not-prepared``) for an index key that has not waited."""
        old, waiting = self.active(use, label), self.found(use, label, KeyState.PENDING)
        if use in WAITS_FIRST and (waiting is None or at < waiting.facts.since + KNOWN):
            raise Conflict(f"prepare the next key of {use}:{label} two minutes before", code="key-not-prepared")
        ring = self if waiting is not None else self._with_pending(use, label, material, at)
        return _activated(ring.moved(old.facts.id, KeyEvent.RETIRE, at), use, label, at)

    def key(self, key_id: str) -> Key:
        """Raises NotFound when there is none: only people name a key by its id."""
        for key in self.keys:
            if key.facts.id == key_id:
                return key
        raise NotFound("There is no key with this id. All are listed by `gateway keys list`.")

    def moved(self, key_id: str, event: KeyEvent, at: datetime) -> KeyRing:
        """The ring after ``event`` befell one key. Raises Conflict when its state does not allow that."""
        moved = self.key(key_id).moved(event, at)
        return KeyRing(tuple(moved if key.facts.id == key_id else key for key in self.keys))

    def snapshot(self, uses: Iterable[KeyUse] = (KeyUse.KEK, KeyUse.INDEX)) -> KeyRing:
        """The part of the ring that a worker process needs: only these uses, only keys that live. It pickles; its
        pickle holds key material, so it goes through pipes between our own processes and nowhere else."""
        wanted = frozenset(uses)
        return KeyRing(tuple(key for key in self.keys if key.facts.use in wanted and key.facts.state in LIVE))

    def _with_pending(self, use: KeyUse, label: str, material: Material, at: datetime) -> KeyRing:
        if LABEL.fullmatch(label) is None:
            raise Misconfigured("a label is lower-case letters, digits and hyphens, at most 32", code="bad-label")
        stem = f"{use}:{label}:{at:%Y-%m}"
        number = 1 + sum(facts.id.rpartition(":")[0] == stem for facts in self.facts())
        key_id = f"{stem}:{number}"
        kept = material if isinstance(material, bytes) else material(key_id)
        place = KeyPlace.FILE if kept else KeyPlace.TOKEN
        return KeyRing((*self.keys, Key(KeyFacts(key_id, use, label, KeyState.PENDING, at, at, place), kept)))


def _activated(ring: KeyRing, use: KeyUse, label: str, at: datetime) -> KeyRing:
    waiting = ring.found(use, label, KeyState.PENDING)
    return ring if waiting is None else ring.moved(waiting.facts.id, KeyEvent.ACTIVATE, at)
