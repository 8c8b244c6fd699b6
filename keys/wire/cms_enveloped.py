"""EnvelopedData and AuthEnvelopedData (RFC 5652, section 6; RFC 5083): one content key, wrapped for one recipient."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.padding import PKCS7

from gateway.core.protection import MessageRefused
from keys.wire.cms_algorithms import (
    AES256_CBC,
    AES256_GCM,
    AGREEMENT_256,
    AGREEMENT_384,
    AGREEMENTS,
    EC_KEY,
    EC_PUBLIC,
    OAEP,
    TRANSPORTS,
    WRAP,
    Agreement,
    CbcAlgorithm,
    EcAlgorithm,
    GcmAlgorithm,
    GcmParameters,
)
from keys.wire.cms_forms import (
    AUTH_ENVELOPED_DATA,
    DATA,
    ENVELOPED_DATA,
    AuthEnvelopedData,
    EncryptedContent,
    EnvelopedData,
    IssuerAndSerial,
    KeyAgreement,
    KeyTransport,
    OriginatorKey,
    RecipientKey,
    RecipientKeyId,
    SharedInfo,
    any_of,
    content_info,
    content_of,
    inside,
)
from keys.wire.cms_signed import CertifiedPrivate, CertifiedPublic, CmsName, point_of
from keys.wire.stand_in import stand_in

KEY_BYTES, NONCE_BYTES, TAG_BYTES, BLOCK_BYTES = 32, 12, 16, 16
MOST_RECIPIENTS = 16
_KEY_BITS = (KEY_BYTES * 8).to_bytes(4, "big")
_OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
_LARGE = 256


@dataclass(frozen=True, slots=True)
class CmsRecipient:
    """A partner's key that a message is for."""

    name: CmsName
    key: CertifiedPublic


@dataclass(frozen=True, slots=True)
class CmsOpener:
    """A key of ours that opens. ``key`` None: it is retired."""

    id: str
    name: CmsName
    key: CertifiedPrivate | None


FindOpener = Callable[[IssuerAndSerial | bytes], CmsOpener | None]
"""Our key of a name; None when the name is somebody else's. Raises MessageRefused for one that is not used any more."""
_Recipient = KeyTransport | KeyAgreement


# --- making -----------------------------------------------------------------------------------------------------------


def encrypt(content: bytes, to: CmsRecipient) -> bytes:
    """AuthEnvelopedData with AES-256-GCM, as a ContentInfo."""
    key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, content, None)
    algorithm = GcmAlgorithm(oid=AES256_GCM, parameters=GcmParameters(nonce=nonce, tag_length=TAG_BYTES))
    whole = AuthEnvelopedData(
        version=0,
        recipients=asn1.SetOf([_recipient(key, to)]),
        content=EncryptedContent(content_type=DATA, algorithm=any_of(algorithm), content=sealed[:-TAG_BYTES]),
        tag=sealed[-TAG_BYTES:],
    )
    return content_info(AUTH_ENVELOPED_DATA, whole)


def encrypt_cbc(content: bytes, to: CmsRecipient) -> bytes:
    """EnvelopedData with AES-256-CBC, as a ContentInfo. Whoever uses it signs it outside."""
    key, iv = os.urandom(KEY_BYTES), os.urandom(BLOCK_BYTES)
    padder, encryptor = PKCS7(BLOCK_BYTES * 8).padder(), Cipher(AES(key), CBC(iv)).encryptor()
    padded = padder.update(content) + padder.finalize()
    sealed = encryptor.update(padded) + encryptor.finalize()
    algorithm = any_of(CbcAlgorithm(oid=AES256_CBC, iv=iv))
    whole = EnvelopedData(
        version=2 if to.name.issuer_and_serial is None else 0,
        recipients=asn1.SetOf([_recipient(key, to)]),
        content=EncryptedContent(content_type=DATA, algorithm=algorithm, content=sealed),
    )
    return content_info(ENVELOPED_DATA, whole)


def _recipient(key: bytes, to: CmsRecipient) -> _Recipient:
    if isinstance(to.key, rsa.RSAPublicKey):
        version = 2 if to.name.issuer_and_serial is None else 0
        return KeyTransport(version=version, recipient=to.name.said(), algorithm=OAEP, key=to.key.encrypt(key, _OAEP))
    ephemeral = ec.generate_private_key(to.key.curve)
    large = to.key.curve.key_size > _LARGE
    agreement = Agreement(SHA384() if large else SHA256(), WRAP)
    wrapped = aes_key_wrap(_agreed(ephemeral, to.key, agreement, None), key)
    said = to.name.said()
    named = RecipientKeyId(key_id=said) if isinstance(said, bytes) else said
    return KeyAgreement(
        version=3,
        originator=OriginatorKey(algorithm=EC_PUBLIC, point=asn1.BitString(point_of(ephemeral.public_key()), 0)),
        material=None,
        algorithm=AGREEMENT_384 if large else AGREEMENT_256,
        keys=[RecipientKey(recipient=named, key=wrapped)],
    )


