"""How a witness is reached: one POST over the connections that deliveries use, without redirects or cookies."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from aiohttp.resolver import ThreadedResolver
from httptools import HttpParserError
from yarl import URL

from adapters.connections import Connections, Place
from adapters.exchange import Broken, Request
from gateway.core.errors import Misconfigured, Transient

PATH = "add-checkpoint"
LONGEST_ANSWER = 16 * 1024
"""Bytes: a few signature lines of any assigned type."""


@dataclass(frozen=True, slots=True)
class WitnessReply:
    """Implements :class:`gateway.cosigners.Reply`."""

    status: int
    media_type: str
    body: bytes


class WitnessClient:
    """One witness at one address; connections stay open between two checkpoints."""

    def __init__(self, url: str, connect_seconds: float) -> None:
        """Raises Misconfigured when the URL names no host."""
        target = URL(f"{url.rstrip('/')}/{PATH}")
        if not target.host or target.user is not None:
            raise Misconfigured("The URL of a witness names a host and no credentials.", code="witness-url")
        tls = ssl.create_default_context() if target.scheme == "https" else None
        place = Place(target.raw_host or "", target.port or 0, tls, connect_seconds)
        self._connections = Connections(place, ThreadedResolver())
        self._head = (
            f"POST {target.raw_path} HTTP/1.1\r\nHost: {target.host_port_subcomponent}\r\n"
            "User-Agent: child-support-gateway\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
        )

    async def ask(self, text: str) -> WitnessReply:
        """Raises Transient when no answer comes."""
        body = text.encode()
        head = f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode("ascii")
        try:
            answer = await self._connections.exchange(Request(head, body, LONGEST_ANSWER))
        except (OSError, TimeoutError, Broken, HttpParserError):
            raise Transient("the witness cannot be reached", code="witness-unreachable") from None
        media_type = answer.fields.get("content-type", "").partition(";")[0].strip().lower()
        return WitnessReply(answer.status, media_type, answer.body)

    def close(self) -> None:
        self._connections.close()
