"""``crypto.fips``: what the configuration would use, held against the table of approved algorithms, and what the
linked OpenSSLs say of themselves."""

from __future__ import annotations

import _hashlib
import ssl
from collections.abc import Iterable, Iterator, Sequence

import asyncssh
import structlog

from adapters.approved import RSA, is_short
from gateway.core.approved import LEAST_RSA_BITS, Place, Used, refuse_unapproved
from gateway.core.crypto_module import Module, ModuleReport
from gateway.core.errors import Misconfigured
from gateway.core.model import AdapterName, Partner
from gateway.core.ports.accounts import Operator
from gateway.settings import Settings
from gateway.web.console.passwords import algorithm_of
from keys import module as keys_module

log = structlog.get_logger()


def modules() -> tuple[Module, ...]:
    """The OpenSSLs of this process: each is asked whether it fetches with ``fips=yes``. What a database driver links by
    itself is not among them."""
    return (
        Module("keys, payloads, SSH", keys_module.version(), keys_module.is_fips_active()),
        Module("TLS, digests, passwords", ssl.OPENSSL_VERSION, bool(_hashlib.get_fips_mode())),
    )


def report(settings: Settings, found: Sequence[Module] | None = None) -> ModuleReport:
    """What is told at ``GET /about/crypto``."""
    chosen = settings.crypto
    mode = "off" if not chosen.fips else "required" if chosen.fips == "required" else "on"
    return ModuleReport(mode, tuple(modules() if found is None else found), chosen.certificate)


def refuse_unfit(settings: Settings, found: Sequence[Module] | None = None) -> None:
    """The settings against the table; with ``required`` moreover every module. Raises Misconfigured (``not-approved``,
    ``fips-module``)."""
    if not settings.crypto.restricted:
        return
    refuse_unapproved(_of_settings(settings))
    idle = [one.version for one in report(settings, found).modules if not one.active]
    if idle and settings.crypto.fips == "required":
        raise Misconfigured(
            f"crypto.fips is required, and no FIPS provider is in force in {', '.join(idle)}; run with a build of"
            " Python and cryptography on a validated OpenSSL, or set crypto.fips to true for the algorithms alone.",
            code="fips-module",
        )


def warn(settings: Settings) -> None:
    """One line for each module that is not validated, where approved algorithms only are asked for."""
    if settings.crypto.restricted:
        for one in report(settings).modules:
            if not one.active:
                log.warning("crypto.not_validated", name=one.use, version=one.version)


def refuse_unfit_parties(settings: Settings, partners: Iterable[Partner], operators: Iterable[Operator]) -> None:
    """Partners and accounts against the table. Raises Misconfigured (``not-approved``) that names each."""
    if settings.crypto.restricted:
        refuse_unapproved([*_of_partners(partners), *_of_accounts(settings, operators)])


def _of_settings(settings: Settings) -> Iterator[Used]:
    oidc = settings.console.oidc
    for algorithm in oidc.algorithms if oidc is not None else ():
        yield Used("console.oidc.algorithms", Place.SIGNATURE, algorithm)


def _of_partners(partners: Iterable[Partner]) -> Iterator[Used]:
    for one in partners:
        yield Used(f"partner {one.key}, protection", Place.PAYLOAD, one.protection.profile.value)
        line = str(one.endpoint.options.get("host_key", ""))
        if one.endpoint.adapter is AdapterName.SFTP and " " in line:
            yield Used(f"partner {one.key}, endpoint.host_key", Place.SSH_SIGNATURE, _signing(line))


def _signing(line: str) -> str:
    """What a host key signs with at best: RSA keys with SHA-2."""
    key = asyncssh.import_public_key(line)
    if is_short(key):
        return f"RSA of less than {LEAST_RSA_BITS} bits"
    return "rsa-sha2-512" if key.get_algorithm() == RSA else key.get_algorithm()


def _of_accounts(settings: Settings, operators: Iterable[Operator]) -> Iterator[Used]:
    if settings.console.local_accounts:
        for one in operators:
            if one.password_hash and not one.disabled:
                yield Used(f"operator {one.name}", Place.PASSWORD, algorithm_of(one.password_hash))
