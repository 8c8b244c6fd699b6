"""Examining: one frame is decoded, validated, judged by the rules and sealed. Pure computing, no waiting."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.core.attestation import asks_to_locate
from gateway.core.errors import Unprocessable
from gateway.core.labels import label_of, record_context
from gateway.core.model import Digest, Facts, Finding, FormatName, Partner, PartnerKey, RecordId, RuleCode, Severity
from gateway.core.people import DOMAIN, People, packed
from gateway.core.ports.crew import Examination, Examined
from gateway.core.ports.formats import CanonicalForm, Format, Frame, Rules
from gateway.core.ports.keys import Indexer, Sealer
from gateway.core.receipt import blocked
from gateway.core.routing import owning
from gateway.core.rules import told

SENDER_RULE = RuleCode("SENDER-MISMATCH")


def owns(partner: Partner, locator: str) -> bool:
    """Whether a locator, or the state or office that it belongs to, is one of the partner's."""
    return not partner.locators.isdisjoint(owning(locator))


@dataclass(frozen=True, slots=True)
class Examiner:
    """Everything that examining needs; rebuilt from the catalog and the key ring in each worker process."""

    formats: Mapping[FormatName, Format]
    canonical: CanonicalForm
    rules: Rules
    sealer: Sealer
    indexer: Indexer

    def examine(self, task: Examination) -> tuple[Examined, ...]:
        format_ = self.formats.get(task.format)
        if format_ is None:
            raise Unprocessable(f"There is no format {task.format}.")
        return tuple(self._one(format_, task, frame, id_) for frame, id_ in zip(task.frames, task.ids, strict=True))

    def _one(self, format_: Format, task: Examination, frame: Frame, record: RecordId) -> Examined:
        decoded = format_.decode(frame, task.heading)
        read = tuple(_placed(f, frame) for f in decoded.findings)
        if decoded.content is None:
            return Examined(record, frame.ordinal, read)
        document = self.canonical.write(decoded.content)
        schema = self.canonical.confirm(decoded.content, document, frame.ordinal)
        facts = self.canonical.facts(decoded.content)
        judged = self.rules.judge(decoded.content, facts, task.format, frame.ordinal, task.today)
        found = told(read, schema, judged) if schema or judged else read
        of_sender = sender_findings(facts, task.sender, frame.ordinal)
        if task.lacking is not None and asks_to_locate(facts):
            of_sender = (*of_sender, Finding(task.lacking, Severity.ERROR, record=frame.ordinal))
        findings = tuple(_placed(f, frame) for f in found + of_sender)
        if blocked(findings):
            return Examined(record, frame.ordinal, findings, facts)
        persons, endangered = indexes(self.canonical.people(decoded.content), self.indexer)
        return Examined(
            id=record,
            ordinal=frame.ordinal,
            findings=findings,
            facts=facts,
            digest=Digest(hashlib.sha256(document).hexdigest()),
            sealed=self.sealer.seal(label_of(facts), record_context(record), document),
            case_index=self._case_index(facts, task.sender),
            persons=persons,
            endangered=endangered,
            index_keys=self.indexer.keys,
        )

    def _case_index(self, facts: Facts, sender: Partner) -> bytes | None:
        return case_indexes(facts, sender.key, self.indexer)


def indexes(people: People, indexer: Indexer) -> tuple[bytes | None, bytes | None]:
    """Blind indexes of everybody in a record, and of those in danger; of each under all keys, the active one first."""
    if not people.everybody:
        return None, None
    if " " not in indexer.keys:
        found = {number: indexer.index(DOMAIN, number) for number in people.everybody}
    else:
        found = {number: b"".join(indexer.tokens(DOMAIN, number)) for number in people.everybody}
    return packed(found.values()), packed([found[number] for number in people.endangered])


def case_indexes(facts: Facts, sender: PartnerKey, indexer: Indexer) -> bytes | None:
    """Blind indexes of the record's case under all keys, the active one first; None without a case."""
    if not facts.case_id:
        return None
    if " " not in indexer.keys:
        return indexer.index(f"case:{sender}", facts.case_id)
    return b"".join(indexer.tokens(f"case:{sender}", facts.case_id))


def sender_findings(facts: Facts, sender: Partner, ordinal: int) -> tuple[Finding, ...]:
    """A caller sends as itself only: the sender that the record names must be one of its locators."""
    if owns(sender, facts.sender):
        return ()
    return (Finding(SENDER_RULE, Severity.ERROR, record=ordinal, field="Sender"),)


def _placed(finding: Finding, frame: Frame) -> Finding:
    """The finding with the record's ordinal and line, where the format left them open."""
    if finding.record is not None and finding.line is not None:
        return finding
    return replace(finding, record=finding.record or frame.ordinal, line=finding.line or frame.line)
