"""Ports of signed receipts: what they are made of, who signs them, where they stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway.core.model import AuditEntry, Submission, SubmissionId
from gateway.core.signed_receipt import Begun, Ended, ReceiptKind

TOO_YOUNG = timedelta(minutes=15)
"""The loop looks at no younger submissions: most have not ended, and their ids are older than their commits."""


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt as it is given out, for ever in the same bytes."""

    submission: SubmissionId
    kind: ReceiptKind
    kid: str
    """Thumbprint (RFC 7638) of the key that signed it."""
    jws: str = field(repr=False)
    """Compact JWS, ASCII."""
    at: datetime


class ReceiptSigner(Protocol):
    """Signs with the key that is active at the time of the call."""

    def sign(self, claims: bytes) -> tuple[str, str]:
        """The key's kid, and a compact JWS over the claims (JSON, UTF-8). Raises Misconfigured when there is no active
        key."""
        ...

    def public_keys(self) -> Mapping[str, str]:
        """kid -> its public JWK as JSON; all keys that the ring still has, newest first, and among them the one
        that waits to sign next."""
        ...


class Receipts(Protocol):
    """Receipts that were signed, and the submissions that still owe one. The first of a submission and kind stays."""

    async def kept(self, submission: SubmissionId, kind: ReceiptKind) -> SignedReceipt | None: ...

    async def begun(self, submissions: Sequence[SubmissionId]) -> tuple[Begun, ...]:
        """What an accepted receipt is about, of those that there are; in no order."""
        ...

    async def ended(self, submissions: Sequence[SubmissionId]) -> Mapping[SubmissionId, Ended]:
        """How each ended; those that have not ended are missing. Ended means: judged, nothing parked, and every
        delivery delivered, withdrawn, withheld, or refused by its partner."""
        ...

    async def open(self, submission: SubmissionId) -> bool:
        """Whether a record of a judged submission is still on its way, or parked and not erased; looks no further than
        to the first."""
        ...

    async def keep(self, receipts: Sequence[tuple[SignedReceipt, AuditEntry]], keys: Mapping[str, str]) -> None:
        """Keep those of which there is none yet, each with its entry; and of ``keys`` (kid -> JWK) those that signed
        them."""
        ...

    async def keys(self) -> Mapping[str, str]:
        """kid -> public JWK of every key that ever signed a receipt here, newest first."""
        ...

    async def owed(self, now: datetime, limit: int) -> tuple[SubmissionId, ...]:
        """Submissions that had not ended when they were looked at, and are to be looked at again now."""
        ...

    async def unseen(self, before: SubmissionId, limit: int) -> tuple[SubmissionId, ...]:
        """Submissions with ids less than ``before`` that nobody has looked at, oldest first."""
        ...

    async def looked(self, again: Mapping[SubmissionId, datetime | None], upto: SubmissionId | None) -> None:
        """Look at these again at their times (None: never again); all up to ``upto`` have been looked at once."""
        ...


class ReceiptDesk(Protocol):
    """Gives receipts out: the same bytes each time, signed when somebody asks first."""

    async def accepted(self, submission: SubmissionId) -> SignedReceipt:
        """Raises NotFound, and Tampered when the log says other than the stored submission."""
        ...

    async def final(self, submission: SubmissionId) -> SignedReceipt:
        """Raises Conflict (``not-ended``) while something is still on its way, and as :meth:`accepted`."""
        ...

    async def ready(self, submission: Submission) -> bool:
        """Whether :meth:`final` has one to give."""
        ...

    async def keys(self) -> Mapping[str, str]:
        """kid -> public JWK (JSON) of every key that signed a receipt here, or may sign the next."""
        ...