def _agreed(
    private: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, agreement: Agreement, party: bytes | None
) -> bytes:
    """The key that wraps (RFC 5753, section 7; the derivation of ANSI X9.63)."""
    info = asn1.encode_der(SharedInfo(key_info=agreement.wrap, party=party, bits=_KEY_BITS))
    return X963KDF(agreement.hash, KEY_BYTES, info).derive(private.exchange(ec.ECDH(), public))


# --- opening ----------------------------------------------------------------------------------------------------------


def decrypt(der: bytes, find: FindOpener) -> tuple[bytes, str]:
    """The content of AuthEnvelopedData and the id of our key that opened it. Raises MessageRefused."""
    whole = content_of(AuthEnvelopedData, AUTH_ENVELOPED_DATA, der)
    algorithm = inside(GcmAlgorithm, whole.content.algorithm)
    parameters = algorithm.parameters
    if whole.version != 0 or whole.content.content_type != DATA:
        raise MessageRefused("form")
    sizes = (len(parameters.nonce), parameters.tag_length, len(whole.tag))
    if algorithm.oid != AES256_GCM or sizes != (NONCE_BYTES, TAG_BYTES, TAG_BYTES):
        raise MessageRefused("algorithm")
    found = _content_key(whole.recipients, find)
    try:
        plain = AESGCM(found.key).decrypt(parameters.nonce, whole.content.content + whole.tag, None)
    except InvalidTag:
        raise MessageRefused("open") from None
    return found.opens(plain)


def decrypt_cbc(der: bytes, find: FindOpener) -> tuple[bytes, str]:
    """The same for EnvelopedData; only for bytes whose signature has been verified."""
    whole = content_of(EnvelopedData, ENVELOPED_DATA, der)
    algorithm = inside(CbcAlgorithm, whole.content.algorithm)
    if (
        whole.version not in {0, 2}
        or algorithm.oid != AES256_CBC
        or whole.content.content_type != DATA
        or len(algorithm.iv) != BLOCK_BYTES
    ):
        raise MessageRefused("algorithm")
    found = _content_key(whole.recipients, find)
    decryptor, unpadder = Cipher(AES(found.key), CBC(algorithm.iv)).decryptor(), PKCS7(BLOCK_BYTES * 8).unpadder()
    try:
        padded = decryptor.update(whole.content.content) + decryptor.finalize()
        plain = unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise MessageRefused("open") from None
    return found.opens(plain)


@dataclass(frozen=True, slots=True)
class _ContentKey:
    key: bytes
    opener: str
    real: bool = True
    """False: it did not unwrap, and this is a stand-in."""

    def opens(self, plain: bytes) -> tuple[bytes, str]:
        """The content and the id of our key. A stand-in opens nothing, though its padding may fit by chance."""
        if not self.real:
            raise MessageRefused("open")
        return plain, self.opener


def _content_key(recipients: asn1.SetOf[_Recipient], find: FindOpener) -> _ContentKey:
    """Of the one recipient that is us. Two that are us are one too many: which of them counts would be a matter of
    taste."""
    listed = recipients.as_list()
    if not 0 < len(listed) <= MOST_RECIPIENTS:
        raise MessageRefused("recipient")
    found = [(one, opener) for one in listed for opener in _openers(one, find)]
    if len(found) != 1:
        raise MessageRefused("recipient")
    one, opener = found[0]
    try:
        key = _unwrapped(one, opener)
    except (ValueError, InvalidUnwrap):
        key = b""
    if len(key) != KEY_BYTES:
        return _ContentKey(stand_in(KEY_BYTES), opener.id, real=False)
    return _ContentKey(key, opener.id)


def _openers(one: _Recipient, find: FindOpener) -> list[CmsOpener]:
    if isinstance(one, KeyTransport):
        names: list[IssuerAndSerial | bytes] = [one.recipient]
    else:
        names = [r.recipient.key_id if isinstance(r.recipient, RecipientKeyId) else r.recipient for r in one.keys]
    return [opener for name in names if (opener := find(name)) is not None]


def _unwrapped(one: _Recipient, opener: CmsOpener) -> bytes:
    identifier = asn1.encode_der(one.algorithm)
    if one.version != _version(one):
        raise MessageRefused("form")
    if isinstance(one, KeyTransport):
        if identifier not in TRANSPORTS or not isinstance(opener.key, rsa.RSAPrivateKey):
            raise MessageRefused("algorithm")
        return opener.key.decrypt(one.key, _OAEP)
    agreement = AGREEMENTS.get(identifier)
    if agreement is None or not isinstance(opener.key, ec.EllipticCurvePrivateKey) or len(one.keys) != 1:
        raise MessageRefused("algorithm")
    if not isinstance(one.originator, OriginatorKey) or inside(EcAlgorithm, one.originator.algorithm).oid != EC_KEY:
        raise MessageRefused("algorithm")
    point = one.originator.point
    if point.padding_bits():
        raise MessageRefused("form")
    public = ec.EllipticCurvePublicKey.from_encoded_point(opener.key.curve, point.as_bytes())
    return aes_key_unwrap(_agreed(opener.key, public, agreement, one.material), one.keys[0].key)


def _version(one: _Recipient) -> int:
    """RFC 5652, sections 6.2.1 and 6.2.2."""
    if isinstance(one, KeyAgreement):
        return 3
    return 2 if isinstance(one.recipient, bytes) else 0
