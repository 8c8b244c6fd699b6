"""X.509 certificates of callers: what we need of one, from DER or PEM."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.core.errors import Misconfigured
from gateway.core.ports.callers import CertificateFacts
from keys.thumbprints import thumbprint


def facts(der: bytes) -> CertificateFacts:
    """Raises ValueError for what is no certificate."""
    parsed = x509.load_der_x509_certificate(der)
    return CertificateFacts(thumbprint(der), parsed.not_valid_before_utc, parsed.not_valid_after_utc)


def facts_of_pem(pem: bytes) -> CertificateFacts:
    """Of the first certificate of a PEM file. Raises Misconfigured when there is none."""
    try:
        return facts(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    except ValueError:
        raise Misconfigured("The file holds no certificate in PEM.", code="certificate-file") from None
