"""TLS of our own listeners: versions and suites, our certificate, and whose certificates clients may show."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import structlog

from adapters.approved import narrow
from gateway.core.errors import Misconfigured
from gateway.settings import Tls

log = structlog.get_logger()

RENEWED_EVERY = timedelta(seconds=30)
"""How soon a listener shows a certificate that was put in the place of the old one."""
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
    files = [path for path in (tls.certificate, tls.key, authorities) if path is not None]
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if authorities is not None:
            context.load_verify_locations(authorities)
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_mode = ssl.CERT_OPTIONAL
    except ssl.SSLError as error:
        why = (error.reason or "no PEM").replace("_", " ").lower()
        raise Misconfigured(f"The TLS files cannot be loaded: {why} ({_named(files)}).") from None
    except OSError as error:
        missing = [path for path in files if not os.access(path, os.R_OK)]
        raise Misconfigured(f"TLS files cannot be read: {_named(missing)} ({error.strerror}).") from None
    return context


def _named(files: Iterable[Path]) -> str:
    return ", ".join(map(str, files))


class RenewedTls:
    """The TLS of one listener, whose files may be replaced while it listens. Connections that are open stay as they
    are; each new one meets what the files held when they last fitted together. Raises Misconfigured as
    :func:`server_context` does."""

    def __init__(self, name: str, tls: Tls, *, authorities: Path | None = None, restricted: bool = False) -> None:
        self._name = name
        self._tls, self._authorities, self._restricted = tls, authorities, restricted
        self._files = [file for file in (tls.certificate, tls.key, authorities) if file is not None]
        self._seen = self._stamps()
        self._shown = self.context = self._read()
        """``context`` is what to listen with; None where no certificate is configured."""
        if self.context is not None:
            self.context.sni_callback = self._show

    async def step(self) -> bool:
        """Read the files when they changed; False always. A pair that does not fit is told once, and the one before
        stays: files are replaced one after the other."""
        seen = await asyncio.to_thread(self._stamps)
        if self._shown is None or seen == self._seen:
            return False
        self._seen = seen
        try:
            self._shown = await asyncio.to_thread(self._read)
        except Misconfigured as error:
            log.warning("tls.unfit", name=self._name, hint=error.detail)
        else:
            log.info("tls.renewed", name=self._name)
        return False

    def _show(self, spoken: ssl.SSLObject, _server: str | None, _context: ssl.SSLContext) -> None:
        """Called in each handshake, whether or not the client names a server."""
        if self._shown is not None:
            spoken.context = self._shown

    def _read(self) -> ssl.SSLContext | None:
        return server_context(self._tls, authorities=self._authorities, restricted=self._restricted)

    def _stamps(self) -> list[tuple[int, ...] | None]:
        """What changes when a file is written or replaced; None for one that is not there."""
        return [_stamp(file) for file in self._files]


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
