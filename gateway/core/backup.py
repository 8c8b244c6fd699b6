"""The manifest of a back-up: what is in it, and where the audit log stood."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.errors import Refused
from gateway.core.extract import Extract

COPIES = frozenset({"backup", "backup-with-keys", "other"})
"""Kinds of the register that may hold sealed values: what is in the others is signed or in the clear."""
LASTS = timedelta(days=1)
"""Longer than it takes to make a copy: a key that was made meanwhile may be in it."""
_NEEDS = " needs "
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
    needs: tuple[str, ...] = ()
    """Ids of the keys that something in it is stored under; none named: made before they were."""

    def text(self) -> str:
        document = {
            "type": TYPE,
            "made_at": self.made_at,
            "version": self.version,
            "schema": self.schema,
            "dialect": self.dialect,
            "log": {"origin": self.origin, "size": self.log_size, "root": self.log_root},
            "keys": self.keys,
            "needs": list(self.needs),
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
            needs=tuple(str(one) for one in document.get("needs", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("This is no manifest of a back-up.") from None


def about(keys: Iterable[str]) -> str:
    """What the register says of a back-up: the database, and the keys without which it cannot be read."""
    return f"database{_NEEDS}{' '.join(sorted(keys))}"


def needing(extracts: Iterable[Extract], key: str, made_at: datetime) -> tuple[str, ...]:
    """Ids of the copies that still exist and may need a key that was made at ``made_at``. One that does not say which
    keys it needs may need every one that there was."""
    return tuple(sorted(one.id for one in extracts if _needs(one, key, made_at)))


def _needs(one: Extract, key: str, made_at: datetime) -> bool:
    if one.erased_at is not None or one.what not in COPIES or one.made_at + LASTS < made_at:
        return False
    _, told, keys = one.about.partition(_NEEDS)
    return not told or one.made_at < made_at or key in keys.split()
