"""A certificate for a private server on this machine, in files, and the authority that issued it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import trustme

HOST = "127.0.0.1"
"""The one name that the certificate is for."""

AUTHORITY = "authority.pem"
"""Who issued it, for the clients: each process of a test run has an authority of its own, and may use a server of
another's."""


@cache
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """``certificate.pem`` and ``key.pem`` (mode 0600) in the folder, and beside them :data:`AUTHORITY`."""
    authority().cert_pem.write_to_path(folder / AUTHORITY)
    own = authority().issue_cert(HOST, key_type=trustme.KeyType.ECDSA)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    own.cert_chain_pems[0].write_to_path(certificate)
    key.touch(mode=0o600)
    own.private_key_pem.write_to_path(key)
    return certificate, key
