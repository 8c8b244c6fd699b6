"""What one caller may take of the gateway: time-outs, sizes, rates. Every figure is a setting with its reason."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta

from gateway.core.ids import Clock
from gateway.core.swift import swift
from gateway.web.problems import RateExceeded

_MOST_BUCKETS = 10_000
"""Callers remembered at once; the one that was idle longest is forgotten first (its bucket would be full anyway)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes."""

    header_seconds: float = 9.0
    """From the first byte of a request to its last header: an honest client needs one round trip. Such a connection is
    closed within 10 s, on a busy machine as well."""
    idle_seconds: float = 75.0
    """How long a connection without a request stays open: longer than the usual 60 s of proxies in front."""
    body_idle_seconds: float = 25.0
    """The longest pause within a body. With ``lingering_seconds`` its connection is closed within 30 s."""
    slowest_body: int = 1024
    """Bytes a second that a body must keep up on the whole, so that dripping bytes hold no connection for ever."""
    lingering_seconds: float = 3.0
    """How long the rest of a refused body is read and dropped, so that its sender sees the answer."""
    connections: int = 4_096
    """Open at once on one listener: a newcomer beyond that is closed without a word, so that others are served."""
    connections_each: int = 1_024
    """Of them from one address: a proxy in front has one for all its callers."""
    line_bytes: int = 8190
    field_bytes: int = 8192
    """Of one header field with its name; not the number of the line, so that an error says which it was."""
    header_count: int = 64
    json_bytes: int = 64 * 1024
    """Request documents are commands, never records."""
    gzip: bool = False
    gzip_ratio: int = 100
    """Text of our formats compresses below 1:40; beyond 1:100 it is an attack."""
    gzip_bytes: int = 256 * 2**20
    rate_per_second: float | None = 5000.0
    """Requests a second for each caller; more than one process can do, so that only floods feel it. None: off."""
    burst: int = 10_000
    public_per_second: float | None = 50.0
    """Requests a second of one address for the published log: a reader of a million entries needs 80 s. None: off."""
    public_burst: int = 500
    mailbox_lease: timedelta = timedelta(minutes=5)
    """How long a listed parcel is shown to nobody else of the same partner."""
    key_cache: timedelta = timedelta(seconds=10)
    """How long a revoked API key may still work in this process."""
    judging_retry_seconds: int = 2


@swift
class Allowance:
    """What is left to a caller: ``remaining`` requests, all of them again after ``reset`` seconds."""

    remaining: int
    reset: int
    burst: int
    window: int

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit header fields (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
        return {
            "RateLimit-Policy": f'"partner";q={self.burst};w={self.window}',
            "RateLimit": f'"partner";r={self.remaining};t={self.reset}',
        }


class Buckets:
    """A token bucket for each caller."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._rate, self._burst, self._clock = limits.rate_per_second, limits.burst, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> Allowance | None:
        """Take one token; None when there is no limit. Raises RateExceeded with the seconds until the next token."""
        if self._rate is None:
            return None
        now = self._clock().timestamp()
        level, at = self._levels.pop(caller, (float(self._burst), now))
        level = min(float(self._burst), level + max(0.0, now - at) * self._rate)
        if level < 1:
            self._levels[caller] = (level, now)
            raise RateExceeded(timedelta(seconds=(1 - level) / self._rate))
        level -= 1
        self._levels[caller] = (level, now)
        if len(self._levels) > _MOST_BUCKETS:
            self._levels.popitem(last=False)
        reset = -int(-(self._burst - level) // self._rate)
        return Allowance(int(level), reset, self._burst, max(1, round(self._burst / self._rate)))
