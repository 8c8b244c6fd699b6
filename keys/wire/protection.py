"""The port ``Wire``: a table of profiles over keys that are loaded once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.hazmat.primitives.hpke import MLKEM1024P384PrivateKey, MLKEM1024P384PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc.jwk import ECKey, RSAKey

from gateway.core.ports.protection import Expected
from gateway.core.protection import (
    NEEDS,
    Algorithm,
    Material,
    MessageRefused,
    Note,
    Opened,
    Profile,
    Protected,
    Use,
    WireKey,
    usable,
)
from keys.wire import cms, hybrid, jose
from keys.wire.cms_enveloped import CmsOpener, CmsRecipient, FindOpener
from keys.wire.cms_forms import IssuerAndSerial
from keys.wire.cms_signed import CmsName, CmsSigner, CmsVerifier, FindVerifier
from keys.wire.material import PrivateKey, PublicKey, load_private, load_public, made, read, text_of

_ROOM = 4_096
"""Loaded keys that are kept; beyond, all are loaded anew when they are used next."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One profile: how it protects and opens, how messages are named, how much longer they are than payloads."""

    protect: Callable[[WireProtection, bytes, Note, WireKey, Sequence[WireKey]], bytes]
    unprotect: Callable[[WireProtection, bytes, _Keys], Opened]
    media_type: str
    extension: str
    size: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys that a message may have been made with."""

    profile: Profile
    expected: Expected

    def ours(self) -> list[WireKey]:
        wanted = NEEDS[self.profile].encrypt
        return [key for key in self.expected.ours if key.use is Use.ENCRYPT and key.algorithm in wanted]

    def theirs(self) -> list[WireKey]:
        wanted = {algorithm for group in NEEDS[self.profile].sign for algorithm in group}
        return [key for key in self.expected.theirs if key.use is Use.VERIFY and key.algorithm in wanted]

    def opener(self, id_: str) -> WireKey:
        return usable(next((key for key in self.ours() if key.id == id_), None), self.expected.now)

    def verifier(self, id_: str) -> WireKey:
        return usable(next((key for key in self.theirs() if key.id == id_), None), self.expected.now)


class WireProtection:
    """Implements :class:`gateway.core.ports.protection.Wire`."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], object] = {}

    def protect(self, profile: Profile, plain: bytes, note: Note, to: WireKey, by: Sequence[WireKey]) -> Protected:
        way = WAYS[profile]
        return Protected(way.protect(self, plain, note, to, by), way.media_type, way.extension)

    def unprotect(self, profile: Profile, message: bytes, expected: Expected) -> Opened:
        way = WAYS[profile]
        if len(message) > way.size(expected.limit):
            raise MessageRefused("size")
        opened = way.unprotect(self, message, _Keys(profile, expected))
        if len(opened.plain) > expected.limit:
            raise MessageRefused("size")
        return opened

    def longest(self, profile: Profile, limit: int) -> int:
        """Bytes of a message over a payload of ``limit`` bytes, at most."""
        return WAYS[profile].size(limit)

    def media_type(self, profile: Profile) -> str:
        return WAYS[profile].media_type.partition(";")[0]

    def material(self, text: str) -> Material:
        return read(text)

    def make(self, algorithm: Algorithm, name: str, begins: datetime, ends: datetime) -> tuple[Material, bytes]:
        return made(algorithm, name, begins, ends)

    def public_text(self, known: Material) -> str:
        return text_of(known)

    def kept(self, kind: str, key: WireKey, load: Callable[[], object]) -> object:
        """A key made ready for a use, once."""
        if len(self._loaded) >= _ROOM:
            self._loaded.clear()
        place = (kind, key.id)
        if place not in self._loaded:
            self._loaded[place] = load()
        return self._loaded[place]

    def public(self, key: WireKey) -> PublicKey:
        found = self.kept("public", key, lambda: load_public(key.material))
        if not isinstance(found, PublicKey):
            raise MessageRefused("key")
        return found

    def private(self, key: WireKey) -> PrivateKey:
        found = self.kept("private", key, lambda: load_private(key.algorithm, key.private))
        if not isinstance(found, PrivateKey):
            raise MessageRefused("key")
        return found

    def name(self, key: WireKey) -> CmsName:
        public = self.public(key)
        if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise MessageRefused("key")
        found = self.kept("name", key, lambda: CmsName.of(public, key.material.certificate))
        if not isinstance(found, CmsName):
            raise MessageRefused("key")
        return found


# --- jose -------------------------------------------------------------------------------------------------------------


def _jose_key(wire: WireProtection, key: WireKey, *, private: bool) -> jose.JoseKey:
    def load() -> jose.JoseKey:
        kind = RSAKey if key.algorithm is Algorithm.RSA else ECKey
        return jose.JoseKey(key.id, key.algorithm, kind.import_key(_pem(wire, key, private=private)))

    found = wire.kept("jose-private" if private else "jose-public", key, load)
    if not isinstance(found, jose.JoseKey):
        raise MessageRefused("key")
    return found


