"""Rules as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.core.model import FormatName, Kind, RuleCode, Severity

Parameter = str | int | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Which transactions a rule is about; an empty member matches all.

    ``stage`` is the second character of the reason: S success, U without success, others on the way.
    """

    function: frozenset[str] = frozenset()
    action: frozenset[str] = frozenset()
    reason: frozenset[str] = frozenset()
    stage: frozenset[str] = frozenset()
    not_stage: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as data. ``check`` names a row of ``checks.CHECKS``; ``format``: the codecs report it themselves."""

    code: RuleCode
    severity: Severity
    title: str
    """What is wrong, in a sentence for the sender."""
    fix: str
    """What the sender does about it."""
    source: str
    check: str
    since: date | None = None
    until: date | None = None
    """The last day on which the rule holds."""
    whole_file: bool = False
    """A fatal finding of it refuses the file as a whole; only for rules that the codecs report."""
    kinds: frozenset[Kind] = frozenset()
    formats: frozenset[FormatName] = frozenset()
    """Formats that it is checked for; empty: all."""
    field_name: str | None = None
    """Business name, when the layout of the format has none for the path."""
    when: tuple[Match, ...] = ()
    """It applies when any of these matches (or there is none) ..."""
    unless: tuple[Match, ...] = ()
    """... and none of these does."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
