"""The key file as JSON, in the clear or under a passphrase (docs/seal.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.core.errors import Misconfigured
from gateway.core.ids import Random
from keys.ring import KEY_BYTES, Key, KeyFacts, KeyRing
from keys.states import KeyPlace, KeyState, KeyUse

SALT_BYTES = 16
NONCE_BYTES = 12


class _Document(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, ser_json_bytes="base64", val_json_bytes="base64"
    )


class Stretch(_Document):
    """The cost of turning a passphrase into a key with Argon2id (RFC 9106; the defaults take about 0.15 s).
    The bounds keep a changed file from costing memory or time without end."""

    iterations: Annotated[int, Field(ge=1, le=16)] = 3
    lanes: Annotated[int, Field(ge=1, le=16)] = 4
    memory_kib: Annotated[int, Field(ge=8 * 16, le=2**20)] = 64 * 1024


class Rounds(_Document):
    """The same with PBKDF2-HMAC-SHA-256 (SP 800-132), where approved algorithms only are allowed. The default takes
    about 0.2 s; the bounds are there for the same reason."""

    rounds: Annotated[int, Field(ge=1_000, le=10_000_000)] = 600_000


class _Protection(_Document):
    kdf: Literal["argon2id", "pbkdf2-sha256"]
    salt: bytes
    nonce: bytes
    stretch: Stretch | Rounds

    @model_validator(mode="after")
    def _fits(self) -> _Protection:
        if self.kdf != _kdf(self.stretch):
            raise ValueError("kdf and stretch do not fit")
        return self


def _kdf(stretch: Stretch | Rounds) -> Literal["argon2id", "pbkdf2-sha256"]:
    return "argon2id" if isinstance(stretch, Stretch) else "pbkdf2-sha256"


class _KeyEntry(_Document):
    id: str
    use: KeyUse
    label: str
    state: KeyState
    created_at: AwareDatetime
    since: AwareDatetime | None = None
    """None: written before this was kept; then since it was made."""
    place: KeyPlace = KeyPlace.FILE
    material: Annotated[bytes, Field(repr=False)]


class _Keys(_Document):
    keys: tuple[_KeyEntry, ...]


class _Clear(_Document):
    version: Literal[1] = 1
    ring: _Keys


class _Sealed(_Document):
    version: Literal[1] = 1
    protection: _Protection
    sealed: bytes


def encode(ring: KeyRing, passphrase: str | None, random: Random, stretch: Stretch | Rounds) -> bytes:
    """The bytes of the key file. They hold secrets: they go into a private file and nowhere else."""
    keys = _Keys(keys=tuple(_entry(key) for key in ring.keys))
    if passphrase is None:
        return _json(_Clear(ring=keys))
    protection = _Protection(kdf=_kdf(stretch), salt=random(SALT_BYTES), nonce=random(NONCE_BYTES), stretch=stretch)
    cipher = AESGCM(_stretched(passphrase, protection.salt, stretch))
    return _json(
        _Sealed(protection=protection, sealed=cipher.encrypt(protection.nonce, _json(keys), _json(protection)))
    )


def decode(document: bytes, passphrase: str | None) -> KeyRing:
    """Raises Misconfigured, without any content, when the file is malformed, the passphrase is wrong or missing, or one
    is given for a file in the clear (somebody may have put that there)."""
    if passphrase is None:
        return _ring(_clear(document).ring)
    return _ring(_unsealed(document, passphrase))


def derivation(document: bytes) -> str | None:
    """How the passphrase of a key file becomes a key: ``argon2id`` or ``pbkdf2-sha256``. None for a file in the clear,
    and for one that :func:`decode` refuses."""
    try:
        return _Sealed.model_validate_json(document).protection.kdf
    except ValidationError:
        return None


def _clear(document: bytes) -> _Clear:
    try:
        return _Clear.model_validate_json(document)
    except ValidationError:
        reason = "the key file is malformed"
        if b'"protection"' in document:
            reason = "the key file needs its passphrase"
        raise Misconfigured(reason, code="bad-key-file") from None


def _unsealed(document: bytes, passphrase: str) -> _Keys:
    try:
        file = _Sealed.model_validate_json(document)
        protection = file.protection
        cipher = AESGCM(_stretched(passphrase, protection.salt, protection.stretch))
        opened = cipher.decrypt(protection.nonce, file.sealed, _json(protection))
        return _Keys.model_validate_json(opened)
    except InvalidTag:
        raise Misconfigured("the passphrase does not open the key file", code="bad-passphrase") from None
    except ValueError:  # ValidationError is one; so is a salt or nonce of an impossible length
        raise Misconfigured("the key file is malformed or not under a passphrase", code="bad-key-file") from None


def _ring(document: _Keys) -> KeyRing:
    return KeyRing(tuple(Key(_facts(entry), entry.material) for entry in document.keys))


def _facts(entry: _KeyEntry) -> KeyFacts:
    since = entry.since or entry.created_at
    return KeyFacts(entry.id, entry.use, entry.label, entry.state, entry.created_at, since, entry.place)


def _entry(key: Key) -> _KeyEntry:
    facts = key.facts
    return _KeyEntry(
        id=facts.id,
        use=facts.use,
        label=facts.label,
        state=facts.state,
        created_at=facts.created_at,
        since=facts.since,
        place=facts.place,
        material=key.material,
    )


def _stretched(passphrase: str, salt: bytes, stretch: Stretch | Rounds) -> bytes:
    if isinstance(stretch, Rounds):
        return PBKDF2HMAC(SHA256(), KEY_BYTES, salt, stretch.rounds).derive(passphrase.encode())
    return Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=stretch.iterations,
        lanes=stretch.lanes,
        memory_cost=stretch.memory_kib,
    ).derive(passphrase.encode())


def _json(document: _Document) -> bytes:
    """Members in the order of the class, bytes as URL-safe base64: one document has one form."""
    return document.model_dump_json().encode()
