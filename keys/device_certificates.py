"""Certificates of the agency's own computers: which authority issued them, whoever shows them."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.core.approved import LEAST_RSA_BITS
from gateway.core.errors import Misconfigured
from gateway.core.ports.callers import CertificateFacts
from gateway.core.unproven import Reason, Unproven
from keys.certificates import facts

_CLIENTS = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


class DeviceCertificates:
    """Reads certificates that one of the authorities issued itself; others of its hierarchy do not count."""

    def __init__(self, pem: bytes) -> None:
        """``pem``: the authorities' certificates. Raises Misconfigured for a file that holds none."""
        try:
            self._authorities = tuple(x509.load_pem_x509_certificates(pem))
        except ValueError:
            raise Misconfigured("console.device_ca: the file holds no certificate in PEM.") from None

    def read(self, der: bytes) -> CertificateFacts:
        """What the certificate says of itself. Raises Unproven for what is none, for one of another authority, for one
        that is not for clients (RFC 5280, section 4.2.1.12), and for one that is too weak (SP 800-131A)."""
        try:
            shown = x509.load_der_x509_certificate(der)
            fit = (
                _is_for_clients(shown) and not _is_weak(shown) and any(_issued(shown, one) for one in self._authorities)
            )
        except ValueError:
            raise Unproven(Reason.CERTIFICATE_FIELD) from None
        if not fit:
            raise Unproven(Reason.CERTIFICATE_UNKNOWN)
        return facts(der)


def _issued(shown: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        shown.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _is_weak(shown: x509.Certificate) -> bool:
    """Whether its key or its signature is one that TLS of ours refuses: a proxy may take more."""
    key, digest = shown.public_key(), shown.signature_hash_algorithm
    short = isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS
    return short or isinstance(key, dsa.DSAPublicKey) or isinstance(digest, hashes.SHA1 | hashes.MD5)


def _is_for_clients(shown: x509.Certificate) -> bool:
    """Whether it may be shown by a client, and is no authority's own."""
    try:
        if shown.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        uses = shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return not _CLIENTS.isdisjoint(uses)
