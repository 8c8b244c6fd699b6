"""What can be seen from outside: log lines of an allow-list of keys, and metrics with bounded labels."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway import __version__
from gateway.core.admission import Gauge as Gauged
from gateway.core.model import Outcome, PartnerKey
from gateway.core.ports.audit_log import Checkpoint
from gateway.core.ports.key_report import KeyLine
from gateway.core.signed_receipt import ReceiptKind
from gateway.core.skew import Against

ALLOWED = frozenset(
    {
        "event", "level", "ts", "id", "partner", "partners", "code", "state", "outcome", "loop", "type", "size",
        "records", "deliveries", "version", "role", "host", "port", "attempt", "number", "seconds", "count", "path",
        "method", "status", "queue", "kind", "request", "name", "hint", "since", "consumers", "action", "actor",
    }
)  # fmt: skip
"""Keys that a log line may carry; a value under any other key is dropped, whatever somebody meant it to be."""
LONGEST = 200
MOST_PARTNERS = 200
"""Above this the partner label is dropped: labels must stay bounded."""


def _only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _plain(value) for key, value in event.items() if key in ALLOWED}


def _plain(value: object) -> str | int | float | bool | None:
    """Short text and figures pass; of everything else only the type is told: its text could hold anything."""
    if isinstance(value, str):
        return value[:LONGEST]
    return value if value is None or isinstance(value, int | float) else type(value).__name__


def _to_stderr(*_names: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def configure_logs(*, json: bool = True, level: int = logging.INFO) -> None:
    """One line a log event on stderr; control characters are escaped by the renderer (no line can forge another).

    Loggers are not kept after their first use: no delivered record writes a line, and a kept one would hold on to the
    level and the stream of its first line.
    """
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.processors.KeyValueRenderer(key_order=["event"])
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            _only_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.ERROR, handlers=[logging.NullHandler()], force=True)


class Metrics:
    """The process's own figures, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._attempts = Counter(
            "gateway_delivery_attempts_total", "Attempts by outcome", ["partner", "outcome"], registry=self.registry
        )
        self._response = Histogram(
            "gateway_delivery_response_seconds", "Time a partner took", ["partner"], registry=self.registry
        )
        self._queries = Counter(
            "gateway_queries_total", "Queries by how they ended", ["partner", "outcome"], registry=self.registry
        )
        self._query_seconds = Histogram(
            "gateway_query_seconds", "Time to a query's end", ["partner", "outcome"], registry=self.registry
        )
        self._receipts = Counter(
            "gateway_receipts_signed_total", "Receipts signed by kind", ["kind"], registry=self.registry
        )
        self._unfit = Counter(
            "gateway_acknowledgements_refused_total",
            "Acknowledgements that do not fit what was sent",
            ["partner", "reason"],
            registry=self.registry,
        )
        self._key_days = Gauge(
            "gateway_key_days_left", "Days to the end of active keys", ["use", "label"], registry=self.registry
        )
        self._messages = Counter(
            "gateway_messages_total",
            "Protected messages of partners by profile and outcome",
            ["profile", "outcome"],
            registry=self.registry,
        )
        self._wire_keys = Gauge(
            "gateway_wire_key_days", "Days that a live wire key has left", ["owner", "key"], registry=self.registry
        )
        self._witnessed = Counter(
            "gateway_witness_answers_total",
            "Requests to witnesses by outcome",
            ["witness", "outcome"],
            registry=self.registry,
        )
        self._witness_size = Gauge(
            "gateway_witness_size", "Entries up to which a witness has cosigned", ["witness"], registry=self.registry
        )
        self._log_size = Gauge("gateway_audit_log_size", "Numbered audit entries", registry=self.registry)
        self._stamped_at = Gauge(
            "gateway_audit_last_timestamp_seconds", "Time that the last time stamp tells", registry=self.registry
        )
        self._log_at = Gauge(
            "gateway_audit_last_checkpoint_timestamp_seconds", "Time of the last checkpoint", registry=self.registry
        )
        self._clock_skew = Gauge(
            "gateway_clock_skew_seconds",
            "How far the clock of the process is ahead",
            ["against"],
            registry=self.registry,
        )
        build = Gauge("gateway_build_info", "Version", ["version"], registry=self.registry)
        build.labels(__version__).set(1)
        self._partners: set[PartnerKey] = set()
        # Of every attempt: finding a child anew costs more than counting.
        self._attempts_of, self._response_of = cache(self._attempts.labels), cache(self._response.labels)

    def attempt(self, partner: PartnerKey, outcome: Outcome, seconds: float) -> None:
        label = self._label(partner)
        self._attempts_of(label, outcome).inc()
        if outcome is not Outcome.OURS:
            self._response_of(label).observe(seconds)

    def query(self, partner: PartnerKey | None, outcome: str, seconds: float) -> None:
        """``outcome``: answered, failed or refused. What an answer says is no figure: it would tell of a person."""
        label = "" if partner is None else self._label(partner)
        self._queries.labels(label, outcome).inc()
        self._query_seconds.labels(label, outcome).observe(seconds)

    def receipt(self, kind: ReceiptKind) -> None:
        self._receipts.labels(kind).inc()

    def unfit(self, partner: PartnerKey, reason: str) -> None:
        self._unfit.labels(self._label(partner), reason).inc()

    def keys(self, lines: Iterable[KeyLine]) -> None:
        self._key_days.clear()
        for line in lines:
            if line.days is not None:
                self._key_days.labels(line.use, line.label).set(line.days)

    def message(self, profile: str, outcome: str) -> None:
        """``outcome``: ``opened``, or the code of the refusal."""
        self._messages.labels(profile, outcome).inc()

    def wire_keys(self, living: Iterable[tuple[str, str, int]]) -> None:
        """Owner, id and days left of every live key."""
        self._wire_keys.clear()
        for owner, key, days in living:
            self._wire_keys.labels(owner, key).set(days)

    def _label(self, partner: PartnerKey) -> str:
        self._partners.add(partner)
        return partner if len(self._partners) <= MOST_PARTNERS else ""

    def witness(self, witness: str, outcome: str, size: int) -> None:
        """``size`` counts when the outcome is ``ok``."""
        self._witnessed.labels(witness, outcome).inc()
        if outcome == "ok":
            self._witness_size.labels(witness).set(size)

    def stamped(self, at: datetime) -> None:
        self._stamped_at.set(at.timestamp())

    def clock_skew(self, against: Against, seconds: float) -> None:
        self._clock_skew.labels(against).set(seconds)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        self._log_size.set(checkpoint.size)
        self._log_at.set(checkpoint.at.timestamp())


class AdmissionFigures:
    """What was measured for the door of submissions, what closes it, and how many were turned away."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._measured = Gauge(
            "gateway_admission_measured", "Figure of each gauge, seconds or bytes", ["gauge"], registry=registry
        )
        self._closed = Gauge(
            "gateway_admission_closed", "1: the gauge closes the door for submissions", ["gauge"], registry=registry
        )
        self._refused = Counter(
            "gateway_admission_refused_total", "Submissions turned away", ["cause"], registry=registry
        )

    def measured(self, figures: Mapping[Gauged, float], closed: frozenset[Gauged]) -> None:
        for gauge in Gauged:
            if gauge in figures:
                self._measured.labels(gauge).set(figures[gauge])
            self._closed.labels(gauge).set(gauge in closed)

    def refused(self, cause: str) -> None:
        """``cause``: a gauge, ``crowd`` or ``caller``."""
        self._refused.labels(cause).inc()
