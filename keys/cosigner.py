"""The keys and the memory of a witness: one private directory with the seed of both and the last note of each log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from gateway.core.errors import Misconfigured
from gateway.core.ids import Random
from keys.folder import locked, make_private, read_private, write_private
from keys.note_key import SEED_BYTES, read_seed, refuse_known, write_seed

KEY_FILE, NOTES = "witness.json", "notes"


class PostQuantumKey:
    """The ML-DSA-44 key of a witness, derived from the seed of its Ed25519 key, which that key does not give away."""

    def __init__(self, name: str, seed: bytes) -> None:
        own = HKDFExpand(algorithm=SHA256(), length=SEED_BYTES, info=b"witness cosignature ML-DSA-44").derive(seed)
        self._name, self._key = name, MLDSA44PrivateKey.from_seed_bytes(own)

    @property
    def name(self) -> str:
        return self._name

    @property
    def public_key(self) -> bytes:
        """1,312 raw bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


class Cosigner:
    """Implements :class:`gateway.core.ports.keys.Signer`; remembers one note a log, across crashes."""

    def __init__(self, folder: Path, name: str, seed: bytes) -> None:
        self._folder, self._name = folder, name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.post_quantum = PostQuantumKey(name, seed)

    @classmethod
    def create(cls, folder: Path, name: str, random: Random) -> Cosigner:
        """A new witness. Raises Misconfigured when there is one already: a second key would be another witness."""
        make_private(folder)
        with locked(folder):
            refuse_known(folder / KEY_FILE)
            make_private(folder / NOTES)
            seed = write_seed(folder / KEY_FILE, name, random)
        return cls(folder, name, seed)

    @classmethod
    def load(cls, folder: Path) -> Cosigner:
        """Raises Misconfigured when the key is missing, malformed or open to others, and when the memory is gone: a
        witness that forgot what it cosigned must not go on."""
        cosigner = cls(folder, *read_seed(folder / KEY_FILE, "witness"))
        if not (folder / NOTES).is_dir():
            raise Misconfigured(f"{folder / NOTES} is missing: the witness lost its memory", code="no-key-file")
        return cosigner

    @property
    def name(self) -> str:
        return self._name

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else reads or writes a note meanwhile, in whatever process; waits for others."""
        with locked(self._folder):
            yield

    def last(self, origin: str) -> str | None:
        """The last note of the log that was cosigned."""
        path = self._path(origin)
        return read_private(path).decode() if path.exists() else None

    def remember(self, origin: str, note: str) -> None:
        """Durable when it returns. Raises Unavailable."""
        write_private(self._path(origin), note.encode())

    def _path(self, origin: str) -> Path:
        return self._folder / NOTES / sha256(origin.encode()).hexdigest()
