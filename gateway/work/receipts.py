"""Signed receipts are made when somebody asks for one, and for everybody else by a loop that takes its time.

Nothing of this is on the way of a record: an accepted receipt signs the stored answer to the post, a final one how the
deliveries ended. The first one signed of a submission and kind stays, whoever signed it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.core.audit_entry import Scribe
from gateway.core.errors import Conflict, NotFound, Tampered
from gateway.core.ids import Clock, first_id
from gateway.core.model import Actor, AuditEntry, Submission, SubmissionId, SubmissionState
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.receipts import TOO_YOUNG, Receipts, ReceiptSigner, SignedReceipt
from gateway.core.routing import Directory
from gateway.core.signed_receipt import Begun, Due, Ended, ReceiptKind, Seen, accepted, agree, final, leaves_by

log = structlog.get_logger()
SIGNER = Actor("gateway", "receipts")
_NO_ROOT = hashlib.sha256().digest()
"""The root of an empty log (RFC 6962, section 2.1)."""


@dataclass(frozen=True, slots=True)
class ReceiptPace:
    """How the loop goes about it, one step a second while there are some."""

    at_once: int = 50
    first: timedelta = timedelta(minutes=5)
    """One that has not ended is looked at again after this, later after a quarter of its age."""
    longest: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReceiptOffice:
    receipts: Receipts
    signer: ReceiptSigner
    audit: AuditLog
    directory: Callable[[], Directory]
    scribe: Scribe
    clock: Clock
    origin: str
    """Name of the log: who issues the receipts."""
    observe: Callable[[ReceiptKind], None]
    pace: ReceiptPace = field(default_factory=ReceiptPace)

    async def accepted(self, submission: SubmissionId) -> SignedReceipt:
        """Raises NotFound, and Tampered when the log says other than the submission."""
        return await self._given(submission, ReceiptKind.ACCEPTED)

    async def final(self, submission: SubmissionId) -> SignedReceipt:
        """Raises Conflict (``not-ended``) while something of the submission is still on its way, and as
        :meth:`accepted`."""
        return await self._given(submission, ReceiptKind.FINAL)

    async def ready(self, submission: Submission) -> bool:
        """Whether :meth:`final` has one to give. Cheaper than asking for it."""
        if submission.state is not SubmissionState.JUDGED:
            return False
        if await self.receipts.kept(submission.id, ReceiptKind.FINAL) is not None:
            return True
        erased = not submission.body_digest
        return not erased and not await self.receipts.open(submission.id)

    async def keys(self) -> Mapping[str, str]:
        """kid -> public JWK (JSON) of every key that signed a receipt, or may sign the next."""
        return {**self.signer.public_keys(), **await self.receipts.keys()}

    async def step(self) -> bool:
        """Make both receipts of submissions that ended. Always False: whatever there is, it is done at the pace of the
        loop, so that records go first."""
        now = self.clock()
        again = await self.receipts.owed(now, self.pace.at_once)
        fresh = await self.receipts.unseen(self._youngest(now), self.pace.at_once)
        wanted = (*again, *fresh)
        if not wanted:
            return False
        begun = {one.submission.id: one for one in await self.receipts.begun(wanted)}
        ended = await self.receipts.ended([one for one, about in begun.items() if _sound(about)])
        await self._sign([(begun[one], end) for one, end in ended.items()])
        later = {one: self._again(begun[one], now) if one in begun and one not in ended else None for one in wanted}
        await self.receipts.looked(later, max(fresh, default=None))
        if ended:
            log.info("receipts.signed", count=len(ended))
        return False

    def _youngest(self, now: datetime) -> SubmissionId:
        """The least id that could be of a submission too young to look at."""
        return SubmissionId(first_id(now - TOO_YOUNG))

    def _again(self, begun: Begun, now: datetime) -> datetime:
        age = now - begun.submission.received_at
        return now + min(max(age / 4, self.pace.first), self.pace.longest)

    async def _given(self, submission: SubmissionId, kind: ReceiptKind) -> SignedReceipt:
        """The one that is kept; else it is signed and read back, for somebody else may have signed it meanwhile, and
        then that one counts."""
        kept = await self.receipts.kept(submission, kind)
        if kept is None:
            await self._make(submission, kind)
            kept = await self.receipts.kept(submission, kind)
        if kept is None:
            raise NotFound
        return kept

    async def _make(self, submission: SubmissionId, kind: ReceiptKind) -> None:
        begun = await self.receipts.begun([submission])
        if not begun:
            raise NotFound
        if kind is ReceiptKind.ACCEPTED:
            return await self._sign([(begun[0], None)])
        ended = (await self.receipts.ended([submission])).get(submission)
        if ended is None:
            raise Conflict("Not everything of this submission has ended.", code="not-ended")
        return await self._sign([(begun[0], ended)])

    async def _sign(self, about: Sequence[tuple[Begun, Ended | None]]) -> None:
        """Sign and keep the accepted receipt of each, and the final one of those that ended."""
        if not about:
            return
        seen, now = await self._seen(), self.clock()
        made = [self._signed(one, ReceiptKind.ACCEPTED, accepted(one, self._due(one), seen, now)) for one, _ in about]
        made += [
            self._signed(one, ReceiptKind.FINAL, final(one, end, seen, now)) for one, end in about if end is not None
        ]
        await self.receipts.keep(made, self.signer.public_keys())
        for receipt, _ in made:
            self.observe(receipt.kind)

    def _signed(self, begun: Begun, kind: ReceiptKind, claims: bytes) -> tuple[SignedReceipt, AuditEntry]:
        kid, jws = self.signer.sign(claims)
        receipt = SignedReceipt(begun.submission.id, kind, kid, jws, self.clock())
        details: dict[str, str | int] = {"kid": kid, "sha256": hashlib.sha256(jws.encode()).hexdigest()}
        return receipt, self.scribe.entry(
            SIGNER, "receipt.signed", f"submission:{receipt.submission}", kind.value, details
        )

    def _due(self, begun: Begun) -> tuple[Due, ...]:
        """By the partner's batching as it is now; a partner that is gone has none."""
        partners = self.directory().partners
        return tuple(
            Due(one.partner, one.kind, leaves_by(partners[one.partner].batching_of(one.kind), one.since))
            for one in begun.owed
            if one.partner in partners
        )

    async def _seen(self) -> Seen:
        head = await self.audit.head()
        root = head.root if head else _NO_ROOT
        return Seen(self.origin, head.size if head else 0, base64.b64encode(root).decode())


def _sound(begun: Begun) -> bool:
    """Whether a receipt may be signed. What the log contradicts is an alarm, and no reason to leave the others out."""
    try:
        agree(begun)
    except Tampered as alarm:
        log.error("receipt.contradicts", id=begun.submission.id, code=alarm.problem)  # noqa: TRY400 - an alarm, not a defect
        return False
    return True
