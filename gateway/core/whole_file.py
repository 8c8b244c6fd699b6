"""Which findings refuse a whole file: its own header, trailer, counts or amounts say that it is not complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.core.catalog import Catalog
from gateway.core.model import Finding, FormatName, RuleCode, Severity


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A part of such a file must not be taken, because its sender will send all of it again."""

    rules: frozenset[RuleCode]
    """Those marked ``whole_file`` in ``schemas/rules``."""
    formats: frozenset[FormatName]
    """Formats whose reader may report them: its files are read to their end before anything is taken."""

    @classmethod
    def of(cls, catalog: Catalog) -> WholeFile:
        whole = {code: rule for code, rule in catalog.rules.items() if rule.whole_file}
        named = frozenset(name for rule in whole.values() for name in rule.formats)
        return cls(frozenset(whole), frozenset(catalog.files) | frozenset(catalog.x12) | named)

    def refused_by(self, findings: Iterable[Finding]) -> RuleCode | None:
        """The rule for which the file is refused; None when it may be taken."""
        return next((f.rule for f in findings if f.severity is Severity.FATAL and f.rule in self.rules), None)
