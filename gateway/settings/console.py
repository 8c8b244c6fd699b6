"""The console: how people get in, and how long they stay."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, IPvAnyNetwork, model_validator

from gateway.settings.listening import Listen
from gateway.settings.oidc import Oidc

PRODUCTION = "PRODUCTION"


class Console(Listen):
    port: int = Field(default=8080, ge=0, le=65_535)
    plain_http: bool = False
    """Listen without TLS beyond loopback: only where the network is the machine's own (a container's port)."""
    device_ca: Path | None = None
    """PEM file of the authorities that issue certificates to the agency's computers: nobody gets in from another one.
    None: the console does not ask."""
    proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks of proxies that end TLS before it: Client-Cert and X-Forwarded-For are believed from there only."""
    networks: tuple[IPvAnyNetwork, ...] = ()
    """Networks that people come from; empty: from everywhere. Behind a proxy of ``proxies``, what it tells counts."""
    environment: str = PRODUCTION
    """The badge on every page: PRODUCTION, SANDBOX, DEMO, ..."""
    second_factor: bool = True
    """Nobody gets in with a password alone. False is refused in PRODUCTION."""
    local_accounts: bool = True
    """Take names and passwords. False: the provider alone vouches for operators."""
    origin: str | None = Field(default=None, pattern=r"^https?://[^/\s?#]+$")
    """How browsers reach it (``https://gateway.example``): passkeys and the provider's way back need it."""
    banner: str | None = None
    """The warning before every login; none: the built-in one."""
    idle_minutes: float = Field(default=15, gt=0, le=30)
    login_hours: float = Field(default=8, gt=0, le=24)
    fresh_minutes: float = Field(default=15, gt=0, le=60)
    """Content asks for a second factor that was shown within this time."""
    glass_minutes: float = Field(default=15, gt=0, le=60)
    """How long somebody may read content in an emergency; never longer than the login."""
    glass_review_days: int = Field(default=2, ge=1, le=10)
    """Working days (of federal offices) in which a security officer has to look through it."""
    bad_attempts: int = Field(default=3, ge=1, le=10)
    attempts_within_minutes: float = Field(default=120, gt=0)
    lockout_minutes: float = Field(default=15, ge=1)
    oidc: Oidc | None = None
    """The agency's own provider."""

    @model_validator(mode="after")
    def _guarded(self) -> Console:
        if not self.second_factor and self.environment == "PRODUCTION":
            raise ValueError("second_factor can only be switched off where environment is not PRODUCTION")
        if self.oidc is not None and self.origin is None:
            raise ValueError("oidc needs origin: the provider sends people back there")
        if self.oidc is None and not self.local_accounts:
            raise ValueError("nobody could log in: allow local_accounts or name a provider (oidc)")
        return self
