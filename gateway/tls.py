"""TLS of our own listeners: versions and suites, our certificate, and whose certificates clients may show."""

from __future__ import annotations

import ssl
from pathlib import Path

from adapters.approved import narrow
from gateway.core.errors import Misconfigured
from gateway.settings import Tls

SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""TLS 1.2: ephemeral keys and authenticated encryption only (SP 800-52 revision 2, section 3.3.1.1). TLS 1.3 has no
other suites."""


def server_context(tls: Tls, *, authorities: Path | None = None, restricted: bool = False) -> ssl.SSLContext | None:
    """TLS 1.2 or later with the configured certificate; None when there is none. ``authorities``: ask for a
    certificate, which must be of one of these (PEM), be it a root or not. Who shows none is let through, to prove
    itself by other means or to be told what to do. ``restricted``: approved algorithms only. Raises Misconfigured for
    files that cannot be read."""
    if tls.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_COMPRESSION
    if restricted:
        narrow(context)
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if authorities is not None:
            context.load_verify_locations(authorities)
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"The TLS files cannot be loaded ({type(error).__name__}).") from None
    return context
