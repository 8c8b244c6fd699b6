"""Two ends that exchange protected messages: keys of each kind, made once, and messages between the two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from gateway.core.ports.protection import Expected
from gateway.core.protection import (
    GATEWAY,
    NEEDS,
    Algorithm,
    Ends,
    MessageRefused,
    Note,
    Profile,
    Stage,
    Use,
    WireKey,
)
from keys.wire.protection import WireProtection

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
END = NOW + timedelta(days=730)
OUT, BACK = Ends("gateway.example/audit", "ohio"), Ends("ohio", "gateway.example/audit")
LIMIT = 2**20
PLAIN = b"<Record>synthetic 900-12-3456</Record>"
WIRE = WireProtection()
CMS_KINDS = (
    (Profile.CMS, Algorithm.P256),
    (Profile.CMS, Algorithm.P384),
    (Profile.CMS, Algorithm.RSA),
    (Profile.CMS_CBC, Algorithm.RSA),
)
KINDS = (
    (Profile.JOSE, Algorithm.P256),
    (Profile.JOSE, Algorithm.P384),
    *CMS_KINDS,
    (Profile.HPKE_PQ, Algorithm.MLKEM1024_P384),
)
"""Every profile with every kind of key that it encrypts to."""


@cache
def key(owner: str, use: Use, algorithm: Algorithm, number: int = 0) -> WireKey:
    """A valid key, private side included; ``number`` tells several of one kind apart."""
    material, private = WIRE.make(algorithm, f"{owner or 'gateway'} {number}", NOW - timedelta(days=1), END)
    return WireKey(owner, use, material, Stage.VALID, NOW, NOW, private)


def public(one: WireKey) -> WireKey:
    """The key as somebody else has it."""
    return replace(one, private=b"")


def signers(profile: Profile, owner: str) -> tuple[WireKey, ...]:
    return tuple(key(owner, Use.VERIFY, group[0]) for group in NEEDS[profile].sign)


def note(ends: Ends = BACK, id_: str = "a-1", at: datetime = NOW) -> Note:
    return Note(ends, id_, at, "application/xml")


def message(profile: Profile, algorithm: Algorithm, plain: bytes = PLAIN) -> bytes:
    """From Ohio to the gateway."""
    to = public(key(GATEWAY, Use.ENCRYPT, algorithm))
    return WIRE.protect(profile, plain, note(), to, signers(profile, "ohio")).body


def expected(profile: Profile, algorithm: Algorithm, limit: int = LIMIT) -> Expected:
    """What the gateway takes from Ohio."""
    theirs = [public(one) for one in signers(profile, "ohio")]
    return Expected(BACK, NOW, limit, [key(GATEWAY, Use.ENCRYPT, algorithm)], theirs)


def taken(profile: Profile, sent: bytes, want: Expected) -> bool:
    """Whether a message is opened and trusted; what else might be raised is a fault."""
    try:
        WIRE.unprotect(profile, sent, want)
    except MessageRefused:
        return False
    return True
