"""What can be said and done about files without server, database or keys."""

from __future__ import annotations

from gateway.offline.judging import (
    Advance,
    Checked,
    Explained,
    Judged,
    Validator,
    explained,
    findings_told,
    frames,
    known_format,
    partner_of,
    validator,
)

__all__ = [
    "Advance",
    "Checked",
    "Explained",
    "Judged",
    "Validator",
    "explained",
    "findings_told",
    "frames",
    "known_format",
    "partner_of",
    "validator",
]
