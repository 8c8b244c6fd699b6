"""TLS to PostgreSQL: where the server is, by its URL, and what the driver is told."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from sqlalchemy.engine import URL

from gateway.core.errors import Misconfigured
from gateway.core.transport import Transport

_LOCAL = "localhost"
_WORDS = ("ssl", "direct_tls")
"""How the driver's own parameters about TLS begin; a URL that carried one could switch the check off."""


def hosts(url: URL) -> tuple[str, ...]:
    """Every host that the driver may connect to; a socket's folder is this machine. Empty: the environment decides."""
    return tuple(_LOCAL if one.startswith("/") else one for one in _named(url))


def driver_tls(url: URL, transport: Transport) -> ssl.SSLContext | bool:
    """What asyncpg is given as ``ssl``: with a context it never falls back to the clear; False is the clear. Raises
    Misconfigured as :meth:`Transport.secured`, and for a URL that speaks of TLS itself."""
    if any(key.startswith(_WORDS) for key in url.query):
        raise Misconfigured("Leave TLS out of the database URL: db.ca and db.plain say it.")
    return transport.secured(hosts(url)) or False


def program_environment(url: URL, transport: Transport) -> dict[str, str]:
    """The same for pg_dump and pg_restore (libpq's environment). Their suites are those of their own OpenSSL."""
    if not driver_tls(url, transport):
        return {"PGSSLMODE": "disable"}
    roots = transport.authorities or ssl.get_default_verify_paths().cafile
    told = {"PGSSLMODE": "verify-full", "PGSSLMINPROTOCOLVERSION": "TLSv1.2"}
    return told | ({"PGSSLROOTCERT": str(roots)} if roots else {})


def _named(url: URL) -> Iterator[str]:
    given = url.query.get("host", ())
    for text in (url.host or "", *((given,) if isinstance(given, str) else given)):
        for one in filter(None, text.split(",")):
            host, _, port = one.rpartition(":")
            yield host if host and port.isdigit() and (":" not in host or host.endswith("]")) else one
