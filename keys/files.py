"""The file provider: a key ring in one private file (``keyring.json``, mode 0600, in a directory of mode 0700)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.core.errors import Misconfigured
from gateway.core.ids import Clock, Random
from keys.access_tokens import TOKEN_KEY_LABEL, SignedTokens
from keys.digests import INDEX_LABEL, TOKEN_LABEL, BlindIndexer, PepperHasher
from keys.folder import locked, make_private, read_private, write_private
from keys.keyfile import Stretch, decode, encode
from keys.receipts import RECEIPT_LABEL, JoseReceiptSigner
from keys.ring import KEY_BYTES, KeyFacts, KeyRing
from keys.sealing import EnvelopeSealer
from keys.signing import SIGNING_LABEL, NoteSigner, public_keys
from keys.states import KeyUse

FILE_NAME = "keyring.json"
SINGLE_KEYS: Sequence[tuple[KeyUse, str]] = (
    (KeyUse.INDEX, INDEX_LABEL),
    (KeyUse.TOKEN_PEPPER, TOKEN_LABEL),
    (KeyUse.NOTE_SIGNING, SIGNING_LABEL),
    (KeyUse.RECEIPT_SIGNING, RECEIPT_LABEL),
    (KeyUse.TOKEN_SIGNING, TOKEN_KEY_LABEL),
)
"""The keys that every gateway needs besides those that seal."""


class FileKeys:
    """Keys in a directory. Make one with :meth:`create` or :meth:`load`; it holds the ring as it was read last.

    Every change reads the file again under a lock, so two processes never lose each other's keys.
    """

    def __init__(self, folder: Path, clock: Clock, random: Random, passphrase: str | None, stretch: Stretch) -> None:
        self._path = folder / FILE_NAME
        self._clock, self._random = clock, random
        self._passphrase, self._stretch = passphrase, stretch
        self._ring = KeyRing()
        self._version: tuple[int, int, int] | None = None

    @classmethod
    def create(
        cls,
        folder: Path,
        clock: Clock,
        random: Random,
        passphrase: str | None = None,
        *,
        labels: Sequence[str] = ("records",),
        stretch: Stretch | None = None,
    ) -> FileKeys:
        """A new key file with a sealing key for each label and the keys of :data:`SINGLE_KEYS`.
        Raises Misconfigured when there is one already or the directory is not private."""
        keys = cls(folder, clock, random, passphrase, stretch or Stretch())
        make_private(folder)
        wanted = [*((KeyUse.KEK, label) for label in labels), *SINGLE_KEYS]
        with locked(folder):
            if keys._path.exists():
                raise Misconfigured(f"{keys._path} is there already", code="key-file-exists")
            ring = KeyRing()
            for use, label in wanted:
                ring = ring.with_new(use, label, random(KEY_BYTES), clock())
            keys._write(ring)
        return keys

    @classmethod
    def load(
        cls,
        folder: Path,
        passphrase: str | None,
        *,
        clock: Clock,
        random: Random,
        stretch: Stretch | None = None,
    ) -> FileKeys:
        """Raises Misconfigured when the file is missing, malformed, open to others, or the passphrase is wrong."""
        keys = cls(folder, clock, random, passphrase, stretch or Stretch())
        keys._read()
        return keys

    @property
    def ring(self) -> KeyRing:
        return self._ring

    def list(self) -> tuple[KeyFacts, ...]:
        """All keys without their material, oldest first."""
        return self._ring.facts()

    def new(self, label: str, use: KeyUse = KeyUse.KEK) -> KeyFacts:
        """Make the first active key of a label. Raises Conflict when there is one."""
        return self._change(lambda ring: ring.with_new(use, label, self._random(KEY_BYTES), self._clock()))

    def rotate(self, label: str, use: KeyUse = KeyUse.KEK) -> KeyFacts:
        """Make another key the active one; the old one becomes decrypt-only. Returns the new one."""
        return self._change(lambda ring: ring.rotated(use, label, self._random(KEY_BYTES), self._clock()))

    def reload(self) -> KeyRing:
        """The ring as the file holds it now; reads (and stretches the passphrase) only when the file has changed."""
        if self._version != self._present_version():
            self._read()
        return self._ring

    def sealer(self) -> EnvelopeSealer:
        return EnvelopeSealer(self._ring, self._random, self.reload)

    def indexer(self) -> BlindIndexer:
        return BlindIndexer(self._ring)

    def hasher(self) -> PepperHasher:
        return PepperHasher(self._ring)

    def signer(self, name: str) -> NoteSigner:
        """``name`` is the origin of the audit log."""
        return NoteSigner(self._ring, name)

    def receipt_signer(self) -> JoseReceiptSigner:
        """Signs with the key that is active when it signs."""
        return JoseReceiptSigner(lambda: self._ring)

    def access_tokens(self) -> SignedTokens:
        return SignedTokens(self.reload)

    def public_keys(self) -> tuple[bytes, ...]:
        """The raw public keys that checkpoints may be signed with, newest first."""
        return public_keys(self._ring)

    def _change(self, change: Callable[[KeyRing], KeyRing]) -> KeyFacts:
        with locked(self._path.parent):
            self._read()
            self._write(change(self._ring))
        return self._ring.facts()[-1]

    def _read(self) -> None:
        version = self._present_version()
        self._ring = decode(read_private(self._path), self._passphrase)
        self._version = version

    def _write(self, ring: KeyRing) -> None:
        write_private(self._path, encode(ring, self._passphrase, self._random, self._stretch))
        self._ring, self._version = ring, self._present_version()

    def _present_version(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
