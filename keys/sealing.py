"""Sealing at rest: a fresh data key for each call, wrapped by the active key of the label (docs/seal.md)."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.core.errors import Misconfigured, Tampered, Unavailable
from gateway.core.ids import Random
from keys.envelope import (
    ID_PARTS,
    KEY_ID_AT,
    MAGIC,
    NONCE_BYTES,
    WRAPPED_BYTES,
    Envelope,
    associated,
    header,
    parse,
    parse_head,
)
from keys.ring import KEY_BYTES, LONGEST_ID, KeyRing
from keys.states import KeyState, KeyUse
from keys.vault import Vault, Wrapping, wrappings


class EnvelopeSealer:
    """The Sealer over a key ring. ``reread`` gives the ring anew when bytes name a key that is not in it (another
    process rotated); without it such bytes are Unavailable at once. ``vault`` holds the keys that are not in the ring
    itself."""

    def __init__(
        self, ring: KeyRing, random: Random, reread: Callable[[], KeyRing] | None = None, vault: Vault | None = None
    ) -> None:
        self._random = random
        self._reread = reread
        self._vault = vault
        self._keys: dict[str, Wrapping] = {}
        self._active: dict[str, tuple[bytes, Wrapping]] = {}
        self._adopt(ring)

    @classmethod
    def from_snapshot(cls, snapshot: KeyRing, random: Random, vault: Vault | None = None) -> EnvelopeSealer:
        """A sealer in a worker process, from ``KeyRing.snapshot()``."""
        return cls(snapshot, random, vault=vault)

    def seal(self, label: str, context: str, plain: bytes) -> bytes:
        """Raises Misconfigured when the label has no active key."""
        beginning, wrapping = self._sealing(label)
        secrets = self._random(KEY_BYTES + NONCE_BYTES)
        data_key, nonce = secrets[:KEY_BYTES], secrets[KEY_BYTES:]
        body = AESGCM(data_key).encrypt(nonce, plain, associated(label, context))
        return b"".join((beginning, wrapping.wrap(data_key), nonce, body))

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

    def label(self, sealed: bytes) -> str:
        """The label in the key id; raises Tampered when there is no key id."""
        parts = sealed[KEY_ID_AT : KEY_ID_AT + LONGEST_ID].split(b":", ID_PARTS - 1)
        if not sealed.startswith(MAGIC) or len(parts) != ID_PARTS:
            raise Tampered("the sealed bytes do not begin as an envelope does", code="seal-broken")
        return parts[1].decode("latin-1")

    def rewrap(self, label: str, sealed: bytes) -> bytes:
        """The same sealed body with its data key under the label's active key; bytes that are there already come back
        as they are. Raises as :meth:`open` does for a broken header; the body is not looked at."""
        body = parse(label, sealed).body
        moved = self.rewrap_head(sealed[:body])
        return sealed if moved is None else moved[1] + sealed[body:]

    def rewrap_head(self, head: bytes) -> tuple[bytes, bytes] | None:
        """As the port ``Rewrapping`` says: the new wrap is opened again and compared before
        it is given away, so that whoever replaces the old one cannot lose the data key."""
        label = self.label(head)
        envelope = parse_head(label, head)
        beginning, wrapping = self._sealing(label)
        if head.startswith(beginning):
            return None
        data_key = self._data_key(envelope)
        wrapped = wrapping.wrap(data_key)
        if len(wrapped) != WRAPPED_BYTES or wrapping.unwrap(wrapped) != data_key:
            raise Unavailable("a data key that was wrapped anew does not come back", code="key-unavailable")
        return head[: envelope.body], beginning + wrapped

    def refresh(self) -> None:
        """Take up keys that were made or rotated since, when there is a place to read them from."""
        if self._reread is not None:
            self._adopt(self._reread())

    def _adopt(self, ring: KeyRing) -> None:
        keys = ring.opening(KeyUse.KEK)
        self._keys = dict(wrappings(keys, self._vault))
        self._active = {
            key.facts.label: (header(key.facts.id), self._keys[key.facts.id])
            for key in keys
            if key.facts.state is KeyState.ACTIVE
        }

    def _sealing(self, label: str) -> tuple[bytes, Wrapping]:
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
        return wrapping.unwrap(envelope.wrapped)
