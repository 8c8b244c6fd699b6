"""Wire protection as values: profiles, the keys of partners and of the gateway, and which of them a message takes.

Sources of the profiles: JOSE (RFC 7515, 7516, 7518), CMS (RFC 5652, 5083, 5084, 5753), HPKE (RFC 9180), FIPS 203, 204.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.errors import Misconfigured, Unprocessable


class Profile(StrEnum):
    """How payloads to and from a partner are protected."""

    NONE = "none"
    """Plain; only under agreements that allow it."""
    JOSE = "jose"
    """JWS inside JWE, both compact."""
    CMS = "cms"
    """SignedData inside AuthEnvelopedData."""
    CMS_CBC = "cms-cbc"
    """EnvelopedData with AES-CBC inside SignedData, for receivers that know nothing newer."""
    HPKE_PQ = "hpke-pq"
    """Hybrid HPKE with two signatures; between gateways."""


class Algorithm(StrEnum):
    """What kind of key it is."""

    P256 = "P-256"
    P384 = "P-384"
    RSA = "RSA"
    """3072 to 8192 bits."""
    MLDSA65 = "ML-DSA-65"
    MLKEM1024_P384 = "MLKEM1024-P384"


class Use(StrEnum):
    """What others do with the public key of a pair."""

    ENCRYPT = "encrypt"
    VERIFY = "verify"


class Stage(StrEnum):
    """The life of a wire key. Pending: known, and good for what its owner does; nobody encrypts to it or signs with it
    yet. Valid: confirmed. Retired: what is under it is refused."""

    PENDING = "pending"
    VALID = "valid"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Protection:
    """What a partner's file says: the profile, and the most bytes of a payload under it."""

    profile: Profile = Profile.NONE
    limit: int = 16 * 2**20


PLAIN = Protection()
GATEWAY = ""
"""The owner of the gateway's own keys."""
OVERLAP = 2
"""Keys of one owner, use and algorithm that may live at once (pending ones count)."""
WARNINGS = (60, 30, 7)
"""Days before its end at which a key is warned of."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The keys that a profile takes, most wanted algorithm first; one signature of each group."""

    encrypt: tuple[Algorithm, ...]
    sign: tuple[tuple[Algorithm, ...], ...]


_CURVES = (Algorithm.P256, Algorithm.P384)
NEEDS: Mapping[Profile, Needs] = {
    Profile.JOSE: Needs(_CURVES, ((Algorithm.P256, Algorithm.RSA),)),
    Profile.CMS: Needs((*_CURVES, Algorithm.RSA), ((*_CURVES, Algorithm.RSA),)),
    Profile.CMS_CBC: Needs((Algorithm.RSA,), ((Algorithm.RSA, *_CURVES),)),
    Profile.HPKE_PQ: Needs((Algorithm.MLKEM1024_P384,), ((Algorithm.P384,), (Algorithm.MLDSA65,))),
}


@dataclass(frozen=True, slots=True)
class Material:
    """The public side of a key."""

    id: str
    """SHA-256 of ``public`` in lower-case hex: 64 characters."""
    algorithm: Algorithm
    public: bytes = field(repr=False)
    """SubjectPublicKeyInfo (DER); of a hybrid key the ML-KEM key and the uncompressed point, one after the other."""
    certificate: bytes | None = field(default=None, repr=False)
    """DER; CMS names keys by it."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WireKey:
    """A key of a partner or of the gateway, as the register has it."""

    owner: str
    """The partner's key name; :data:`GATEWAY` for ours."""
    use: Use
    material: Material
    stage: Stage
    added_at: datetime
    confirmed_at: datetime | None = None
    private: bytes = field(default=b"", repr=False)
    """PKCS #8 (DER), or the seed and scalar of a hybrid key; only of ours, empty once retired."""

    @property
    def id(self) -> str:
        return self.material.id

    @property
    def algorithm(self) -> Algorithm:
        return self.material.algorithm

    def expired(self, now: datetime) -> bool:
        return self.material.expires_at is not None and self.material.expires_at <= now

    def days_left(self, now: datetime) -> int | None:
        return None if self.material.expires_at is None else (self.material.expires_at - now) // timedelta(days=1)


