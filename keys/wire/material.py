"""Wire keys: made, read from PEM, and loaded for work."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from textwrap import wrap

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, mlkem, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.hpke import MLKEM1024P384PrivateKey, MLKEM1024P384PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from gateway.core.errors import Misconfigured
from gateway.core.protection import Algorithm, Material

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | mldsa.MLDSA65PublicKey | MLKEM1024P384PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | mldsa.MLDSA65PrivateKey | MLKEM1024P384PrivateKey
CURVES: Mapping[Algorithm, ec.EllipticCurve] = {Algorithm.P256: ec.SECP256R1(), Algorithm.P384: ec.SECP384R1()}
RSA_BITS = 3_072
RSA_MOST = 8_192
"""Bits beyond which a key only costs time."""
HYBRID_LABEL = f"{Algorithm.MLKEM1024_P384} PUBLIC KEY"
_KEM_PUBLIC, _KEM_SEED = 1_568, 64
"""Bytes (FIPS 203, table 3; section 7.1)."""
_PEM = re.compile(r"\s*-----BEGIN ([A-Z0-9 -]{1,64})-----\s([A-Za-z0-9+/=\s]{1,65536})-----END \1-----\s*")


def fingerprint(public: bytes) -> str:
    """The id of a key, in hex: of base64url one id in 64 begins with a dash, and is an option to every command."""
    return sha256(public).hexdigest()


def _unfit(why: str) -> Misconfigured:
    return Misconfigured(f"The key {why}.", code="wire-key-unfit")


# --- reading ----------------------------------------------------------------------------------------------------------


def read(text: str) -> Material:
    """One PEM block: a certificate, a public key, or a hybrid key (:data:`HYBRID_LABEL`).
    Raises Misconfigured (``wire-key-unfit``)."""
    match = _PEM.fullmatch(text)
    if match is None:
        raise _unfit("is not one PEM block of a certificate or public key")
    reader = _READERS.get(match[1])
    if "PRIVATE" in match[1]:
        raise _unfit("is a private one: keep it, and give its public half")
    if reader is None:
        raise _unfit("is neither a certificate nor a public key")
    try:
        return reader(b64decode("".join(match[2].split()), validate=True))
    except (ValueError, Base64Error, UnsupportedAlgorithm):
        raise _unfit("cannot be read") from None


def _of_certificate(der: bytes) -> Material:
    certificate = x509.load_der_x509_certificate(der)
    public = certificate.public_key()
    algorithm = _algorithm(public)
    der_key = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Material(fingerprint(der_key), algorithm, der_key, der, certificate.not_valid_after_utc)


def _of_public(der: bytes) -> Material:
    public = load_der_public_key(der)
    return Material(fingerprint(der), _algorithm(public), der)


def _of_hybrid(raw: bytes) -> Material:
    _hybrid_public(raw)
    return Material(fingerprint(raw), Algorithm.MLKEM1024_P384, raw)


_READERS: Mapping[str, Callable[[bytes], Material]] = {
    "CERTIFICATE": _of_certificate,
    "PUBLIC KEY": _of_public,
    HYBRID_LABEL: _of_hybrid,
}


def _algorithm(public: object) -> Algorithm:
    if isinstance(public, ec.EllipticCurvePublicKey):
        for algorithm, curve in CURVES.items():
            if public.curve.name == curve.name:
                return algorithm
        raise _unfit("is on a curve other than P-256 and P-384")
    if isinstance(public, rsa.RSAPublicKey):
        if not RSA_BITS <= public.key_size <= RSA_MOST:
            raise _unfit(f"is an RSA key of less than {RSA_BITS} or more than {RSA_MOST} bits")
        return Algorithm.RSA
    if isinstance(public, mldsa.MLDSA65PublicKey):
        return Algorithm.MLDSA65
    raise _unfit("is of an algorithm that no profile uses")


def text_of(material: Material) -> str:
    """What :func:`read` reads."""
    if material.certificate is not None:
        return _pem("CERTIFICATE", material.certificate)
    label = HYBRID_LABEL if material.algorithm is Algorithm.MLKEM1024_P384 else "PUBLIC KEY"
    return _pem(label, material.public)


def _pem(label: str, der: bytes) -> str:
    lines = "\n".join(wrap(b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


# --- making -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Life:
    name: str
    begins: datetime
    ends: datetime


def made(algorithm: Algorithm, name: str, begins: datetime, ends: datetime) -> tuple[Material, bytes]:
    """A new pair and its private side. Keys that CMS may use get a self-signed certificate: what is trusted is the
    registered key, the certificate only carries it."""
    if algorithm is Algorithm.MLKEM1024_P384:
        return _make_hybrid(ends)
    private = _GENERATORS[algorithm]()
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    certificate = None
    if not isinstance(private, mldsa.MLDSA65PrivateKey):
        certificate = _certified(private, _Life(name, begins, ends)).public_bytes(Encoding.DER)
    kept = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Material(fingerprint(public), algorithm, public, certificate, ends), kept


_GENERATORS: Mapping[
    Algorithm, Callable[[], ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | mldsa.MLDSA65PrivateKey]
] = {
    Algorithm.P256: lambda: ec.generate_private_key(ec.SECP256R1()),
    Algorithm.P384: lambda: ec.generate_private_key(ec.SECP384R1()),
    Algorithm.RSA: lambda: rsa.generate_private_key(65_537, RSA_BITS),
    Algorithm.MLDSA65: mldsa.MLDSA65PrivateKey.generate,
}


def _make_hybrid(ends: datetime) -> tuple[Material, bytes]:
    kem, curve = mlkem.MLKEM1024PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())
    point = curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = kem.public_key().public_bytes_raw() + point
    scalar = curve.private_numbers().private_value.to_bytes(48, "big")
    return Material(fingerprint(public), Algorithm.MLKEM1024_P384, public, None, ends), kem.private_bytes_raw() + scalar


def _certified(private: CertificateIssuerPrivateKeyTypes, life: _Life) -> x509.Certificate:
    public = private.public_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, life.name[:64])])
    large = isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == CURVES[Algorithm.P384].name
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(life.begins)
        .not_valid_after(life.ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(private, SHA384() if large else SHA256())
    )


# --- loading ----------------------------------------------------------------------------------------------------------


def load_public(material: Material) -> PublicKey:
    if material.algorithm is Algorithm.MLKEM1024_P384:
        return _hybrid_public(material.public)
    public = load_der_public_key(material.public)
    if not isinstance(public, PublicKey):
        raise _unfit("is of an algorithm that no profile uses")
    return public


def load_private(algorithm: Algorithm, private: bytes) -> PrivateKey:
    if algorithm is Algorithm.MLKEM1024_P384:
        scalar = int.from_bytes(private[_KEM_SEED:], "big")
        return MLKEM1024P384PrivateKey(
            mlkem.MLKEM1024PrivateKey.from_seed_bytes(private[:_KEM_SEED]),
            ec.derive_private_key(scalar, ec.SECP384R1()),
        )
    # It was sealed by us and opened unchanged; checking the primes of an RSA key again takes a third of a second.
    key = load_der_private_key(private, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        raise _unfit("is of an algorithm that no profile uses")
    return key


def _hybrid_public(raw: bytes) -> MLKEM1024P384PublicKey:
    kem = mlkem.MLKEM1024PublicKey.from_public_bytes(raw[:_KEM_PUBLIC])
    return MLKEM1024P384PublicKey(kem, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), raw[_KEM_PUBLIC:]))
