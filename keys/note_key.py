"""A person's own key for signed notes: one file in a private directory, wherever that person keeps it."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.core.errors import Misconfigured
from gateway.core.ids import Random
from keys.folder import locked, make_private, read_private, write_private

SEED_BYTES = 32


def refuse_known(file: Path) -> None:
    """Raises Misconfigured when there is a key already: a second one would be somebody else."""
    if file.exists():
        raise Misconfigured(f"{file} is there already", code="key-file-exists")


def write_seed(file: Path, name: str, random: Random) -> bytes:
    """A new seed of an Ed25519 key under a name, in a private file. The caller holds the directory, and has seen that
    the file is new."""
    seed = random(SEED_BYTES)
    write_private(file, json.dumps({"name": name, "seed": seed.hex()}).encode())
    return seed


def read_seed(file: Path, whose: str) -> tuple[str, bytes]:
    """Name and seed. Raises Misconfigured when the file is missing, malformed or open to others."""
    try:
        document = json.loads(read_private(file))
        name, seed = str(document["name"]), bytes.fromhex(document["seed"])
    except (ValueError, KeyError, TypeError):
        seed = b""
    if len(seed) != SEED_BYTES:
        raise Misconfigured(f"{file} is not the key of a {whose}", code="bad-key-file")
    return name, seed


class NoteKey:
    """Implements :class:`gateway.core.ports.keys.Signer` with Ed25519."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._name, self._key = name, Ed25519PrivateKey.from_private_bytes(seed)

    @classmethod
    def create(cls, file: Path, name: str, random: Random) -> NoteKey:
        """A new key in ``file``, mode 0600; its directory is made where there is none. Raises Misconfigured when the
        file is there already, or others may look into the directory."""
        make_private(file.parent)
        with locked(file.parent):
            refuse_known(file)
            return cls(name, write_seed(file, name, random))

    @classmethod
    def load(cls, file: Path) -> NoteKey:
        """Raises Misconfigured when the key is missing, malformed or open to others."""
        return cls(*read_seed(file, "signer"))

    @property
    def name(self) -> str:
        return self._name

    @property
    def public_key(self) -> bytes:
        """32 raw bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)