class MessageRefused(Unprocessable):
    """A protected message that is not taken. ``reason`` is for our log: one word, nothing of the message."""

    code = "message-refused"
    title = "The protected message is not one that can be opened and trusted"

    def __init__(self, reason: str, *, code: str | None = None) -> None:
        super().__init__(REFUSALS[code or self.code], code=code)
        self.reason = reason


REFUSALS: Mapping[str, str] = {
    "message-refused": "The message does not open, is not signed as agreed, or uses an algorithm that is not agreed.",
    "message-misdirected": "The message names another sender or recipient than those it came from and to.",
    "message-stale": "The message was signed too long ago, or in the future.",
    "message-replayed": "The id of the message is not the Idempotency-Key of the request.",
    "wire-key-unknown": "The message names a key that is not registered for its sender or for this gateway.",
    "wire-key-retired": "The message uses a key that is retired.",
    "wire-key-expired": "The message uses a key whose time is over.",
    "wire-test-failed": "This is not the proof that was asked for, or its time is over.",
    "protection-required": "Messages of this sender have to be protected as its partner file says.",
}
"""Code -> what the sender is told. One code for whatever goes wrong under our private key: no oracle."""


@dataclass(frozen=True, slots=True)
class Ends:
    """From whom and to whom: partner keys, or the gateway's name."""

    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Note:
    """What is signed together with the payload."""

    ends: Ends
    id: str
    """Of the delivery, with its edition, or of the submission."""
    at: datetime
    media_type: str


@dataclass(frozen=True, slots=True)
class Protected:
    body: bytes = field(repr=False)
    media_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that opened, with what its sender signed."""

    plain: bytes = field(repr=False)
    signers: tuple[str, ...]
    """Ids of the keys that verified it."""
    opener: str
    """Id of our key that opened it."""
    id: str | None = None
    at: datetime | None = None
    media_type: str | None = None


def newest(keys: Iterable[WireKey], use: Use, algorithms: Sequence[Algorithm], now: datetime) -> WireKey | None:
    """The key to encrypt to or to sign with: valid, not expired, of the most wanted algorithm, confirmed last."""
    fit = [key for key in keys if key.use is use and key.stage is Stage.VALID and not key.expired(now)]
    for algorithm in algorithms:
        of_it = [key for key in fit if key.algorithm is algorithm]
        if of_it:
            return max(of_it, key=lambda key: (key.confirmed_at or key.added_at, key.id))
    return None


def recipient_key(profile: Profile, keys: Iterable[WireKey], now: datetime) -> WireKey:
    """The partner's key that a message is encrypted to. Raises Misconfigured (``wire-key-missing``)."""
    found = newest(keys, Use.ENCRYPT, NEEDS[profile].encrypt, now)
    if found is None:
        wanted = " or ".join(NEEDS[profile].encrypt)
        raise Misconfigured(f"The partner has no confirmed key to encrypt to ({wanted}).", code="wire-key-missing")
    return found


def signing_keys(profile: Profile, keys: Sequence[WireKey], now: datetime) -> tuple[WireKey, ...]:
    """Our keys that sign a message, one a group. Raises Misconfigured (``wire-key-missing``)."""
    found = []
    for group in NEEDS[profile].sign:
        key = newest(keys, Use.VERIFY, group, now)
        if key is None:
            wanted = " or ".join(group)
            raise Misconfigured(f"The gateway has no key to sign with ({wanted}).", code="wire-key-missing")
        found.append(key)
    return tuple(found)


def usable(key: WireKey | None, now: datetime) -> WireKey:
    """The key that a message names, when it may be used. Raises MessageRefused."""
    if key is None:
        raise MessageRefused("key", code="wire-key-unknown")
    if key.stage is Stage.RETIRED:
        raise MessageRefused("key", code="wire-key-retired")
    if key.expired(now):
        raise MessageRefused("key", code="wire-key-expired")
    return key