def _pem(wire: WireProtection, key: WireKey, *, private: bool) -> bytes:
    if private:
        own = wire.private(key)
        if not isinstance(own, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise MessageRefused("key")
        return own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = wire.public(key)
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise MessageRefused("key")
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _protect_jose(wire: WireProtection, plain: bytes, note: Note, to: WireKey, by: Sequence[WireKey]) -> bytes:
    return jose.protect(plain, note, _jose_key(wire, to, private=False), _jose_key(wire, by[0], private=True))


def _unprotect_jose(wire: WireProtection, message: bytes, keys: _Keys) -> Opened:
    return jose.unprotect(
        message,
        keys.expected.ends,
        lambda id_: _jose_key(wire, keys.opener(id_), private=True),
        lambda id_: _jose_key(wire, keys.verifier(id_), private=False),
    )


# --- CMS --------------------------------------------------------------------------------------------------------------


def _recipient(wire: WireProtection, key: WireKey) -> CmsRecipient:
    public = wire.public(key)
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise MessageRefused("key")
    return CmsRecipient(wire.name(key), public)


def _signer(wire: WireProtection, key: WireKey) -> CmsSigner:
    private = wire.private(key)
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise MessageRefused("key")
    return CmsSigner(wire.name(key), private)


def _cms_finders(wire: WireProtection, keys: _Keys) -> tuple[FindOpener, FindVerifier]:
    def opener(named: IssuerAndSerial | bytes) -> CmsOpener | None:
        found = next((key for key in keys.ours() if wire.name(key).is_(named)), None)
        if found is None:
            return None
        private = wire.private(usable(found, keys.expected.now))
        if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise MessageRefused("key")
        return CmsOpener(found.id, wire.name(found), private)

    def verifier(named: IssuerAndSerial | bytes) -> CmsVerifier:
        found = usable(next((key for key in keys.theirs() if wire.name(key).is_(named)), None), keys.expected.now)
        public = wire.public(found)
        if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise MessageRefused("key")
        return CmsVerifier(found.id, wire.name(found), public)

    return opener, verifier


def _protect_cms(wire: WireProtection, plain: bytes, note: Note, to: WireKey, by: Sequence[WireKey]) -> bytes:
    return cms.protect(plain, note, _recipient(wire, to), _signer(wire, by[0]))


def _unprotect_cms(wire: WireProtection, message: bytes, keys: _Keys) -> Opened:
    return cms.unprotect(message, keys.expected.ends, *_cms_finders(wire, keys))


def _protect_cbc(wire: WireProtection, plain: bytes, note: Note, to: WireKey, by: Sequence[WireKey]) -> bytes:
    return cms.protect_cbc(plain, note, _recipient(wire, to), _signer(wire, by[0]))


def _unprotect_cbc(wire: WireProtection, message: bytes, keys: _Keys) -> Opened:
    return cms.unprotect_cbc(message, keys.expected.ends, *_cms_finders(wire, keys))


# --- hybrid -----------------------------------------------------------------------------------------------------------


def _protect_hybrid(wire: WireProtection, plain: bytes, note: Note, to: WireKey, by: Sequence[WireKey]) -> bytes:
    key, ecdsa, mldsa_ = wire.public(to), wire.private(by[0]), wire.private(by[1])
    if (
        not isinstance(key, MLKEM1024P384PublicKey)
        or not isinstance(ecdsa, ec.EllipticCurvePrivateKey)
        or not isinstance(mldsa_, mldsa.MLDSA65PrivateKey)
    ):
        raise MessageRefused("key")
    signer = hybrid.HybridSigner(by[0].id, ecdsa, by[1].id, mldsa_)
    return hybrid.protect(plain, note, hybrid.HybridRecipient(to.id, key), signer)


def _unprotect_hybrid(wire: WireProtection, message: bytes, keys: _Keys) -> Opened:
    def opener(id_: str) -> MLKEM1024P384PrivateKey:
        found = wire.private(keys.opener(id_))
        if not isinstance(found, MLKEM1024P384PrivateKey):
            raise MessageRefused("key")
        return found

    def verifiers(ecdsa_id: str, mldsa_id: str) -> hybrid.HybridVerifier:
        ecdsa, mldsa_ = wire.public(keys.verifier(ecdsa_id)), wire.public(keys.verifier(mldsa_id))
        if not isinstance(ecdsa, ec.EllipticCurvePublicKey) or not isinstance(mldsa_, mldsa.MLDSA65PublicKey):
            raise MessageRefused("key")
        return hybrid.HybridVerifier(ecdsa, mldsa_)

    return hybrid.unprotect(message, keys.expected.ends, opener, verifiers)


WAYS: Mapping[Profile, _Way] = {
    Profile.JOSE: _Way(_protect_jose, _unprotect_jose, "application/jose", ".jwe", jose.size_of),
    Profile.CMS: _Way(
        _protect_cms,
        _unprotect_cms,
        "application/pkcs7-mime; smime-type=authEnveloped-data",
        ".p7m",
        lambda size: size + cms.OVERHEAD,
    ),
    Profile.CMS_CBC: _Way(
        _protect_cbc,
        _unprotect_cbc,
        "application/pkcs7-mime; smime-type=signed-data",
        ".p7m",
        lambda size: size + cms.OVERHEAD,
    ),
    Profile.HPKE_PQ: _Way(
        _protect_hybrid,
        _unprotect_hybrid,
        "application/vnd.child-support-gateway.hpke-pq",
        ".hpke",
        lambda size: size + hybrid.OVERHEAD,
    ),
}
"""Every profile but ``none``, which needs no way."""
