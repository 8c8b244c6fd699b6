"""The ASN.1 of CMS that our profiles use (RFC 5652, 5083, 5753), read and written as strict DER by ``cryptography``.

What is not in these forms (revocation lists, originator information, unsigned attributes, attributes of authenticated
content, passwords, shared keys) is refused by not being parsed. Algorithm identifiers are compared as whole DER values:
an algorithm with other parameters is another algorithm.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from gateway.core.protection import MessageRefused

T = TypeVar("T")
SEQUENCE = 0x30

DATA = ObjectIdentifier("1.2.840.113549.1.7.1")
SIGNED_DATA = ObjectIdentifier("1.2.840.113549.1.7.2")
ENVELOPED_DATA = ObjectIdentifier("1.2.840.113549.1.7.3")
AUTH_ENVELOPED_DATA = ObjectIdentifier("1.2.840.113549.1.9.16.1.23")
CONTENT_TYPE = ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = ObjectIdentifier("1.2.840.113549.1.9.4")
SIGNING_TIME = ObjectIdentifier("1.2.840.113549.1.9.5")
BINDING = ObjectIdentifier("2.25.225083116310512713042436527271137436218")
"""The signed attribute that names sender, recipient and id (an object identifier of a UUID, ITU-T X.667)."""


@asn1.sequence
class ContentInfo:
    content_type: ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class IssuerAndSerial:
    issuer: asn1.TLV
    serial: int


@asn1.sequence
class Attribute:
    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class BindingValue:
    """The value of :data:`BINDING`."""

    sender: str
    recipient: str
    id: str
    media_type: str


# --- signed -----------------------------------------------------------------------------------------------------------


@asn1.sequence
class EncapsulatedContent:
    content_type: ObjectIdentifier
    content: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class SignerInfo:
    version: int
    signer: IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)]
    digest: asn1.TLV
    attributes: Annotated[asn1.SetOf[Attribute], asn1.Implicit(0)]
    algorithm: asn1.TLV
    signature: bytes


@asn1.sequence
class SignedData:
    version: int
    digests: asn1.SetOf[asn1.TLV]
    content: EncapsulatedContent
    certificates: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(0)]
    signers: asn1.SetOf[SignerInfo]


@asn1.sequence
class UtcTimeValue:
    """Around a time, because a time alone is no form of ours."""

    at: asn1.UTCTime | asn1.GeneralizedTime


# --- enveloped --------------------------------------------------------------------------------------------------------


@asn1.sequence
class KeyTransport:
    version: int
    recipient: IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)]
    algorithm: asn1.TLV
    key: bytes


@asn1.sequence
class OriginatorKey:
    algorithm: asn1.TLV
    point: asn1.BitString


@asn1.sequence
class RecipientKeyId:
    key_id: bytes


@asn1.sequence
class RecipientKey:
    recipient: IssuerAndSerial | Annotated[RecipientKeyId, asn1.Implicit(0)]
    key: bytes


@asn1.sequence
class KeyAgreement:
    version: int
    originator: Annotated[
        IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)] | Annotated[OriginatorKey, asn1.Implicit(1)],
        asn1.Explicit(0),
    ]
    material: Annotated[bytes | None, asn1.Explicit(1)]
    algorithm: asn1.TLV
    keys: list[RecipientKey]


@asn1.sequence
class EncryptedContent:
    content_type: ObjectIdentifier
    algorithm: asn1.TLV
    content: Annotated[bytes, asn1.Implicit(0)]


@asn1.sequence
class EnvelopedData:
    version: int
    recipients: asn1.SetOf[KeyTransport | Annotated[KeyAgreement, asn1.Implicit(1)]]
    content: EncryptedContent


@asn1.sequence
class AuthEnvelopedData:
    version: int
    recipients: asn1.SetOf[KeyTransport | Annotated[KeyAgreement, asn1.Implicit(1)]]
    content: EncryptedContent
    tag: bytes


@asn1.sequence
class SharedInfo:
    """ECC-CMS-SharedInfo (RFC 5753, section 7.2)."""

    key_info: asn1.TLV
    party: Annotated[bytes | None, asn1.Explicit(0)]
    bits: Annotated[bytes, asn1.Explicit(2)]


# --- reading and writing ----------------------------------------------------------------------------------------------


def parsed(form: type[T], der: bytes) -> T:
    """Strict DER, to the last byte. Raises MessageRefused."""
    try:
        return asn1.decode_der(form, der)
    except ValueError:
        raise MessageRefused("form") from None


def inside(form: type[T], value: asn1.TLV) -> T:
    """A value that was taken as it came, read now. Raises MessageRefused."""
    return parsed(form, asn1.encode_der(value))


def any_of(value: object) -> asn1.TLV:
    """A value of one of our forms as one that may be anything."""
    return asn1.decode_der(asn1.TLV, asn1.encode_der(value))


def content_info(kind: ObjectIdentifier, content: object) -> bytes:
    return asn1.encode_der(ContentInfo(content_type=kind, content=any_of(content)))


def content_of(form: type[T], kind: ObjectIdentifier, der: bytes) -> T:
    """The content of a ContentInfo of this kind. Raises MessageRefused."""
    info = parsed(ContentInfo, der)
    if info.content_type != kind:
        raise MessageRefused("content-type")
    return inside(form, info.content)
