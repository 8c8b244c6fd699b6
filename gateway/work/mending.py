"""Mending: what a dead delivery carries of a record is opened, changed, judged as at intake, and sealed anew."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.amendment import DOMAIN, Amendment, Body, Change, Fixed, amended, check_same, check_valid, terms
from gateway.core.errors import Conflict, Misconfigured, NotFound, Unprocessable
from gateway.core.four_eyes import Terms
from gateway.core.labels import amendment_context, named_label, open_carried
from gateway.core.model import Content, DeliveryId, Digest, Facts, Finding, RecordId, SubmissionId
from gateway.core.people import People
from gateway.core.ports.amendments import Amendments, Draft, Rehearsals, Tried
from gateway.core.ports.formats import CanonicalForm, Rules
from gateway.core.ports.keys import Indexer, Sealer
from gateway.core.ports.submissions import Submissions
from gateway.core.rules import told

REHEARSED = "rehearsed"
"""The id under which a draft is sealed that nobody has asked for yet; nothing is kept under it."""


@dataclass(frozen=True, slots=True)
class Mender:
    """Implements :class:`gateway.core.ports.amendments.Mending`."""

    store: Amendments
    submissions: Submissions
    canonical: CanonicalForm
    rules: Rules
    sealer: Sealer
    indexer: Indexer
    fixings: Fixed
    rehearsals: Rehearsals

    def fixed(self, content: Content, path: str) -> bool:
        return self.fixings.holds(content.kind, path)

    async def opened(self, delivery: DeliveryId, record: RecordId) -> Content:
        return self._read(await self._body(delivery, record))

    async def draft(self, delivery: DeliveryId, record: RecordId, changes: Sequence[Change]) -> Draft:
        body = await self._body(delivery, record)
        before = self._read(body)
        after, document = self._written(amended(before, changes, self.fixings))
        facts = self._facts(after)
        check_same(self._facts(before), facts)
        findings = await self._judged(body, after, document, facts[0])
        check_valid(findings)
        fields = tuple(sorted(change.path for change in changes))
        digest = Digest(hashlib.sha256(document).hexdigest())
        agreed = terms(record, self._index(digest), fields)
        draft = Draft(body, fields, before, after, digest, document, findings, agreed)
        tried = await self.rehearsals.tried(delivery, record, REHEARSED, self.sealed(REHEARSED, draft))
        return replace(draft, tried=tried)

    def sealed(self, amendment: str, draft: Draft) -> bytes:
        """Facts do not change, so the label of what is amended is the label of what it becomes."""
        label = named_label(self.sealer, _sealed(draft.body))
        return self.sealer.seal(label, amendment_context(amendment), draft.document)

    async def tried(self, amendment: Amendment) -> Tried | None:
        if amendment.sealed is None:
            return None
        return await self.rehearsals.tried(amendment.delivery, amendment.record, amendment.id, amendment.sealed)

    async def reopened(self, amendment: Amendment) -> tuple[Content, Content, Terms]:
        body = await self.store.body(amendment.delivery, amendment.record)
        if body is None or amendment.sealed is None:
            raise Conflict("Nothing of the content is kept.", code="amend-changed")
        base = None if amendment.base is None else await self.store.get(amendment.base)
        document = open_carried(self.sealer, amendment.record, amendment.sealed, amendment.id)
        digest = Digest(hashlib.sha256(document).hexdigest())
        agreed = terms(amendment.record, self._index(digest), amendment.fields)
        return self._read(Body(body.record, base)), self.canonical.read(document), agreed

    async def _body(self, delivery: DeliveryId, record: RecordId) -> Body:
        body = await self.store.body(delivery, record)
        if body is None or body.record.sealed is None:
            raise NotFound("The delivery carries no such record, or nothing of it is kept.")
        return body

    def _read(self, body: Body) -> Content:
        instead = None if body.amendment is None else body.amendment.id
        return self.canonical.read(open_carried(self.sealer, body.record.id, _sealed(body), instead))

    def _written(self, content: Content) -> tuple[Content, bytes]:
        """The document, and the content as it is read from it. An element that no schema knows, or whose number leaves
        a gap, is no path."""
        try:
            document = self.canonical.write(content)
        except Misconfigured:
            raise Unprocessable("The kind of the record has no such element.", code="amend-path") from None
        unreadable = self.canonical.validate(document, 1)
        if any(finding.rule == "XML-CHARACTER" for finding in unreadable):
            check_valid(unreadable)
        read = self.canonical.read(document)
        if dict(read.fields) != dict(content.fields):
            raise Unprocessable("Repeated elements are numbered without gaps.", code="amend-path")
        return read, document

    def _facts(self, content: Content) -> tuple[Facts, People]:
        return self.canonical.facts(content), self.canonical.people(content)

    async def _judged(self, body: Body, content: Content, document: bytes, facts: Facts) -> tuple[Finding, ...]:
        """By the rules of the day on which the record came, and of the format in which it came."""
        record = body.record
        posted = await self.submissions.get(SubmissionId(record.submission))
        if posted is None:
            raise NotFound("The submission of the record is not kept.")
        schema = self.canonical.validate(document, record.ordinal)
        judged = self.rules.judge(content, facts, posted.format, record.ordinal, record.received_at.date())
        return told((), schema, judged)

    def _index(self, digest: Digest) -> bytes:
        return self.indexer.index(DOMAIN, digest)


def _sealed(body: Body) -> bytes:
    """Raises NotFound for content that is erased."""
    sealed = body.record.sealed if body.amendment is None else body.amendment.sealed
    if sealed is None:
        raise NotFound("Nothing of the content is kept.")
    return sealed
