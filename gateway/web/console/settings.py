"""What the console needs to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

BANNER = (
    "This system belongs to a government child support program. It may hold federal tax information and other records"
    " that the law protects. It is for authorized people and their duties only. Everything done here is recorded and"
    " looked through, and may be given to those who investigate misuse. Using it without leave, or beyond it, is"
    " punished under civil and criminal law. By logging in you agree to this."
)
"""Says the four things that NIST SP 800-53 AC-8 asks for, in words of our own."""


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
    attempts_within: timedelta = timedelta(minutes=120)
    """Publication 1075, AC-7 (an unconfirmed figure, read on secondary pages): so far back failures count."""
    lockout: timedelta = timedelta(minutes=15)
    second_factor: bool = True
    """Nobody is let in with a password alone; the first login enrols a factor. False: only where nothing is real."""
    fresh: timedelta = timedelta(minutes=15)
    """What shows content asks for a second factor that was shown within this time."""
    local_accounts: bool = True
    """Whether names and passwords are taken at all."""
    origin: str | None = None
    """How browsers name the console (``https://gateway.example``): passkeys and the provider's way back need it."""
    provider: str = ""
    """The name of the provider that vouches for operators, for the login page; empty: none does."""
    banner: str = BANNER
    """What everybody sees before logging in, and agrees to by doing so."""
    live_every: timedelta = timedelta(seconds=5)
    """How often a live page gets new figures: as often as they are measured."""
    streams: int = 200
    """Most live pages open at once in this process; further ones stay still."""
    page_size: int = 50
    restricted: bool = False
    """Approved algorithms only."""
    confirm_above: int = 100
    """Bulk actions on more deliveries ask the operator to type their number."""

    @property
    def cookie(self) -> str:
        return "__Host-gw" if self.secure else "gw"

    @property
    def trip_cookie(self) -> str:
        """Held while somebody is away at the provider."""
        return "__Host-gw-trip" if self.secure else "gw-trip"

    @property
    def login_cookie(self) -> str:
        return "__Host-gw-login" if self.secure else "gw-login"
