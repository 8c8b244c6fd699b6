"""SignedData (RFC 5652, section 5): one signer, content inside, signed attributes that bind content, time and ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.core.protection import Ends, MessageRefused, Note
from keys.wire.cms_algorithms import (
    DIGEST_256,
    DIGEST_384,
    DIGESTS,
    ECDSA_256,
    ECDSA_384,
    PSS,
    PSS_SALT,
    RSA_256,
    Signature,
)
from keys.wire.cms_forms import (
    BINDING,
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SIGNING_TIME,
    Attribute,
    BindingValue,
    EncapsulatedContent,
    IssuerAndSerial,
    SignedData,
    SignerInfo,
    UtcTimeValue,
    any_of,
    content_info,
    content_of,
    inside,
    parsed,
)

T = TypeVar("T")
CertifiedPublic = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
CertifiedPrivate = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_MOST_ATTRIBUTES = 16
_PSS = padding.PSS(padding.MGF1(SHA256()), PSS_SALT)
_UTC_ENDS = 2050
"""From this year on a time is a GeneralizedTime (RFC 5652, section 11.3)."""


@dataclass(frozen=True, slots=True)
class CmsName:
    """How CMS names a key: by the certificate that it came in, or by its identifier."""

    issuer_and_serial: bytes | None
    """DER."""
    key_id: bytes
    certificate: bytes | None = None

    @classmethod
    def of(cls, public: CertifiedPublic, certificate: bytes | None) -> CmsName:
        if certificate is None:
            return cls(None, x509.SubjectKeyIdentifier.from_public_key(public).digest)
        known = x509.load_der_x509_certificate(certificate)
        try:
            key_id = known.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            key_id = x509.SubjectKeyIdentifier.from_public_key(public).digest
        issuer = asn1.decode_der(asn1.TLV, known.issuer.public_bytes())
        named = asn1.encode_der(IssuerAndSerial(issuer=issuer, serial=known.serial_number))
        return cls(named, key_id, certificate)

    def is_(self, named: IssuerAndSerial | bytes) -> bool:
        if isinstance(named, bytes):
            return named == self.key_id
        return asn1.encode_der(named) == self.issuer_and_serial

    def said(self) -> IssuerAndSerial | bytes:
        if self.issuer_and_serial is None:
            return self.key_id
        return parsed(IssuerAndSerial, self.issuer_and_serial)


@dataclass(frozen=True, slots=True)
class CmsSigner:
    """Our key that signs."""

    name: CmsName
    key: CertifiedPrivate


@dataclass(frozen=True, slots=True)
class CmsVerifier:
    """A sender's key that verifies."""

    id: str
    name: CmsName
    key: CertifiedPublic


@dataclass(frozen=True, slots=True)
class Verified:
    content: bytes
    signer: str
    at: datetime | None
    id: str | None
    media_type: str | None


# --- signing ----------------------------------------------------------------------------------------------------------


def sign(content: bytes, note: Note, by: CmsSigner, *, legacy: bool = False) -> bytes:
    """A ContentInfo. ``legacy``: RSA signs with the padding that old programs know."""
    large = isinstance(by.key, ec.EllipticCurvePrivateKey) and by.key.key_size > SHA256.digest_size * 8
    hash_: HashAlgorithm = SHA384() if large else SHA256()
    digest = DIGEST_384 if large else DIGEST_256
    attributes = asn1.SetOf(_attributes(content, note, hash_))
    signed = _set(attributes)
    signer = SignerInfo(
        version=3 if by.name.issuer_and_serial is None else 1,
        signer=by.name.said(),
        digest=digest,
        attributes=attributes,
        algorithm=_signature_algorithm(by.key, large=large, legacy=legacy),
        signature=_signature(by.key, signed, hash_, legacy=legacy),
    )
    certificates = None if by.name.certificate is None else asn1.SetOf([parsed(asn1.TLV, by.name.certificate)])
    whole = SignedData(
        version=signer.version,
        digests=asn1.SetOf([digest]),
        content=EncapsulatedContent(content_type=DATA, content=content),
        certificates=certificates,
        signers=asn1.SetOf([signer]),
    )
    return content_info(SIGNED_DATA, whole)


def _attributes(content: bytes, note: Note, hash_: HashAlgorithm) -> list[Attribute]:
    binding = BindingValue(
        sender=note.ends.sender, recipient=note.ends.recipient, id=note.id, media_type=note.media_type
    )
    return [
        _attribute(CONTENT_TYPE, any_of(DATA)),
        _attribute(MESSAGE_DIGEST, any_of(_digested(content, hash_))),
        _attribute(SIGNING_TIME, any_of(_time(note.at))),
        _attribute(BINDING, any_of(binding)),
    ]


def _attribute(kind: x509.ObjectIdentifier, value: asn1.TLV) -> Attribute:
    return Attribute(type=kind, values=asn1.SetOf([value]))


def _time(at: datetime) -> asn1.UTCTime | asn1.GeneralizedTime:
    whole = at.astimezone(UTC).replace(microsecond=0)
    return asn1.UTCTime(whole) if whole.year < _UTC_ENDS else asn1.GeneralizedTime(whole)


