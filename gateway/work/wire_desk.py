"""The desk of wire keys: added, made, proved, confirmed, retired, each with its audit entry."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Conflict, Misconfigured, NotFound, Unprocessable
from gateway.core.ids import Clock, Random
from gateway.core.model import Actor, AuditEntry
from gateway.core.ports.keys import Sealer
from gateway.core.ports.protection import Wire
from gateway.core.ports.wire_keys import Challenge, StoredKey, WireKeys
from gateway.core.protection import (
    GATEWAY,
    NEEDS,
    REFUSALS,
    Algorithm,
    Ends,
    Material,
    Note,
    Profile,
    Protected,
    Stage,
    Use,
    WireKey,
    signing_keys,
)
from gateway.work.wire_book import LABEL, WireBook, key_context

LIFE = timedelta(days=730)
"""Of a key of ours; expiry is warned of long before."""
TEST_LIFE = timedelta(days=7)
"""So long a proof of possession may take: partners do it by hand."""
PROOF_BYTES = 16
CLOCKS = timedelta(minutes=10)
"""A certificate begins a little earlier than now: clocks differ."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be added for a partner."""

    partner: str
    use: Use
    material: Material


@dataclass(frozen=True, slots=True)
class WireDesk:
    keys: WireKeys
    wire: Wire
    sealer: Sealer
    scribe: Scribe
    clock: Clock
    random: Random
    name: str
    """The gateway's name in messages."""

    async def list(self, owner: str | None = None) -> tuple[WireKey, ...]:
        """Without private sides, oldest first. ``owner`` None: everybody's."""
        return tuple(one.key for one in await self.keys.all() if owner in (None, one.key.owner))

    async def add(self, actor: Actor, wanted: Sequence[Wanted]) -> int:
        """Register keys of partners, pending. Those that are there stay as they are. Raises Conflict
        (``wire-key-overlap``) and Misconfigured (``wire-key-unfit``) for a key that no profile uses so."""
        now = self.clock()
        for one in wanted:
            _check_use(one.use, one.material.algorithm)
        stored = [StoredKey(WireKey(one.partner, one.use, one.material, Stage.PENDING, now)) for one in wanted]
        entries = [self._entry(actor, "wirekey.added", one.key) for one in stored]
        return await self.keys.add(stored, entries) if stored else 0

    async def make(self, actor: Actor, profile: Profile) -> tuple[WireKey, ...]:
        """The keys of ours that a profile needs and that there are none of: valid at once, since nobody uses others."""
        needs = NEEDS[profile]
        live = [key for key in await self.list(GATEWAY) if key.stage is not Stage.RETIRED]
        groups = [(Use.ENCRYPT, needs.encrypt), *((Use.VERIFY, group) for group in needs.sign)]
        missing = [
            (use, group[0])
            for use, group in groups
            if not any(key.use is use and key.algorithm in group for key in live)
        ]
        return tuple([await self._made(actor, use, algorithm, Stage.VALID) for use, algorithm in missing])

    async def renew(self, actor: Actor, use: Use, algorithm: Algorithm) -> WireKey:
        """Another key of ours, pending: published, and good for what others do with it; we use it when it is confirmed.
        Raises Conflict (``wire-key-overlap``)."""
        _check_use(use, algorithm)
        return await self._made(actor, use, algorithm, Stage.PENDING)

    async def _made(self, actor: Actor, use: Use, algorithm: Algorithm, stage: Stage) -> WireKey:
        now = self.clock()
        material, private = self.wire.make(algorithm, self.name, now - CLOCKS, now + LIFE)
        key = WireKey(GATEWAY, use, material, stage, now, now if stage is Stage.VALID else None)
        sealed = self.sealer.seal(LABEL, key_context(key.id), private)
        await self.keys.add([StoredKey(key, sealed)], [self._entry(actor, "wirekey.added", key)])
        return key

    async def test(self, actor: Actor, owner: str, id_: str, book: WireBook, profile: Profile) -> Protected:
        """A message to a pending key that only its holder can read, under the partner's profile when that takes such
        keys; what it says is the proof. An earlier one counts no more. Raises NotFound, Conflict (not pending, or a key
        to verify with, which its first message confirms)."""
        key = await self._known(owner, id_)
        if key.use is not Use.ENCRYPT or owner == GATEWAY:
            raise Conflict("Only a partner's key to encrypt to is tested by a message.", code="wire-key-stage")
        now, proof = self.clock(), self.random(PROOF_BYTES).hex()
        test = Challenge(_digest(proof), now + TEST_LIFE)
        if not await self.keys.ask(owner, id_, test, self._entry(actor, "wirekey.tested", key)):
            raise Conflict("The key is not pending.", code="wire-key-stage")
        await book.reload()
        if profile is Profile.NONE or key.algorithm not in NEEDS[profile].encrypt:
            profile = profile_of(key.algorithm)
        note = Note(Ends(self.name, owner), f"test:{id_}", now, "text/plain")
        return self.wire.protect(profile, f"{proof}\n".encode(), note, key, signing_keys(profile, book.ours, now))

    async def confirm(self, actor: Actor, owner: str, id_: str, proof: str) -> None:
        """Take the proof of a partner. Raises NotFound, Unprocessable (``wire-test-failed``)."""
        key = await self._known(owner, id_)
        test = await self.keys.asked(owner, id_)
        if test is None or test.until <= self.clock() or not hmac.compare_digest(test.digest, _digest(proof.strip())):
            raise Unprocessable(REFUSALS["wire-test-failed"], code="wire-test-failed")
        await self._confirmed(actor, key)

    async def activate(self, actor: Actor, id_: str) -> None:
        """A pending key of ours is used from now on. Raises NotFound, Conflict."""
        await self._confirmed(actor, await self._known(GATEWAY, id_))

    async def seen(self, key: WireKey) -> None:
        """A partner's message verified under a pending key: that is the proof. Somebody else may be faster."""
        entry = self._entry(Actor("partner", key.owner), "wirekey.confirmed", key)
        await self.keys.confirm(key.owner, key.id, self.clock(), entry)

    async def _confirmed(self, actor: Actor, key: WireKey) -> None:
        entry = self._entry(actor, "wirekey.confirmed", key)
        if not await self.keys.confirm(key.owner, key.id, self.clock(), entry):
            raise Conflict("The key is not pending.", code="wire-key-stage")

    async def retire(self, actor: Actor, owner: str, id_: str) -> None:
        """Messages under the key are refused from now on. Raises NotFound, Conflict."""
        key = await self._known(owner, id_)
        if not await self.keys.retire(owner, id_, self.clock(), self._entry(actor, "wirekey.retired", key)):
            raise Conflict("The key is retired already.", code="wire-key-stage")

    async def _known(self, owner: str, id_: str) -> WireKey:
        found = next((key for key in await self.list(owner) if key.id == id_), None)
        if found is None:
            raise NotFound("There is no wire key with this id.")
        return found

    def _entry(self, actor: Actor, action: str, key: WireKey) -> AuditEntry:
        details: dict[str, str | int] = {"use": key.use.value, "algorithm": key.algorithm.value}
        obj = f"wirekey:{key.owner or 'gateway'}:{key.id}"
        return self.scribe.entry(actor, action, obj, "ok", details)


def profile_of(algorithm: Algorithm) -> Profile:
    """The first profile that encrypts to keys of this kind."""
    return next(profile for profile, needs in NEEDS.items() if algorithm in needs.encrypt)


def _check_use(use: Use, algorithm: Algorithm) -> None:
    fit = (
        {one for needs in NEEDS.values() for one in needs.encrypt}
        if use is Use.ENCRYPT
        else {one for needs in NEEDS.values() for group in needs.sign for one in group}
    )
    if algorithm not in fit:
        raise Misconfigured(f"No profile uses a key of {algorithm} to {use}.", code="wire-key-unfit")


def _digest(proof: str) -> bytes:
    return hashlib.sha256(proof.encode()).digest()
