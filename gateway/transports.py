"""How this site reaches its database and its broker, out of the settings."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from adapters.approved import client_context
from gateway.broker.settings import where
from gateway.core.errors import Misconfigured
from gateway.core.transport import Transport, is_here
from gateway.settings import Settings
from gateway.store.engine import parse_url
from gateway.store.transport import hosts


def database_transport(settings: Settings) -> Transport:
    chosen = settings.db
    return Transport(_making("db.ca", chosen.ca, settings), chosen.ca, chosen.plain)


def broker_transport(settings: Settings) -> Transport:
    chosen = settings.broker
    return Transport(_making("broker.ca", chosen.ca, settings), chosen.ca, chosen.plain)


def in_the_clear(settings: Settings) -> list[str]:
    """Which of both is reached over a network without TLS, because the settings say so."""
    database = hosts(parse_url(settings.db.url)) if settings.db.is_server else ("localhost",)
    url = settings.broker.url
    under_tls, host = where(url.get_secret_value()) if url is not None else (True, "")
    open_ones = {
        "db.plain": settings.db.plain and not is_here(database),
        "broker.plain": settings.broker.plain and not under_tls and not is_here((host,)),
    }
    return [name for name, is_open in open_ones.items() if is_open]


def _making(name: str, authorities: Path | None, settings: Settings) -> Callable[[], ssl.SSLContext]:
    return cache(partial(_context, name, authorities, restricted=settings.crypto.restricted))


def _context(name: str, authorities: Path | None, *, restricted: bool) -> ssl.SSLContext:
    try:
        return client_context(authorities, restricted=restricted)
    except OSError as error:  # ssl.SSLError is one
        raise Misconfigured(f"{name} cannot be read: {error.strerror or 'it holds no certificate in PEM'}.") from None
