"""What the console needs to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Settings of one console. Defaults are those of a production site behind TLS."""

    environment: str = "PRODUCTION"
    """The badge on every page: ``PRODUCTION``, ``SANDBOX`` or ``DEMO``."""
    secure: bool = True
    """Whether browsers reach the console over TLS. False only for plain http on a loopback address: the cookie then
    loses its ``__Host-`` prefix and ``Secure``."""
    prefix: str = ""
    """Where the application is mounted (``/console``); empty when it has a port of its own."""
    idle: timedelta = timedelta(minutes=15)
    """A login without a request for so long ends."""
    absolute: timedelta = timedelta(hours=8)
    """No login lasts longer, however busy."""
    bad_attempts: int = 3
    """So many wrong passwords for a name within ``lockout`` lock the name for ``lockout``."""
    bad_attempts_of_address: int = 20
    """The same for an address, whatever the names: stops trying one password on many names."""
    lockout: timedelta = timedelta(minutes=15)
    live_every: timedelta = timedelta(seconds=5)
    """How often a live page gets new figures: as often as they are measured."""
    streams: int = 200
    """Most live pages open at once in this process; further ones stay still."""
    page_size: int = 50
    confirm_above: int = 100
    """Bulk actions on more deliveries ask the operator to type their number."""

    @property
    def cookie(self) -> str:
        return "__Host-gw" if self.secure else "gw"

    @property
    def login_cookie(self) -> str:
        return "__Host-gw-login" if self.secure else "gw-login"
