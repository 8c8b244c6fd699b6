"""How data keys are wrapped: with key material at hand, or by a token that keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from gateway.core.errors import Misconfigured, Tampered
from keys.ring import Key
from keys.states import KeyPlace


class Wrapping(Protocol):
    """One key-encryption key at work: AES Key Wrap (RFC 3394, SP 800-38F)."""

    def wrap(self, data_key: bytes) -> bytes:
        """40 bytes. Raises Unavailable when the token does not answer."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises Tampered when the bytes were changed or are under another key, Unavailable as above."""
        ...


class Vault(Protocol):
    """A place where keys are made and stay."""

    def make(self, key_id: str) -> bytes:
        """Makes a key-encryption key that never leaves; answers no bytes. One of the same id that nobody knows of, left
        by a crash, gives way. Raises Unavailable."""
        ...

    def wrapping(self, key_id: str) -> Wrapping: ...

    def destroy(self, key_id: str) -> None:
        """Nothing to do when it is gone already. Raises Unavailable."""
        ...


class MaterialWrapping:
    """A key-encryption key in memory."""

    def __init__(self, material: bytes) -> None:
        self._material = material

    def wrap(self, data_key: bytes) -> bytes:
        return aes_key_wrap(self._material, data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._material, wrapped)
        except InvalidUnwrap:
            raise Tampered("a data key was changed or is under another key", code="seal-broken") from None


def wrapping_of(key: Key, vault: Vault | None) -> Wrapping:
    """Raises Misconfigured when the key lies in a token and none is set."""
    if key.facts.place is KeyPlace.FILE:
        return MaterialWrapping(key.material)
    if vault is None:
        raise Misconfigured(f"key {key.facts.id} lies in a token, and no token is set", code="no-token")
    return vault.wrapping(key.facts.id)


def wrappings(keys: tuple[Key, ...], vault: Vault | None) -> Mapping[str, Wrapping]:
    """By key id."""
    return {key.facts.id: wrapping_of(key, vault) for key in keys}
