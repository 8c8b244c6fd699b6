"""The cryptographic module under ``cryptography``: its version, and whether its FIPS provider is in force."""

from __future__ import annotations

from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.bindings._rust import openssl


def version() -> str:
    return backend.openssl_version_text()


def is_fips_active() -> bool:
    """Whether algorithms are fetched with ``fips=yes``: the default of its library context."""
    return openssl.is_fips_enabled()
