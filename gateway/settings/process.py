"""All settings of a process in one object, and where they are read from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from gateway.core.errors import Misconfigured
from gateway.settings.admission import Admission
from gateway.settings.api import Api
from gateway.settings.attestation import AttestationSettings
from gateway.settings.audit import Audit
from gateway.settings.broker import BrokerSettings
from gateway.settings.console import PRODUCTION, Console
from gateway.settings.crypto import Crypto
from gateway.settings.database import Database
from gateway.settings.keys import Keys
from gateway.settings.listening import Metrics, Tls
from gateway.settings.places import PlaceSettings
from gateway.settings.policy import PolicySettings
from gateway.settings.retention import Retention
from gateway.settings.work import Work

PREFIX = "GATEWAY__"
DEFAULT_FILE = Path("gateway.toml")


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
    crypto: Crypto = Crypto()
    work: Work = Work()
    audit: Audit = Audit()
    admission: Admission = Admission()
    retention: Retention = Retention()
    places: PlaceSettings = PlaceSettings()
    attestation: AttestationSettings = AttestationSettings()
    policy: PolicySettings = PolicySettings()
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

    @model_validator(mode="after")
    def _computers_can_show_themselves(self) -> Settings:
        if self.console.device_ca is not None and self.tls.certificate is None and not self.console.proxies:
            raise ValueError("console.device_ca needs tls.certificate and tls.key, or console.proxies")
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
        where = "; ".join(f"{'.'.join(map(str, one['loc']))}: {_told(one)}" for one in error.errors())
        raise Misconfigured(f"Settings: {where}") from None
    except SettingsError as error:
        raise Misconfigured(f"Settings: {_no_json() or error}") from None  # names the variable, not its value
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"Settings file {chosen}: {error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Misconfigured(f"Settings file {chosen}: not in UTF-8 (at line {line})") from None
    except OSError as error:
        raise Misconfigured(f"Settings file {chosen}: {error.strerror}") from None


def alone(**values: Any) -> Settings:  # noqa: ANN401 - whatever a section takes
    """Settings of these values and of defaults, whatever environment and file say: for what is nobody's installation.
    Raises pydantic's ValidationError."""

    class Alone(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings,)

    return Alone(**values)


def _told(fault: ErrorDetails) -> str:
    """What is wrong with one key, in our words where pydantic's are no help."""
    if fault["type"] != "extra_forbidden":
        return fault["msg"].removeprefix("Value error, ")
    *sections, key = map(str, fault["loc"])
    model = _section(sections)
    near = get_close_matches(key, model.model_fields, 1) if model else []
    return "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _section(names: Sequence[str]) -> type[BaseModel] | None:
    model: Any = Settings
    for name in names:
        known = model.model_fields.get(name)
        kinds = [] if known is None else [known.annotation, *get_args(known.annotation)]
        model = next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
        if model is None:
            return None
    return cast("type[BaseModel]", model)


def _no_json() -> str:
    """Which variables of lists, tables and whole sections hold no JSON; pydantic names the section alone."""
    return "; ".join(
        f"{_key(variable)}: {variable} is no JSON; write it like {example}"
        for variable, value in sorted(os.environ.items())
        if (example := _as_json(variable)) and not _is_json(value)
    )


def _key(variable: str) -> str:
    return variable.upper().removeprefix(PREFIX).lower().replace("__", ".")


def _as_json(variable: str) -> str:
    """How a variable of several values is written; empty for one of a single value."""
    if not variable.upper().startswith(PREFIX):
        return ""
    *sections, key = _key(variable).split(".")
    model = _section(sections)
    known = model.model_fields.get(key) if model else None
    if known is None:
        return ""
    if _section([*sections, key]) or get_origin(known.annotation) in (dict, Mapping):
        return '{"key": "value"}'
    return '["one", "two"]' if get_origin(known.annotation) in (tuple, list, set, frozenset) else ""


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def _refuse_unknown_variables() -> None:
    """pydantic ignores a mistyped top-level variable silently; we do not."""
    known = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        name = variable.upper()
        if name.startswith(PREFIX):
            section = name.removeprefix(PREFIX).split("__")[0]
            if section not in known:
                near = get_close_matches(section, known, 1)
                meant = f" Did you mean {PREFIX}{near[0]}__...?" if near else ""
                raise Misconfigured(f"The environment sets {variable}, which is not a setting.{meant}")
