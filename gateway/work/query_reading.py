"""Reading one case status record, a query or an answer: decoded, validated by schema, judged by the rules. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.core.disclosure import CASE_STATUS
from gateway.core.model import Content, Digest, Facts, Finding, FormatName
from gateway.core.ports.formats import CanonicalForm, Cover, Encoded, Format, Rules
from gateway.core.receipt import blocked
from gateway.core.rules import told

XML, JSON = FormatName("xml"), FormatName("json")
FORMS: Mapping[str, FormatName] = {"application/xml": XML, "text/xml": XML, "application/json": JSON}
"""Media type -> the form in which queries and answers are written."""
MARKS: Mapping[FormatName, tuple[bytes, int]] = {XML: (b"<", 2), JSON: (b":", 1)}
"""What stands in every element, and how often."""
QUESTION_ELEMENTS, ANSWER_ELEMENTS = 50, 1_500
"""The schema knows 11 of a query; the largest answer, 40 persons with their addresses, has about 1,270."""


BROKEN = "The record breaks its schema or its rules."


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """One record of kind ``case-status``."""

    content: Content
    facts: Facts
    digest: Digest
    """SHA-256 of its canonical document."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """What is wrong with a body that is not one valid record of kind ``case-status``."""

    why: str
    findings: tuple[Finding, ...] = ()
    record: StatusRecord | None = None
    """What could be read all the same."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A record as it was read, not yet judged."""

    content: Content
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Reads and writes in both forms."""

    formats: Mapping[FormatName, Format]
    canonical: CanonicalForm
    rules: Rules

    def question(self, form: FormatName, body: bytes, today: date) -> StatusRecord | Unfit:
        """A query, or what is wrong with it, place by place. Never raises for bad bytes."""
        read = self._read(form, body, QUESTION_ELEMENTS)
        if isinstance(read, Unfit):
            return read
        document = self.canonical.write(read.content)
        record = self._record(read.content, document)
        judged = self.rules.judge(read.content, record.facts, form, 1, today)
        findings = told(read.findings, self.canonical.validate(document, 1), judged)
        return Unfit(BROKEN, findings, record) if blocked(findings) else record

    def answer(self, form: FormatName, body: bytes, today: date) -> StatusRecord | Unfit:
        """An answer. What its schema finds wrong is not explained: the caller cannot mend it, and to explain a thousand
        faults would hold up everybody else. Never raises for bad bytes."""
        read = self._read(form, body, ANSWER_ELEMENTS)
        if isinstance(read, Unfit):
            return read
        document = self.canonical.write(read.content)
        record = self._record(read.content, document)
        if not self.canonical.valid(document):
            return Unfit(BROKEN, (), record)
        judged = self.rules.judge(read.content, record.facts, form, 1, today)
        return Unfit(BROKEN, judged, record) if blocked(judged) else record

    def _read(self, form: FormatName, body: bytes, most: int) -> _Read | Unfit:
        mark, times = MARKS[form]
        if body.count(mark) > most * times:
            return Unfit(f"The body has more than {most} elements.")
        format_ = self.formats[form]
        reader = format_.reader()
        frames = [*reader.feed(body), *reader.finish()]
        if blocked(reader.findings) or len(frames) != 1:
            return Unfit("The body is not one record.", tuple(reader.findings))
        decoded = format_.decode(frames[0], reader.heading)
        if decoded.content is None or blocked(decoded.findings):
            return Unfit("The record cannot be read.", decoded.findings)
        if decoded.content.kind != CASE_STATUS:
            return Unfit(f"The record is not of kind {CASE_STATUS}.")
        return _Read(decoded.content, decoded.findings)

    def _record(self, content: Content, document: bytes) -> StatusRecord:
        return StatusRecord(content, self.canonical.facts(content), Digest(hashlib.sha256(document).hexdigest()))

    def known(self, content: Content) -> StatusRecord:
        """A record that we made ourselves."""
        return self._record(content, self.canonical.write(content))

    def write(self, form: FormatName, content: Content, cover: Cover) -> Encoded:
        return self.formats[form].encode([content], cover)
