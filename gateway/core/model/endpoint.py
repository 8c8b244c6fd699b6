"""Where and how a partner takes its deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AdapterName(StrEnum):
    HTTPS = "https"
    SFTP = "sftp"
    MAILBOX = "mailbox"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how a partner takes its deliveries. ``options`` are the adapter's own keys, checked by the adapter."""

    adapter: AdapterName
    options: Mapping[str, str | int | bool] = field(default_factory=dict, repr=False)
    country: str = ""
    """Where it lies, as the partner's file says (ISO 3166-1 alpha-2); empty: it says nothing."""
