"""What was found wrong in a submission or a payload: one fault in one place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.core.model.names import RuleCode


class Severity(StrEnum):
    """How bad a finding is. Fatal ends what it is about (the file, or the one record), error refuses the record,
    warning and notice do not block."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def blocks(self) -> bool:
        return self in (Severity.FATAL, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one place, never its value.

    ``record`` is the 1-based ordinal in the submission (None: the file as a whole). ``start`` and ``length`` are bytes
    in the record as it came (1-based), ``line`` a 1-based line, ``path`` the canonical path or JSON pointer.
    """

    rule: RuleCode
    severity: Severity
    record: int | None = None
    field: str | None = None
    path: str | None = None
    start: int | None = None
    length: int | None = None
    line: int | None = None
    note: str | None = None
    """What was expected (``expected 801 bytes, found 799``): lengths and counts, never content."""
