"""Port of the store about the order of files: which file of a series was taken last, and which numbers came before.

A turn is taken in the transaction that takes the file's first records (:class:`gateway.core.acceptance.Acceptance`,
:class:`gateway.core.acceptance.Chunk`); this port only looks, and lets a person begin a series anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.core.model import AuditEntry, Finding, PartnerKey, SubmissionId
from gateway.core.succession import Turn


@dataclass(frozen=True, slots=True)
class LastFile:
    """The file of a series that was taken last, where days are asked for."""

    sender: PartnerKey
    series: str
    place: str
    submission: SubmissionId


class Turns(Protocol):
    async def refusal(self, turn: Turn) -> tuple[Finding, ...]:
        """Why the file would be refused now; none: it may come next. Nothing is written."""
        ...

    async def last(self, sender: PartnerKey) -> tuple[LastFile, ...]:
        """By series."""
        ...

    async def forget(self, sender: PartnerKey, series: str, entry: AuditEntry) -> bool:
        """Let the next file of the series have any day: after one with a wrong day was taken. Numbers stay used.
        False: there was no such series, and nothing is written."""
        ...
