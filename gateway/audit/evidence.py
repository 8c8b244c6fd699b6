"""Evidence bundles: one file with all that the log says about one record, for a reader outside (docs/audit-log.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audit.proof import proved_entry
from gateway.audit.tiles import TileSource
from gateway.core.audit_entry import ACTIONS, timestamp
from gateway.core.model import AuditEntry
from gateway.core.ports.audit_log import Checkpoint

TYPE = "gateway-evidence/1"


@dataclass(frozen=True, slots=True)
class Statement:
    """One numbered entry, and whether the bundle's reader may see its details."""

    number: int
    entry: AuditEntry
    open: bool


def plain_words(entry: AuditEntry) -> str:
    """One sentence of what the leaf says; the verifier derives the same from the leaf."""
    outcome = "" if entry.outcome == "ok" else f" Outcome: {entry.outcome}."
    meaning = ACTIONS[entry.action]
    return f"{timestamp(entry.at)}, by {entry.actor}, on {entry.object}: {meaning}.{outcome}"


def write_evidence(
    record: str, objects: Sequence[str], statements: Sequence[Statement], checkpoint: Checkpoint, source: TileSource
) -> str:
    """The bundle. ``objects``: the record, its submission, its deliveries, as far as the reader may know them.
    Raises Tampered, and writes nothing, when the tiles do not lead to the checkpoint."""
    entries = [
        proved_entry(one.number, one.entry, checkpoint, source, opened=one.open) | {"says": plain_words(one.entry)}
        for one in statements
    ]
    document = {"type": TYPE, "record": record, "objects": list(objects), "entries": entries}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
