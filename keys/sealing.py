"""Sealing at rest: a fresh data key for each call, wrapped by the active key of the label (docs/seal.md)."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from gateway.core.errors import Misconfigured, Tampered, Unavailable
from gateway.core.ids import Random
from keys.envelope import NONCE_BYTES, Envelope, associated, header, parse
from keys.ring import KEY_BYTES, KeyRing
from keys.states import KeyState, KeyUse


class EnvelopeSealer:
    """The Sealer over a key ring. ``reread`` gives the ring anew when bytes name a key that is not in it (another
    process rotated); without it such bytes are Unavailable at once."""

    def __init__(self, ring: KeyRing, random: Random, reread: Callable[[], KeyRing] | None = None) -> None:
        self._random = random
        self._reread = reread
        self._keys: dict[str, bytes] = {}
        self._active: dict[str, tuple[bytes, bytes]] = {}
        self._adopt(ring)

    @classmethod
    def from_snapshot(cls, snapshot: KeyRing, random: Random) -> EnvelopeSealer:
        """A sealer in a worker process, from ``KeyRing.snapshot()``."""
        return cls(snapshot, random)

    def seal(self, label: str, context: str, plain: bytes) -> bytes:
        """Raises Misconfigured when the label has no active key."""
        beginning, wrapping = self._sealing(label)
        secrets = self._random(KEY_BYTES + NONCE_BYTES)
        data_key, nonce = secrets[:KEY_BYTES], secrets[KEY_BYTES:]
        body = AESGCM(data_key).encrypt(nonce, plain, associated(label, context))
        return b"".join((beginning, aes_key_wrap(wrapping, data_key), nonce, body))

    def open(self, label: str, context: str, sealed: bytes) -> bytes:
        """Raises Tampered (``seal-broken``) or Unavailable (``key-unavailable``); neither shows any content."""
        envelope = parse(label, sealed)
        data_key = self._data_key(envelope)
        nonce_end = envelope.body + NONCE_BYTES
        try:
            return AESGCM(data_key).decrypt(
                sealed[envelope.body : nonce_end], sealed[nonce_end:], associated(label, context)
            )
        except InvalidTag:
            raise Tampered("sealed bytes were changed or belong elsewhere", code="seal-broken") from None

    def rewrap(self, label: str, sealed: bytes) -> bytes:
        """The same sealed body with its data key under the label's active key; bytes that are there already come back
        as they are. Raises as :meth:`open` does for a broken header; the body is not looked at."""
        envelope = parse(label, sealed)
        beginning, wrapping = self._sealing(label)
        if sealed.startswith(beginning):
            return sealed
        return beginning + aes_key_wrap(wrapping, self._data_key(envelope)) + sealed[envelope.body :]

    def refresh(self) -> None:
        """Take up keys that were made or rotated since, when there is a place to read them from."""
        if self._reread is not None:
            self._adopt(self._reread())

    def _adopt(self, ring: KeyRing) -> None:
        keys = ring.opening(KeyUse.KEK)
        self._keys = {key.facts.id: key.material for key in keys}
        self._active = {
            key.facts.label: (header(key.facts.id), key.material) for key in keys if key.facts.state is KeyState.ACTIVE
        }

    def _sealing(self, label: str) -> tuple[bytes, bytes]:
        try:
            return self._active[label]
        except KeyError:
            raise Misconfigured("there is no active key for this label", code="no-active-key") from None

    def _data_key(self, envelope: Envelope) -> bytes:
        if envelope.key_id not in self._keys:
            self.refresh()
        wrapping = self._keys.get(envelope.key_id)
        if wrapping is None:
            raise Unavailable(f"key {envelope.key_id} is not at hand", code="key-unavailable")
        try:
            return aes_key_unwrap(wrapping, envelope.wrapped)
        except InvalidUnwrap:
            raise Tampered("a data key was changed or is under another key", code="seal-broken") from None
