"""Port of the intake: what the HTTP edge and the command line hand bodies to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.model import Counts, Finding, FormatName, Partner, Submission
from gateway.core.ports.submissions import Replayed, RuleCount
from gateway.core.swift import swift


@swift
class Verdict:
    """The judgement of a body of which nothing is kept."""

    format: FormatName
    counts: Counts
    rules: tuple[RuleCount, ...]
    """Findings grouped by rule, fatal ones first, then by count."""
    findings: Sequence[Finding]
    """The first 1,000 of them, in file order."""
    refused_as_a_whole: bool = False
    """Whether a submission would be answered with an error and none of the records taken, whatever ``counts`` says."""


class Upload(Protocol):
    """One body on its way in. Feed it piece by piece, then finish or abandon it. Memory is bounded."""

    async def feed(self, data: bytes) -> None:
        """Raises TooLarge past the partner's cap, Unavailable when the spool cannot take it."""
        ...

    async def finish(self) -> Submission | Replayed:
        """Returns only after the commit. Raises Unprocessable for an idempotency key used with other bytes (code
        ``idempotency-mismatch``) or an empty body (``empty-body``), Unreadable for a file of which no record can be
        read, Unavailable when nothing could be committed."""
        ...

    async def abandon(self) -> None:
        """The body was cut off: nothing is kept."""
        ...


class IntakeDesk(Protocol):
    def begin(
        self, sender: Partner, idempotency_key: str, format: FormatName, entity: str, attested: str = ""
    ) -> Upload:
        """Start an upload. ``entity`` is the request id; ``attested`` what the sender's attestation is worth
        (:mod:`gateway.core.attestation`). Raises Forbidden when the partner may not post the format."""
        ...

    def validation(self, sender: Partner, format: FormatName, attested: str = "") -> Validation:
        """The same judgement, nothing kept."""
        ...


class Validation(Protocol):
    async def feed(self, data: bytes) -> None: ...

    async def finish(self) -> Verdict: ...
