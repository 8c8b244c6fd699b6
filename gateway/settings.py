"""Process settings: one frozen object from the environment (``GATEWAY__DB__URL``), a TOML file and defaults.

Partners, agreements, rules and keys are data, not settings. Unknown keys are refused in file and environment.
"""

from __future__ import annotations

import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from gateway.core.errors import Misconfigured

PREFIX = "GATEWAY__"
PRODUCTION = "PRODUCTION"
DEFAULT_FILE = Path("gateway.toml")


class Role(StrEnum):
    """What one process does; any number of processes may share the roles."""

    API = "api"
    RELAY = "relay"
    DISPATCHER = "dispatcher"
    SCHEDULER = "scheduler"
    CONSOLE = "console"
    INTEGRATOR = "integrator"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Part):
    url: str = Field(default="sqlite+aiosqlite:///state/gateway.db", repr=False)
    """``postgresql+asyncpg://user:password@host/name`` or ``sqlite+aiosqlite:///path``."""
    pool: int = Field(default=8, ge=1, le=100)


class BrokerSettings(Part):
    url: SecretStr | None = None
    """``amqp://user:password@host/vhost``; none: the memory broker, for one process."""
    publish_timeout_seconds: float = Field(default=10, gt=0)
    """A confirm that takes longer counts as lost: the relay announces again."""
    delivery_limit: int = Field(default=20, ge=1)
    """Redeliveries of one announcement before the broker dead-letters it; never -1 (drops messages on 3.10)."""


class TokenSettings(Part):
    """A PKCS#11 token that keeps the keys that seal; needs the extra ``pkcs11``."""

    module: Path
    """The token's library, like ``/usr/lib/softhsm/libsofthsm2.so``."""
    label: str
    pin: SecretStr | None = None
    pin_credential: str | None = None
    """Name of a systemd credential with the PIN."""


class Keys(Part):
    directory: Path = Path("state/keys")
    passphrase: SecretStr | None = None
    credential: str | None = None
    """Name of a systemd credential with the passphrase (``LoadCredentialEncrypted=``)."""
    token: TokenSettings | None = None
    """None: all keys lie in the key file."""
    rotate: bool = True
    """Whether the scheduler replaces keys at their end."""
    sealing_days: int = Field(default=90, ge=1)
    signing_days: int = Field(default=365, ge=1)
    """How long a key stays active."""
    prepare_days: int = Field(default=7, ge=0)
    """So long before the end the follower is made, for copies of the key file to have it in time."""
    rewrap_per_second: int = Field(default=2_000, ge=1)
    """Data keys wrapped anew in a second at most, so that callers feel nothing of it."""

    @model_validator(mode="after")
    def _one_secret(self) -> Keys:
        if self.passphrase is not None and self.credential is not None:
            raise ValueError("passphrase and credential say the same thing twice")
        return self


class Listen(Part):
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)


class Tls(Part):
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    """PEM bundle of the authorities whose client certificates the API takes; none: it asks for no certificate."""

    @model_validator(mode="after")
    def _both(self) -> Tls:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if self.client_ca is not None and self.certificate is None:
            raise ValueError("client_ca goes with certificate and key")
        return self


class Oidc(Part):
    """A provider that vouches for operators (OpenID Connect Core 1.0, code flow with PKCE)."""

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$")
    """Exactly as its ID tokens name it. https, but for a provider on this machine."""
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    """None: a public client, with PKCE alone."""
    name: str = "your agency"
    """What the button on the login page says."""
    scopes: str = "openid profile"
    algorithms: tuple[Literal["ES256", "ES384", "PS256", "RS256", "EdDSA"], ...] = ("ES256", "PS256", "RS256")
    """Signatures of ID tokens that are taken; never ``none`` or a shared secret."""
    name_claim: str = "preferred_username"
    role_claim: str = "groups"
    """A text or a list of texts."""
    roles: dict[str, str] = Field(min_length=1)
    """Value of the role claim -> role; ``partner-admin:<partner>`` for a partner admin. The first that fits counts."""
    amr: frozenset[str] = frozenset({"mfa"})
    """One of these authentication methods (RFC 8176) must be in the token, or one of ``acr``."""
    acr: frozenset[str] = frozenset()
    """Authentication contexts that are enough; they are also asked for."""
    timeout_seconds: float = Field(default=5, gt=0)

    @model_validator(mode="after")
    def _private(self) -> Oidc:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("the issuer must be reached by https")
        if not self.amr and not self.acr:
            raise ValueError("say by amr or acr how a second factor shows in the token")
        return self


class Console(Listen):
    port: int = Field(default=8080, ge=0, le=65_535)
    plain_http: bool = False
    """Listen without TLS beyond loopback: only where the network is the machine's own (a container's port)."""
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


class Metrics(Listen):
    port: int = Field(default=9464, ge=0, le=65_535)


class Work(Part):
    processes: int = Field(default=0, ge=0, le=64)
    """Worker processes for big files; 0: one fewer than cores, at least one."""
    lease_seconds: float = Field(default=300, gt=0)
    """How long a dispatcher may work on a delivery before another may take it."""
    announce_again_seconds: float = Field(default=60, gt=0)
    """A delivery that is still pending is announced again after this: its announcement may be lost."""
    shutdown_seconds: float = Field(default=10, ge=0)
    """How long running attempts may take to end when the process is asked to stop."""
    folder_root: Path | None = None
    """The folder adapter writes nowhere else; none: any directory that a partner file names."""


