"""The API: what it takes, from whom, and how much at once."""

from __future__ import annotations

from pydantic import Field, IPvAnyNetwork

from gateway.settings.listening import Listen


class Api(Listen):
    port: int = Field(default=8443, ge=0, le=65_535)
    connections: int = Field(default=4_096, ge=1)
    """Open at once; a newcomer beyond that is closed."""
    connections_each: int = Field(default=1_024, ge=1)
    """Of one address: raise it to ``connections`` behind a proxy."""
    rate_per_second: float = Field(default=5_000, ge=0)
    """Requests of one caller; 0: no limit. More than one process can do, so that only floods feel it."""
    burst: int = Field(default=10_000, ge=1)
    """Requests that a caller may have saved up."""
    gzip: bool = False
    """Accept gzip bodies (ratio and size are capped)."""
    records_at_once: int = Field(default=1_000, ge=1)
    """A body of more records is durable first and judged in the background."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+$")
    """The address that callers use; the audience of assertions, tokens and signatures. None: the socket's own."""
    proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks of proxies that end TLS before us: Client-Cert and X-Forwarded-For are believed from there only."""
    token_seconds: int = Field(default=300, ge=300, le=600)
    """How long an access token lasts."""
    sandbox: bool = False
    """No data here are of real people: API keys do for every partner. Not with console.environment PRODUCTION."""
