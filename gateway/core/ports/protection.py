"""Port of the cryptography that protects payloads on the wire. Pure: keys are passed in, nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.model import Actor, Partner
from gateway.core.protection import Algorithm, Ends, Material, Note, Opened, Profile, Protected, WireKey


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message must be: its ends, its size at most, and with which keys it may have been made."""

    ends: Ends
    now: datetime
    limit: int
    """Bytes of the payload."""
    ours: Sequence[WireKey]
    """Our keys to open with, the retired ones (without their private side) among them."""
    theirs: Sequence[WireKey]
    """The sender's keys to verify with, the retired ones among them."""


class Wire(Protocol):
    def protect(self, profile: Profile, plain: bytes, note: Note, to: WireKey, by: Sequence[WireKey]) -> Protected:
        """Sign with our keys ``by`` and encrypt to the partner's key ``to``. Never the same bytes twice."""
        ...

    def unprotect(self, profile: Profile, message: bytes, expected: Expected) -> Opened:
        """Open and verify. Raises MessageRefused."""
        ...

    def longest(self, profile: Profile, limit: int) -> int:
        """Bytes of a message over a payload of ``limit`` bytes, at most."""
        ...

    def media_type(self, profile: Profile) -> str:
        """Of its messages, without parameters."""
        ...

    def material(self, text: str) -> Material:
        """A PEM certificate or public key. Raises Misconfigured (``wire-key-unfit``)."""
        ...

    def make(self, algorithm: Algorithm, name: str, begins: datetime, ends: datetime) -> tuple[Material, bytes]:
        """A new key pair with a certificate of its own where certificates know the algorithm, and its private side."""
        ...

    def public_text(self, material: Material) -> str:
        """What :meth:`material` reads: the certificate, else the public key."""
        ...


class Messages(Protocol):
    """Opens what partners post."""

    def longest(self, sender: Partner) -> int:
        """Bytes of a message of this sender, at most."""
        ...

    async def open(self, sender: Partner, media_type: str, message: bytes, id_: str | None) -> Opened:
        """What the sender protected. ``id_`` is the Idempotency-Key; None: nothing is kept of it. Raises
        MessageRefused, after an audit entry."""
        ...


class PartnerKeys(Protocol):
    """What a partner does with its own keys, and sees of ours."""

    async def list(self, owner: str) -> Sequence[WireKey]: ...

    async def test(self, actor: Actor, owner: Partner, id_: str) -> Protected:
        """A message that only the holder of a pending key can read. Raises NotFound, Conflict."""
        ...

    async def confirm(self, actor: Actor, owner: str, id_: str, proof: str) -> None:
        """Raises NotFound, Unprocessable (``wire-test-failed``)."""
        ...

    def text(self, key: WireKey) -> str:
        """The public side as PEM."""
        ...