class WitnessSettings(Part):
    """A witness that is asked to cosign our checkpoints (C2SP tlog-witness)."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$")
    """Its submission prefix: ``/add-checkpoint`` is put after it."""
    key: str
    """Its verify key: ``name+hash+base64``."""
    post_quantum_key: str | None = None
    """Its ML-DSA-44 key, in the same form; with it both signatures are asked for and stored (3.4 kB more each)."""


class TimestampSettings(Part):
    """A time stamp authority (RFC 3161) that stamps checkpoints."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$")
    roots: Path
    """PEM file with the certificates that its time stamps must lead to."""
    every_hours: float = Field(default=24, gt=0)
    seconds: float = Field(default=10, gt=0)
    """How long it may take; a slow one never holds up the log."""


class Audit(Part):
    publish: bool = True
    """Serve the log under ``/v1/log/``: everybody sees who did what to which object when, and nothing of any record."""
    head_file: Path | None = None
    """Where the last signed head is kept outside the database; none: ``log-head`` beside the keys."""
    witnesses: tuple[WitnessSettings, ...] = ()
    witnesses_needed: int = Field(default=1, ge=1)
    """Cosignatures that a checkpoint should have before it is published."""
    witness_seconds: float = Field(default=5, gt=0)
    """How long a witness may take; a slow one never holds up the log."""
    witness_patience_seconds: float = Field(default=60, ge=0)
    """How far the published checkpoint may lag behind while cosignatures are missing; then it goes out without."""
    timestamps: TimestampSettings | None = None
    """Who stamps checkpoints; none: nobody."""

    @model_validator(mode="after")
    def _enough(self) -> Audit:
        if self.witnesses and self.witnesses_needed > len(self.witnesses):
            raise ValueError("more cosignatures are needed than there are witnesses")
        return self


class Admission(Part):
    """When new submissions are turned away with 503 and a time to come again; 0 switches a figure off."""

    undelivered_seconds: float = Field(default=1_800, ge=0)
    """How long a delivery may wait that its partner would take; longer, and nobody here delivers."""
    unjudged_seconds: float = Field(default=3_600, ge=0)
    """How long a big file may wait to be judged: some take many minutes themselves."""
    commit_seconds: float = Field(default=3, ge=0)
    """How long a commit may take; callers expect an answer within a second."""
    store_seconds: float = Field(default=10, ge=0)
    """How long the database may be silent: a restart takes a few seconds."""
    memory_share: float = Field(default=0.85, ge=0, le=1)
    """Of the memory that the process may have (the machine's, or its control group's): beyond it the kernel kills."""
    opens_at: float = Field(default=0.7, gt=0, le=1)
    """Of a figure that closed the door: below it the door opens again."""
    at_once: int = Field(default=2_000, ge=1)
    """Submissions under way in one process: some seconds of work."""
    at_once_each: int = Field(default=1_000, ge=1)
    """Of one caller, answered 429: the others must find room."""
    every_seconds: float = Field(default=2, gt=0)
    """Between two measurements."""


class Retention(Part):
    """When what is due is erased (``gateway retention``)."""

    enabled: bool = False
    """The scheduler erases what is due, once in ``every_hours``; off: only ``gateway retention run`` does."""
    every_hours: float = Field(default=24, gt=0)
    policy: Path | None = None
    """A policy of the site; none: the one that is shipped. It may not allow what the law does not."""


class Settings(BaseSettings):
    """Everything a process needs to know. Precedence: arguments, environment, file, defaults."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    db: Database = Database()
    broker: BrokerSettings = BrokerSettings()
    keys: Keys = Keys()
    api: Api = Api()
    console: Console = Console()
    metrics: Metrics = Metrics()
    tls: Tls = Tls()
    work: Work = Work()
    audit: Audit = Audit()
    admission: Admission = Admission()
    retention: Retention = Retention()
    log_name: str = "gateway.example/log"
    """Origin of the audit log: the name in every checkpoint."""
    drafts: bool = False
    """Whether formats are read and written whose facts nobody official has confirmed; every answer then says so."""
    secrets: Path = Path("state/secrets")
    """Directory of credentials that partner files name (one file each)."""

    @model_validator(mode="after")
    def _sandbox_is_no_production(self) -> Settings:
        if self.api.sandbox and self.console.environment == PRODUCTION:
            raise ValueError("api.sandbox needs a console.environment that is not PRODUCTION")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature; dotenv files are not read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(file: Path | None = None, **overrides: Any) -> Settings:  # noqa: ANN401 - whatever a section takes
    """The settings of this process. Raises Misconfigured naming every wrong key; values are never shown."""
    _refuse_unknown_variables()
    chosen = file or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if chosen is not None and not chosen.is_file():
        raise Misconfigured(f"Settings file {chosen}: there is no such file")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=chosen)

    try:
        return FromFile(**overrides)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors())
        raise Misconfigured(f"Settings: {where}") from None
    except SettingsError as error:
        raise Misconfigured(f"Settings: {error}") from None  # names the variable, not its value
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"Settings file {chosen}: {error}") from None
    except OSError as error:
        raise Misconfigured(f"Settings file {chosen}: {error.strerror}") from None


def _refuse_unknown_variables() -> None:
    """pydantic ignores a mistyped top-level variable silently; we do not."""
    known = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        name = variable.upper()
        if name.startswith(PREFIX):
            section = name.removeprefix(PREFIX).split("__")[0]
            if section not in known:
                raise Misconfigured(f"The environment sets {variable}, which is not a setting.")
