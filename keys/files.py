"""The file provider: a key ring in one private file (``keyring.json``, mode 0600, in a directory of mode 0700)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.core.approved import CODE, Place, is_approved
from gateway.core.errors import Conflict, Misconfigured
from gateway.core.ids import Clock, Random
from gateway.core.labels import Label
from keys.access_tokens import TOKEN_KEY_LABEL, SignedTokens
from keys.digests import INDEX_LABEL, TOKEN_LABEL, BlindIndexer, PepperHasher
from keys.folder import locked, make_private, read_private, write_private
from keys.keyfile import Rounds, Stretch, decode, derivation, encode
from keys.receipts import RECEIPT_LABEL, JoseReceiptSigner
from keys.ring import KEY_BYTES, KeyFacts, KeyRing, Material
from keys.sealing import EnvelopeSealer
from keys.signing import SIGNING_LABEL, NoteSigner, public_keys
from keys.snapshot import KeySnapshot
from keys.states import KeyEvent, KeyPlace, KeyState, KeyUse
from keys.token import Token, TokenAddress

FILE_NAME = "keyring.json"
CLEAR = "none"
"""The derivation of a file without passphrase, in the table of approved algorithms."""
SINGLE_KEYS: Sequence[tuple[KeyUse, str]] = (
    (KeyUse.INDEX, INDEX_LABEL),
    (KeyUse.TOKEN_PEPPER, TOKEN_LABEL),
    (KeyUse.NOTE_SIGNING, SIGNING_LABEL),
    (KeyUse.RECEIPT_SIGNING, RECEIPT_LABEL),
    (KeyUse.TOKEN_SIGNING, TOKEN_KEY_LABEL),
)
"""The keys that every gateway needs besides those that seal."""


SEALING_LABELS = tuple(label.value for label in Label)
IN_TOKEN = frozenset({KeyUse.KEK, KeyUse.RECEIPT_SIGNING})
"""Uses whose keys live in the token, when there is one. The others make thousands of digests a second (indexes, API
keys), sign whenever a caller asks, or make Ed25519 signatures that tokens seldom know."""


@dataclass(frozen=True, slots=True)
class Converted:
    """How the passphrase became the key of the file, and how it does now: names of the table of approved algorithms."""

    before: str
    after: str


class FileKeys:
    """Keys in a directory. Make one with :meth:`create` or :meth:`load`; it holds the ring as it was read last.

    Every change reads the file again under a lock, so two processes never lose each other's keys.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        random: Random,
        passphrase: str | None,
        stretch: Stretch | Rounds,
        token: TokenAddress | None = None,
    ) -> None:
        self._path = folder / FILE_NAME
        self._address, self._token = token, Token(token) if token else None
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
        labels: Sequence[str] = SEALING_LABELS,
        stretch: Stretch | Rounds | None = None,
        token: TokenAddress | None = None,
    ) -> FileKeys:
        """A new key file with a sealing key for each label and the keys of :data:`SINGLE_KEYS`.
        Raises Misconfigured when there is one already or the directory is not private. With ``token`` the keys of
        :data:`IN_TOKEN` are made there."""
        keys = cls(folder, clock, random, passphrase, stretch or Stretch(), token)
        make_private(folder)
        wanted = [*((KeyUse.KEK, label) for label in labels), *SINGLE_KEYS]
        with locked(folder):
            if keys._path.exists():
                raise Misconfigured(f"{keys._path} is there already", code="key-file-exists")
            ring = KeyRing()
            for use, label in wanted:
                ring = ring.with_new(use, label, keys._maker(use), clock())
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
        stretch: Stretch | Rounds | None = None,
        token: TokenAddress | None = None,
    ) -> FileKeys:
        """Raises Misconfigured when the file is missing, malformed, open to others, or the passphrase is wrong.
        With ``Rounds`` moreover (``not-approved``) when the file is under Argon2id."""
        keys = cls(folder, clock, random, passphrase, stretch or Stretch(), token)
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
        self._change(lambda ring: ring.with_new(use, label, self._maker(use), self._clock()))
        return self._ring.active(use, label).facts

    def prepare(self, label: str, use: KeyUse = KeyUse.KEK) -> KeyFacts:
        """Make the key that will follow the active one; it waits, so that every copy of the key file and every token
        has it before anything is sealed with it. Raises Conflict when one waits already."""
        self._change(lambda ring: ring.prepared(use, label, self._maker(use), self._clock()))
        return self._ring.keys[-1].facts

    def rotate(self, label: str, use: KeyUse = KeyUse.KEK) -> KeyFacts:
        """Make another key the active one, the one that waits or a new one; the old one becomes decrypt-only. Returns
        the new one."""
        self._change(lambda ring: ring.rotated(use, label, self._maker(use), self._clock()))
        return self._ring.active(use, label).facts

    def complete(self) -> tuple[KeyFacts, ...]:
        """Make the keys that a gateway of this version needs and the ring does not have yet. Returns what was made."""
        wanted = [*((KeyUse.KEK, label) for label in SEALING_LABELS), *SINGLE_KEYS]
        missing = [one for one in wanted if self._ring.found(*one, KeyState.ACTIVE) is None]
        made = []
        for use, label in missing:
            try:
                made.append(self.new(label, use))
            except Conflict:
                continue  # another process was faster
        return tuple(made)

    def destroy(self, key_id: str) -> None:
        """The end of a key and of all that only it opens; whoever asks for it has counted before. First in the token,
        then in the ring: after a crash between the two it can be asked for again. Raises Conflict when the key is
        active, Misconfigured when there is none of this id."""
        key = self._ring.key(key_id)
        key.moved(KeyEvent.DESTROY, self._clock())  # refuses before anything is gone
        if key.facts.place is KeyPlace.TOKEN and key.facts.state is not KeyState.DESTROYED:
            if self._token is None:
                raise Misconfigured(f"key {key_id} lies in a token, and no token is set", code="no-token")
            self._token.destroy(key_id)
        self._change(lambda ring: ring.moved(key_id, KeyEvent.DESTROY, self._clock()))

    def reload(self) -> KeyRing:
        """The ring as the file holds it now; reads (and stretches the passphrase) only when the file has changed."""
        if self._version != self._present_version():
            self._read()
        return self._ring

    def convert(self) -> Converted:
        """Write the file anew as this object derives keys from passphrases, however it was written before. Raises what
        :meth:`load` raises."""
        with locked(self._path.parent):
            before = read_private(self._path)
            self._write(decode(before, self._passphrase))
            return Converted(*(derivation(one) or CLEAR for one in (before, read_private(self._path))))

    def sealer(self) -> EnvelopeSealer:
        return EnvelopeSealer(self._ring, self._random, self.reload, self._token)

    def snapshot(self) -> KeySnapshot:
        """For worker processes: what opens, and how to reach the token."""
        return KeySnapshot(self._ring.snapshot(), self._address)

    def indexer(self) -> BlindIndexer:
        return BlindIndexer(self._ring, self.reload)

    def hasher(self) -> PepperHasher:
        return PepperHasher(self._ring, self.reload)

    def signer(self, name: str) -> NoteSigner:
        """``name`` is the origin of the audit log."""
        return NoteSigner(self._ring, name)

    def receipt_signer(self) -> JoseReceiptSigner:
        """Signs with the key that is active when it signs."""
        return JoseReceiptSigner(lambda: self._ring, self._token)

    def access_tokens(self) -> SignedTokens:
        return SignedTokens(self.reload)

    def public_keys(self) -> tuple[bytes, ...]:
        """The raw public keys that checkpoints may be signed with, now or next, newest first."""
        return public_keys(self._ring)

    def _maker(self, use: KeyUse) -> Material:
        """Where a key of a use is made: in the token when one is set and the use can be served there."""
        if self._token is None or use not in IN_TOKEN:
            return self._random(KEY_BYTES)
        return self._token.make if use is KeyUse.KEK else self._token.make_signing

    def _change(self, change: Callable[[KeyRing], KeyRing]) -> None:
        with locked(self._path.parent):
            self._read()
            self._write(change(self._ring))

    def _read(self) -> None:
        version = self._present_version()
        document = read_private(self._path)
        if isinstance(self._stretch, Rounds) and not is_approved(Place.KEY_FILE, derivation(document) or CLEAR):
            raise Misconfigured(
                "crypto.fips: the key file is under Argon2id, which is not approved; run `gateway keys convert`",
                code=CODE,
            )
        self._ring = decode(document, self._passphrase)
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
