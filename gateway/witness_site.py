"""A witness as a process: its listener, and nothing else of a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.core.errors import Misconfigured
from gateway.settings import Tls
from gateway.tls import RENEWED_EVERY, RenewedTls
from gateway.web.edge import runner
from gateway.web.limits import Limits
from gateway.web.witness import witness_application
from gateway.witness import Witness
from gateway.work.loops import Loop, run


@dataclass(frozen=True, slots=True)
class Listener:
    host: str = "127.0.0.1"
    port: int = 8444
    certificate: Path | None = None
    key: Path | None = None
    restricted: bool = False
    """Approved algorithms only."""


@asynccontextmanager
async def serving(witness: Witness, listener: Listener) -> AsyncIterator[str]:
    """The witness listens while the block runs; gives its address. Raises Misconfigured."""
    limits = Limits()
    made = runner(
        witness_application(witness.add_checkpoint, f"{witness.key}\n{witness.post_quantum_key}"),
        limits,
        shutdown_seconds=2,
    )
    tls = RenewedTls("witness", _tls(listener), restricted=listener.restricted)
    context, stop = tls.context, asyncio.Event()
    await made.setup()
    renewing = asyncio.create_task(run(Loop("tls.witness", tls.step, RENEWED_EVERY), stop))
    try:
        try:
            await web.TCPSite(made, listener.host, listener.port, ssl_context=context).start()
        except OSError as error:
            raise Misconfigured(f"The witness cannot listen: {error.strerror}.", code="listen") from None
        yield f"{'https' if context else 'http'}://{listener.host}:{made.addresses[0][1]}"
    finally:
        stop.set()
        await renewing
        await made.cleanup()


def _tls(listener: Listener) -> Tls:
    try:
        return Tls(certificate=listener.certificate, key=listener.key)
    except ValueError:
        raise Misconfigured("--certificate and --tls-key go together.") from None
