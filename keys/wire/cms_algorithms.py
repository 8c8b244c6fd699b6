"""The algorithm identifiers that our CMS profiles know: whole DER values -> what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509 import ObjectIdentifier


@asn1.sequence
class _Bare:
    """An algorithm identifier without parameters."""

    oid: ObjectIdentifier


@asn1.sequence
class _WithNull:
    oid: ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _Nested:
    """One whose parameters are another one."""

    oid: ObjectIdentifier
    parameters: asn1.TLV


@asn1.sequence
class _OaepParameters:
    """RFC 4055, section 4.1; the label is empty, which is the default."""

    hash: Annotated[asn1.TLV, asn1.Explicit(0)]
    mask: Annotated[asn1.TLV, asn1.Explicit(1)]


@asn1.sequence
class _PssParameters:
    """RFC 4055, section 3.1; the trailer is the default."""

    hash: Annotated[asn1.TLV, asn1.Explicit(0)]
    mask: Annotated[asn1.TLV, asn1.Explicit(1)]
    salt: Annotated[int, asn1.Explicit(2)]


@asn1.sequence
class GcmParameters:
    """RFC 5084, section 3.2."""

    nonce: bytes
    tag_length: Annotated[int, asn1.Default(12)]


@asn1.sequence
class GcmAlgorithm:
    oid: ObjectIdentifier
    parameters: GcmParameters


@asn1.sequence
class CbcAlgorithm:
    """RFC 3565, section 4.1."""

    oid: ObjectIdentifier
    iv: bytes


@asn1.sequence
class EcAlgorithm:
    """RFC 5480, section 2.1.1; senders give the curve, NULL or nothing (RFC 5753, section 3.1.1)."""

    oid: ObjectIdentifier
    curve: ObjectIdentifier | asn1.Null | None


AES256_GCM = ObjectIdentifier("2.16.840.1.101.3.4.1.46")
AES256_CBC = ObjectIdentifier("2.16.840.1.101.3.4.1.42")
EC_KEY = ObjectIdentifier("1.2.840.10045.2.1")
_SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_SHA384 = ObjectIdentifier("2.16.840.1.101.3.4.2.2")
_SHA512 = ObjectIdentifier("2.16.840.1.101.3.4.2.3")
_MGF1 = ObjectIdentifier("1.2.840.113549.1.1.8")
_OAEP = ObjectIdentifier("1.2.840.113549.1.1.7")
_PSS = ObjectIdentifier("1.2.840.113549.1.1.10")
_RSA = ObjectIdentifier("1.2.840.113549.1.1.1")
_SHA256_RSA = ObjectIdentifier("1.2.840.113549.1.1.11")
_ECDSA_SHA256 = ObjectIdentifier("1.2.840.10045.4.3.2")
_ECDSA_SHA384 = ObjectIdentifier("1.2.840.10045.4.3.3")
_ECDSA_SHA512 = ObjectIdentifier("1.2.840.10045.4.3.4")
_WRAP256 = ObjectIdentifier("2.16.840.1.101.3.4.1.45")
_AGREE_SHA256 = ObjectIdentifier("1.3.132.1.11.1")
_AGREE_SHA384 = ObjectIdentifier("1.3.132.1.11.2")
PSS_SALT = 32


def _tlv(value: object) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, asn1.encode_der(value))


def _bare(oid: ObjectIdentifier) -> asn1.TLV:
    return _tlv(_Bare(oid=oid))


def _null(oid: ObjectIdentifier) -> asn1.TLV:
    return _tlv(_WithNull(oid=oid, parameters=asn1.Null()))


def _nested(oid: ObjectIdentifier, parameters: object) -> asn1.TLV:
    return _tlv(_Nested(oid=oid, parameters=_tlv(parameters)))


_HASH = (_null(_SHA256), _bare(_SHA256))
"""Whether a hash has NULL parameters or none is not settled among programs (RFC 5754, section 2)."""


def _oaep(hash_: asn1.TLV) -> asn1.TLV:
    return _nested(_OAEP, _OaepParameters(hash=hash_, mask=_nested(_MGF1, hash_)))


def _pss(hash_: asn1.TLV) -> asn1.TLV:
    return _nested(_PSS, _PssParameters(hash=hash_, mask=_nested(_MGF1, hash_), salt=PSS_SALT))


@dataclass(frozen=True, slots=True)
class Agreement:
    """A key agreement: its derivation, and the identifier of the wrap as it goes into the derivation."""

    hash: HashAlgorithm
    wrap: asn1.TLV


@dataclass(frozen=True, slots=True)
class Signature:
    scheme: str
    """``ecdsa``, ``pss`` or ``v1.5``."""
    hash: HashAlgorithm | None
    """None: the one of the digest."""


OAEP, PSS = _oaep(_HASH[0]), _pss(_HASH[0])
WRAP = _bare(_WRAP256)
AGREEMENT_256, AGREEMENT_384 = _nested(_AGREE_SHA256, _Bare(oid=_WRAP256)), _nested(_AGREE_SHA384, _Bare(oid=_WRAP256))
DIGEST_256, DIGEST_384 = _bare(_SHA256), _bare(_SHA384)
ECDSA_256, ECDSA_384 = _bare(_ECDSA_SHA256), _bare(_ECDSA_SHA384)
RSA_256 = _null(_SHA256_RSA)
EC_PUBLIC = _bare(EC_KEY)

_der = asn1.encode_der
TRANSPORTS: frozenset[bytes] = frozenset(_der(_oaep(hash_)) for hash_ in _HASH)
"""Key transport: RSA-OAEP with SHA-256 and nothing else."""
AGREEMENTS: Mapping[bytes, Agreement] = {
    _der(_nested(oid, form)): Agreement(hash_, _tlv(form))
    for oid, hash_ in ((_AGREE_SHA256, SHA256()), (_AGREE_SHA384, SHA384()))
    for form in (_Bare(oid=_WRAP256), _WithNull(oid=_WRAP256, parameters=asn1.Null()))
}
DIGESTS: Mapping[bytes, HashAlgorithm] = {
    _der(form(oid)): hash_
    for oid, hash_ in ((_SHA256, SHA256()), (_SHA384, SHA384()), (_SHA512, SHA512()))
    for form in (_bare, _null)
}
MODERN: Mapping[bytes, Signature] = {
    _der(ECDSA_256): Signature("ecdsa", SHA256()),
    _der(ECDSA_384): Signature("ecdsa", SHA384()),
    _der(_bare(_ECDSA_SHA512)): Signature("ecdsa", SHA512()),
    **{_der(_pss(hash_)): Signature("pss", SHA256()) for hash_ in _HASH},
}
LEGACY: Mapping[bytes, Signature] = {
    **MODERN,
    _der(RSA_256): Signature("v1.5", SHA256()),
    _der(_null(_RSA)): Signature("v1.5", None),
}
"""With the padding of old programs; a matter of signatures only, never of encryption."""
