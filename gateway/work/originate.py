"""What the gateway says in a partner's name: answers that follow from rules alone, judged and committed like anything
that comes in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.core.acceptance import Acceptance, ReceiptWriter, total
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Unprocessable
from gateway.core.ids import Clock, Mint
from gateway.core.labels import label_of, record_context
from gateway.core.model import (
    Actor,
    Content,
    Delivery,
    Digest,
    FormatName,
    Partner,
    RecordId,
    RecordState,
    Submission,
    SubmissionId,
    SubmissionState,
)
from gateway.core.ports.crew import Examined
from gateway.core.ports.formats import CanonicalForm
from gateway.core.ports.keys import Indexer, Sealer
from gateway.core.ports.submissions import Intake, Replayed
from gateway.core.receipt import blocked
from gateway.core.routing import Directory
from gateway.work.examine import case_indexes, indexes
from gateway.work.route import Origin, Router

ORIGINATOR = Actor("gateway", "originator")
CANONICAL = FormatName("xml")


@dataclass(frozen=True, slots=True)
class Originator:
    """Commits contents as a submission of a partner. The key makes a repeat the same submission."""

    canonical: CanonicalForm
    sealer: Sealer
    indexer: Indexer
    router: Router
    store: Intake
    scribe: Scribe
    clock: Clock
    mint: Mint
    directory: Callable[[], Directory]
    write_receipt: ReceiptWriter
    announce: Callable[[tuple[Delivery, ...]], None]

    async def say(self, sender: Partner, key: str, contents: Sequence[Content]) -> Submission | Replayed:
        """Raises Unprocessable when a content does not keep to its schema, Unavailable when nothing was written."""
        return await self._committed(self._acceptance(sender, key, contents))

    async def offer(self, sender: Partner, key: str, contents: Sequence[Content]) -> Submission | Replayed | None:
        """The same, but nothing at all (None) where a record of it would have no way, or be kept back by the guard."""
        acceptance = self._acceptance(sender, key, contents)
        if any(one.record.state is not RecordState.ROUTED for one in acceptance.judged):
            return None
        return await self._committed(acceptance)

    def _acceptance(self, sender: Partner, key: str, contents: Sequence[Content]) -> Acceptance:
        documents = [self.canonical.write(content) for content in contents]
        examined = [
            self._examined(sender, ordinal, *pair)
            for ordinal, pair in enumerate(zip(contents, documents, strict=True), 1)
        ]
        now = self.clock()
        id_ = SubmissionId(self.mint())
        origin = Origin(id_, sender.key, now, by=ORIGINATOR)
        judged = self.router.judge(examined, origin, self.directory())
        digest = Digest(hashlib.sha256(b"".join(documents)).hexdigest())
        counts = total(judged)
        submission = Submission(
            id=id_,
            sender=sender.key,
            idempotency_key=key,
            body_digest=digest,
            body_size=sum(map(len, documents)),
            format=CANONICAL,
            received_at=now,
            state=SubmissionState.JUDGED,
            receipt=b"",
            counts=counts,
            judged_at=now,
            progress=counts.records,
        )
        submission = replace(submission, receipt=self.write_receipt(submission, judged, ()))
        details: dict[str, str | int] = {"sha256": digest, "records": counts.records, "refused": counts.refused}
        entry = self.scribe.entry(ORIGINATOR, "submission.judged", f"submission:{id_}", "ok", details)
        return Acceptance(submission, judged, (), (entry,), self.write_receipt)

    async def _committed(self, acceptance: Acceptance) -> Submission | Replayed:
        committed = await self.store.accept(acceptance)
        if isinstance(committed, Submission):
            self.announce(tuple(delivery for one in acceptance.judged for delivery in one.deliveries))
        return committed

    def _examined(self, sender: Partner, ordinal: int, content: Content, document: bytes) -> Examined:
        findings = self.canonical.validate(document, ordinal)
        if blocked(findings):
            raise Unprocessable("What the gateway would say does not keep to its schema.")
        facts, record = self.canonical.facts(content), RecordId(self.mint())
        case = case_indexes(facts, sender.key, self.indexer)
        sealed = self.sealer.seal(label_of(facts), record_context(record), document)
        digest = Digest(hashlib.sha256(document).hexdigest())
        # It places no notice: what the gateway knows of danger is in the register already, under who placed it.
        persons, _ = indexes(self.canonical.people(content), self.indexer)
        return Examined(
            record,
            ordinal,
            findings,
            facts,
            digest,
            sealed,
            case,
            persons=persons,
            index_keys=self.indexer.keys,
        )
