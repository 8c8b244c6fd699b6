"""Process settings: one frozen object from the environment (``GATEWAY__DB__URL``), a TOML file and defaults.

Partners, agreements, rules and keys are data, not settings. Unknown keys are refused in file and environment.
"""

from __future__ import annotations

from gateway.settings.admission import Admission
from gateway.settings.api import Api
from gateway.settings.attestation import AttestationSettings
from gateway.settings.audit import Audit, TimestampSettings, WitnessSettings
from gateway.settings.broker import BrokerSettings
from gateway.settings.console import PRODUCTION, Console
from gateway.settings.crypto import Crypto
from gateway.settings.database import Database
from gateway.settings.keys import Keys, TokenSettings
from gateway.settings.listening import Listen, Metrics, Tls
from gateway.settings.oidc import Oidc
from gateway.settings.part import Part
from gateway.settings.places import PlaceSettings
from gateway.settings.policy import PolicySettings
from gateway.settings.process import DEFAULT_FILE, PREFIX, Settings, alone, load
from gateway.settings.retention import Retention
from gateway.settings.role import Role
from gateway.settings.work import Work

__all__ = [
    "DEFAULT_FILE",
    "PREFIX",
    "PRODUCTION",
    "Admission",
    "Api",
    "AttestationSettings",
    "Audit",
    "BrokerSettings",
    "Console",
    "Crypto",
    "Database",
    "Keys",
    "Listen",
    "Metrics",
    "Oidc",
    "Part",
    "PlaceSettings",
    "PolicySettings",
    "Retention",
    "Role",
    "Settings",
    "TimestampSettings",
    "Tls",
    "TokenSettings",
    "WitnessSettings",
    "Work",
    "alone",
    "load",
]
