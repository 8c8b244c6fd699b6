"""One POST to a party outside over the connections that deliveries use, without redirects or cookies."""

from __future__ import annotations

from aiohttp.resolver import ThreadedResolver
from httptools import HttpParserError
from yarl import URL

from adapters.approved import client_context
from adapters.connections import Connections, Place
from adapters.exchange import Answer, Broken, Request
from gateway.core.errors import Misconfigured, Transient


class Poster:
    """One address; connections stay open between two posts."""

    def __init__(
        self, url: str, media_type: str, longest_answer: int, connect_seconds: float, *, restricted: bool = False
    ) -> None:
        """``restricted``: approved algorithms only. Raises Misconfigured when the URL names no host, or credentials."""
        target = URL(url)
        if not target.host or target.user is not None:
            raise Misconfigured("A URL of the audit log names a host and no credentials.", code="audit-url")
        tls = client_context(restricted=restricted) if target.scheme == "https" else None
        place = Place(target.raw_host or "", target.port or 0, tls, connect_seconds)
        self._connections = Connections(place, ThreadedResolver())
        self._longest = longest_answer
        self._head = (
            f"POST {target.raw_path_qs} HTTP/1.1\r\nHost: {target.host_port_subcomponent}\r\n"
            "User-Agent: child-support-gateway\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
            f"Content-Type: {media_type}\r\n"
        )

    async def post(self, body: bytes) -> Answer:
        """Raises Transient (``unreachable``) when no answer comes."""
        head = f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode("ascii")
        try:
            return await self._connections.exchange(Request(head, body, self._longest))
        except (OSError, TimeoutError, Broken, HttpParserError):
            raise Transient("nobody answers there", code="unreachable") from None

    def close(self) -> None:
        self._connections.close()
