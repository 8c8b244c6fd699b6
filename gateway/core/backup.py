"""The manifest of a back-up: what is in it, and where the audit log stood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.errors import Refused

TYPE = "gateway-backup/1"


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its digest and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: str
    version: str
    """Of the gateway that made it."""
    schema: str
    """Revision of the database's schema."""
    dialect: str
    origin: str
    """Name of the audit log."""
    log_size: int
    log_root: str
    """Hex."""
    keys: bool
    """Whether the keys are in it."""
    files: Mapping[str, Part]

    def text(self) -> str:
        document = {
            "type": TYPE,
            "made_at": self.made_at,
            "version": self.version,
            "schema": self.schema,
            "dialect": self.dialect,
            "log": {"origin": self.origin, "size": self.log_size, "root": self.log_root},
            "keys": self.keys,
            "files": {name: {"sha256": one.sha256, "size": one.size} for name, one in sorted(self.files.items())},
        }
        return json.dumps(document, indent=1) + "\n"


def manifest(text: str) -> Manifest:
    """Raises Refused when the text is no manifest of this version."""
    try:
        document = {TYPE: json.loads(text)}[json.loads(text)["type"]]
        return Manifest(
            made_at=str(document["made_at"]),
            version=str(document["version"]),
            schema=str(document["schema"]),
            dialect=str(document["dialect"]),
            origin=str(document["log"]["origin"]),
            log_size=int(document["log"]["size"]),
            log_root=str(document["log"]["root"]),
            keys=bool(document["keys"]),
            files={name: Part(str(one["sha256"]), int(one["size"])) for name, one in document["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("This is no manifest of a back-up.") from None