def _set(attributes: asn1.SetOf[Attribute]) -> bytes:
    """The DER of the set of signed attributes."""
    return asn1.encode_der(attributes)


def _digested(content: bytes, hash_: HashAlgorithm) -> bytes:
    digest = Hash(hash_)
    digest.update(content)
    return digest.finalize()


def _signature_algorithm(key: CertifiedPrivate, *, large: bool, legacy: bool) -> asn1.TLV:
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA_256 if legacy else PSS
    return ECDSA_384 if large else ECDSA_256


def _signature(key: CertifiedPrivate, signed: bytes, hash_: HashAlgorithm, *, legacy: bool) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15() if legacy else _PSS, hash_)
    return key.sign(signed, ec.ECDSA(hash_))


# --- verifying --------------------------------------------------------------------------------------------------------

FindVerifier = Callable[[IssuerAndSerial | bytes], CmsVerifier]
"""The sender's key of a name. Raises MessageRefused."""


def verify(der: bytes, ends: Ends, find: FindVerifier, allowed: Mapping[bytes, Signature]) -> Verified:
    """What one of the sender's keys signed. Certificates in the message are not looked at: the register says which keys
    are the sender's. Raises MessageRefused."""
    whole = content_of(SignedData, SIGNED_DATA, der)
    signers = whole.signers.as_list()
    if len(signers) != 1 or whole.content.content_type != DATA:
        raise MessageRefused("signature")
    signer, content = signers[0], whole.content.content
    version = 3 if isinstance(signer.signer, bytes) else 1
    if (whole.version, signer.version) != (version, version) or not _listed(signer.digest, whole.digests):
        raise MessageRefused("form")
    known = find(signer.signer)
    attributes = _read(signer.attributes.as_list())
    digest = _known(DIGESTS, signer.digest)
    if _one(attributes, CONTENT_TYPE, x509.ObjectIdentifier) != DATA:
        raise MessageRefused("signature")
    if not bytes_eq(_one(attributes, MESSAGE_DIGEST, bytes), _digested(content, digest)):
        raise MessageRefused("signature")
    _check(known.key, signer, digest, _known(allowed, signer.algorithm))
    binding = inside(BindingValue, attributes[BINDING]) if BINDING in attributes else None
    if binding is not None and (binding.sender, binding.recipient) != (ends.sender, ends.recipient):
        raise MessageRefused("ends", code="message-misdirected")
    at = _signing_time(attributes)
    if binding is None:
        return Verified(content, known.id, at, None, None)
    return Verified(content, known.id, at, binding.id, binding.media_type)


def _listed(digest: asn1.TLV, digests: asn1.SetOf[asn1.TLV]) -> bool:
    return [asn1.encode_der(one) for one in digests.as_list()] == [asn1.encode_der(digest)]


def _read(attributes: Sequence[Attribute]) -> Mapping[x509.ObjectIdentifier, asn1.TLV]:
    """Each attribute once, with one value."""
    found: dict[x509.ObjectIdentifier, asn1.TLV] = {}
    for attribute in attributes:
        values = attribute.values.as_list()
        if attribute.type in found or len(found) == _MOST_ATTRIBUTES:
            raise MessageRefused("attributes")
        if attribute.type in _OURS and len(values) != 1:
            raise MessageRefused("attributes")
        if values:
            found[attribute.type] = values[0]
    return found


_OURS = frozenset({CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, BINDING})


def _one(attributes: Mapping[x509.ObjectIdentifier, asn1.TLV], kind: x509.ObjectIdentifier, form: type[T]) -> T:
    if kind not in attributes:
        raise MessageRefused("attributes")
    return inside(form, attributes[kind])


def _signing_time(attributes: Mapping[x509.ObjectIdentifier, asn1.TLV]) -> datetime | None:
    if SIGNING_TIME not in attributes:
        return None
    der = asn1.encode_der(attributes[SIGNING_TIME])
    return parsed(UtcTimeValue, bytes([0x30, len(der)]) + der).at.as_datetime().replace(tzinfo=UTC)


def _known(table: Mapping[bytes, T], value: asn1.TLV) -> T:
    try:
        return table[asn1.encode_der(value)]
    except KeyError:
        raise MessageRefused("algorithm") from None


def _check(key: CertifiedPublic, signer: SignerInfo, digest: HashAlgorithm, scheme: Signature) -> None:
    hash_ = scheme.hash or digest
    if hash_.name != digest.name:
        raise MessageRefused("algorithm")
    signed = _set(signer.attributes)
    try:
        if isinstance(key, rsa.RSAPublicKey) and scheme.scheme != "ecdsa":
            key.verify(signer.signature, signed, _PSS if scheme.scheme == "pss" else padding.PKCS1v15(), hash_)
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme.scheme == "ecdsa":
            key.verify(signer.signature, signed, ec.ECDSA(hash_))
        else:
            raise MessageRefused("algorithm")
    except InvalidSignature:
        raise MessageRefused("signature") from None


def point_of(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
