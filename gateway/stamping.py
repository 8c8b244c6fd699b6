"""The log's side of time stamps: asks an authority about the newest checkpoint, once a day. It cannot stop the log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.x509 import Certificate

from gateway.audit.stamp import Asked
from gateway.core.errors import Transient
from gateway.core.ids import Clock
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.stamps import Stamp, Stamps
from gateway.posting import Poster

log = structlog.get_logger()
OK = 200
QUERY_TYPE = "application/timestamp-query"
LONGEST_ANSWER = 64 * 1024
"""Bytes: a token with a chain of certificates has 3 to 10 KiB."""
Ask = Callable[[bytes], Awaitable[bytes]]
"""DER of a request -> DER of the answer. Raises Transient when none comes."""


class Authority:
    """A time stamp authority over HTTP (RFC 3161, section 3.4)."""

    def __init__(self, url: str, seconds: float, *, restricted: bool = False) -> None:
        """Raises Misconfigured when the URL names no host."""
        self._poster = Poster(url, QUERY_TYPE, LONGEST_ANSWER, seconds, restricted=restricted)
        self._seconds = seconds

    async def ask(self, request: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._poster.post(request)
        except TimeoutError:
            raise Transient("the authority takes too long", code="timeout") from None
        finally:
            self._poster.close()  # until tomorrow
        if answer.status != OK:
            raise Transient("the authority refused", code=f"timestamp-{answer.status}")
        return answer.body


@dataclass(frozen=True, slots=True)
class Stamper:
    audit: AuditLog
    stamps: Stamps
    ask: Ask
    roots: Sequence[Certificate]
    every: timedelta
    clock: Clock
    observe: Callable[[datetime], None]

    async def step(self) -> bool:
        """Have the newest checkpoint stamped when the last stamp is old. Raises Transient when the authority does not
        answer, or answers with something else."""
        head, last = await self.audit.head(), await self.stamps.newest(1)
        if head is None or (last and (last[0].size >= head.size or self.clock() < last[0].at + self.every)):
            return False
        asked = Asked.about(head.note.encode())
        answer = await self.ask(asked.body())
        at = asked.confirmed(answer, self.roots)
        await self.stamps.add(Stamp(head.size, at, head.note, answer))
        self.observe(at)
        log.info("log.stamped", size=head.size)
        return False
