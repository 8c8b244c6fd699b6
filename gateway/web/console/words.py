"""How states read on the pages: a word and a tone for each, so that colour is never the only sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from gateway.core.court_orders import Standing
from gateway.core.model import DeliveryState, Fault, Outcome, RecordState, Severity, SubmissionState


class Tone(StrEnum):
    """The class of a tag; its colours pass WCAG AA on white and grey."""

    GOOD = "good"
    BUSY = "busy"
    WATCH = "watch"
    BAD = "bad"
    QUIET = "quiet"


TONES: Mapping[str, Tone] = {
    SubmissionState.RECEIVED: Tone.BUSY,
    SubmissionState.JUDGED: Tone.GOOD,
    RecordState.REFUSED: Tone.BAD,
    RecordState.UNROUTABLE: Tone.WATCH,
    RecordState.WITHHELD: Tone.WATCH,
    RecordState.ROUTED: Tone.GOOD,
    DeliveryState.PENDING: Tone.BUSY,
    DeliveryState.CLAIMED: Tone.BUSY,
    DeliveryState.WAITING: Tone.BUSY,
    DeliveryState.DELIVERED: Tone.GOOD,
    DeliveryState.DEAD: Tone.BAD,
    DeliveryState.HELD: Tone.WATCH,
    DeliveryState.WITHHELD: Tone.WATCH,
    DeliveryState.WITHDRAWN: Tone.QUIET,
    Outcome.TRANSIENT: Tone.WATCH,
    Outcome.PERMANENT: Tone.BAD,
    Outcome.OURS: Tone.WATCH,
    Severity.FATAL: Tone.BAD,
    Severity.ERROR: Tone.BAD,
    Severity.WARNING: Tone.WATCH,
    Severity.NOTICE: Tone.QUIET,
    "breaker half-open": Tone.WATCH,
    "breaker open": Tone.BAD,
    "paused": Tone.WATCH,
    "active": Tone.GOOD,
    "overdue": Tone.BAD,
    "broken": Tone.BAD,
    "to-review": Tone.WATCH,
    "justified": Tone.GOOD,
    "not-justified": Tone.BAD,
    "referred": Tone.WATCH,
    "planned": Tone.WATCH,
    "running": Tone.BUSY,
    "done": Tone.GOOD,
    "cancelled": Tone.QUIET,
    "disabled": Tone.QUIET,
    "asked": Tone.WATCH,
    "approved": Tone.GOOD,
    "used": Tone.QUIET,
    "expired": Tone.QUIET,
    Standing.OPEN: Tone.WATCH,
    Standing.LEAVING: Tone.BUSY,
    Standing.UNDELIVERED: Tone.BAD,
    "ok": Tone.GOOD,
    "failed": Tone.BAD,
    "Good": Tone.GOOD,
    "Review": Tone.WATCH,
    "Act": Tone.BAD,
    "Unknown": Tone.QUIET,
}

FAULTS: Mapping[Fault, tuple[str, str]] = {
    Fault.PARTNER: ("Partner faults", "The partner's side did not take the delivery. Retry when it is well again."),
    Fault.RECORD: ("Record faults", "It cannot go as it is: its sender sends it anew, or two people amend it."),
    Fault.GATEWAY: ("Gateway faults", "Something on our side failed. Repair it, then retry."),
}
"""The three groups of dead letters, which never mix: title and what to do."""


def tone(state: str) -> Tone:
    return TONES.get(state, Tone.QUIET)


def things(count: int, word: str) -> str:
    """``1 cause``, ``2 causes``, ``1,204 causes``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def took(span: timedelta) -> str:
    """How long an attempt took: ``37 ms`` below a second, else ``1.2 s``."""
    seconds = span.total_seconds()
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


TWO_MINUTES, TWO_HOURS, TWO_DAYS = 120, 7_200, 172_800
"""Up to twice a unit the smaller one says more."""


def age(seconds: float) -> str:
    """A span for people: ``45 s``, ``12 min``, ``3 h 20 min``, ``4 d 2 h``."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < TWO_MINUTES:
        return f"{whole} s"
    if whole < TWO_HOURS:
        return f"{minutes} min"
    if whole < TWO_DAYS:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"
