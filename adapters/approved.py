"""Connections with approved algorithms only (:mod:`gateway.core.approved`): what TLS and SSH may offer then."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncssh

from gateway.core.approved import CODE, LEAST_RSA_BITS, Place, approved, is_approved
from gateway.core.errors import Misconfigured

SUITES = "ECDHE+AESGCM:@SECLEVEL=2"
"""Level 2: certificates with SHA-1 or with RSA of less than 2048 bits are refused."""
RSA = "ssh-rsa"
"""The name of RSA keys; also of their signatures with SHA-1."""


def narrow(context: ssl.SSLContext) -> None:
    """Leave the context approved algorithms only. Python sets one group and no suites of TLS 1.3: where OpenSSL itself
    was not told to leave ChaCha20 out (its own configuration, or an active FIPS provider), TLS 1.2 is the newest."""
    context.set_ciphers(SUITES)
    context.set_ecdh_curve(approved(Place.TLS_GROUP)[0])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not all(is_approved(Place.TLS_SUITE, one["name"]) for one in context.get_ciphers()):
        context.maximum_version = ssl.TLSVersion.TLSv1_2


def client_context(cafile: Path | None = None, *, restricted: bool) -> ssl.SSLContext:
    """The context of our clients; ``restricted``: narrowed. Raises OSError for a bad file."""
    context = ssl.create_default_context(cafile=cafile)
    if restricted:
        narrow(context)
    return context


def ssh_options(host_key: asyncssh.SSHKey | None) -> Mapping[str, Any]:
    """What a restricted client gives to ``asyncssh.connect``; ``host_key`` None: known by its fingerprint only.
    Raises Misconfigured for a host key that is not approved."""
    signatures = approved(Place.SSH_SIGNATURE)
    if host_key is not None:
        refuse_key(host_key, "endpoint.host_key")
        signatures = _signatures(host_key)
    return {
        "kex_algs": approved(Place.SSH_EXCHANGE),
        "encryption_algs": approved(Place.SSH_CIPHER),
        "mac_algs": approved(Place.SSH_MAC),
        "server_host_key_algs": signatures,
        "signature_algs": approved(Place.SSH_SIGNATURE),
    }


def _signatures(key: asyncssh.SSHKey) -> tuple[str, ...]:
    sort = key.get_algorithm()
    return tuple(one for one in approved(Place.SSH_SIGNATURE) if one == sort or (sort == RSA and "rsa" in one))


def is_short(key: asyncssh.SSHKey) -> bool:
    """Whether it is an RSA key of too few bits."""
    return key.get_algorithm() == RSA and getattr(key.pyca_key, "key_size", 0) < LEAST_RSA_BITS


def refuse_key(key: asyncssh.SSHKey, name: str) -> None:
    """Raises Misconfigured (``not-approved``) for a host or client key that signs with nothing approved, or that is
    RSA of less than 2048 bits."""
    if is_short(key) or not _signatures(key):
        raise Misconfigured(
            f"{name}: crypto.fips takes Ed25519, ECDSA, or RSA keys of {LEAST_RSA_BITS} bits or more", code=CODE
        )
