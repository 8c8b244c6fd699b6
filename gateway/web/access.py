"""What the API is to its callers: its address, the proxies before it, and how long its tokens last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from aiohttp import web

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
JWKS_PATH = "/oauth/jwks"
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Access:
    """Settings of the door."""

    url: str | None = None
    """The address that callers use, ``https://gateway.example``; never taken from a request. None: the socket's own."""
    proxies: tuple[Network, ...] = ()
    """From where Client-Cert and X-Forwarded-For are believed."""
    sandbox: bool = False
    """No data here are of real people: API keys do for every partner."""
    token_lifetime: timedelta = timedelta(minutes=5)

    def url_of(self, request: web.BaseRequest) -> str:
        """Our address, without a slash at the end. What the request says of it (Host) is not asked."""
        if self.url is not None:
            return self.url
        transport = request.transport
        host, port = transport.get_extra_info("sockname")[:2] if transport is not None else ("localhost", 0)
        return f"{'https' if request.secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
