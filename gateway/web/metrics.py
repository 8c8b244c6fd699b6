"""Figures for Prometheus, served by an application of their own for a port of their own.

The registry comes in, so that every process and every test has its own. Figures of the store are asked for when they
are scraped, never on the data path.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.core.danger_clock import Stage
from gateway.core.errors import Unavailable
from gateway.core.glass import Stage as GlassStage
from gateway.core.ids import Clock
from gateway.core.incident_clock import Stage as NoticeStage
from gateway.core.model import PartnerKey
from gateway.core.ports.amendments import AmendmentDesk
from gateway.core.ports.danger_changes import DangerClocks
from gateway.core.ports.deliveries import DeliveryDesk, PartnerQueue
from gateway.core.ports.glass import GlassDesk
from gateway.core.ports.health import BreakerRow, Health
from gateway.core.ports.held_bodies import HeldBodies
from gateway.core.ports.incidents import IncidentClocks
from gateway.core.ports.overrides import CourtDesk
from gateway.core.ports.retention import RetentionDesk
from gateway.web.readiness import OK, Check, state_of

MOST_PARTNERS = 200
"""With more partners than this figures of single partners are left out, so that the number of series stays bounded."""
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_OWED = ("pending", "claimed", "gathering", "waiting", "held", "dead")
"""States that a queue counts."""
_BREAKER = {"closed": 0, "half-open": 1, "open": 2}


class RequestFigures:
    """Counts requests by operation and status. Label values come from the route table, never from a request."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "gateway_http_requests_total", "Requests answered", ("operation", "status"), registry=registry
        )
        self._seconds = Histogram(
            "gateway_http_request_seconds", "Time to the answer", ("operation",), buckets=_BUCKETS, registry=registry
        )
        # Of every request: finding a child anew costs more than counting.
        self._requests_of, self._seconds_of = cache(self._requests.labels), cache(self._seconds.labels)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        self._requests_of(operation, status).inc()
        self._seconds_of(operation).observe(seconds)


class Figures(Protocol):
    """Where the figures of the store come from: ``Parts`` is one."""

    @property
    def checks(self) -> Mapping[str, Check]: ...

    @property
    def desk(self) -> DeliveryDesk: ...

    @property
    def health(self) -> Health: ...

    @property
    def held_bodies(self) -> HeldBodies: ...

    @property
    def retention(self) -> RetentionDesk: ...

    @property
    def danger_clocks(self) -> DangerClocks: ...

    @property
    def incident_clocks(self) -> IncidentClocks: ...

    @property
    def glass(self) -> GlassDesk: ...

    @property
    def amendments(self) -> AmendmentDesk: ...

    @property
    def court(self) -> CourtDesk: ...

    @property
    def clock(self) -> Clock: ...


class StoreFigures:
    """Gauges that are set from the store at each scrape."""

    def __init__(self, source: Figures, registry: CollectorRegistry) -> None:
        self._source = source
        self._checks = Gauge(
            "gateway_check_ok", "1: the readiness check passes; 0: it does not", ("check",), registry=registry
        )
        self._owed = Gauge(
            "gateway_queue_messages",
            "Deliveries that are not settled, and dead letters; of more than 200 partners all together",
            ("queue", "state"),
            registry=registry,
        )
        self._oldest = Gauge(
            "gateway_queue_oldest_seconds",
            "Age of the oldest pending delivery; of more than 200 partners all together, without open breakers",
            ("queue",),
            registry=registry,
        )
        self._breakers = Gauge(
            "gateway_breaker_state",
            "0 closed, 1 half-open, 2 open; of more than 200 partners all together, the worst",
            ("partner",),
            registry=registry,
        )

        self._extracts = Gauge("gateway_extracts_overdue", "Copies that should be erased by now", registry=registry)
        self._danger = Gauge(
            "gateway_danger_changes_unsent",
            "Changes of the family violence indicator that the federal case registry does not have",
            ("stage",),
            registry=registry,
        )
        self._notices = Gauge(
            "gateway_incident_notices",
            "Those who have to be told of an incident and are not yet, by how far their time has gone",
            ("stage",),
            registry=registry,
        )
        self._glass = Gauge(
            "gateway_glass_reviews",
            "Uses of the broken glass: going on, waiting for a review, and waiting for longer than they may",
            ("stage",),
            registry=registry,
        )
        self._amendments = Gauge(
            "gateway_amendments",
            "What two people change of what dead deliveries carry: waiting for a word or to be sent, and sent",
            ("state",),
            registry=registry,
        )
        self._orders = Gauge(
            "gateway_court_orders", "Orders of courts about protected persons", ("standing",), registry=registry
        )
        self._held = Gauge(
            "gateway_submissions_held", "Submissions at which the gateway failed too often", registry=registry
        )
        self._erased = Gauge(
            "gateway_retention_last_run_timestamp_seconds", "When the last erasing run began", registry=registry
        )
        self._records = Gauge("gateway_retention_last_run_records", "Records that it erased", registry=registry)

    async def refresh(self) -> None:
        """Raises Unavailable when the store is away: a scrape without figures is a gap, not a zero."""
        for name, check in self._source.checks.items():
            self._checks.labels(name).set(await state_of(name, check) == OK)
        queues = await self._source.desk.queues()
        breakers = await self._source.health.breakers()
        self._set_owed(queues)
        self._set_oldest(queues, {row.partner for row in breakers if row.state == "open"})
        self._set_breakers(breakers)
        self._extracts.set(await self._source.retention.overdue())
        changes = await self._source.danger_clocks.due()
        for stage in Stage:
            self._danger.labels(stage).set(sum(one.stage is stage for one in changes))
        untold = await self._source.incident_clocks.untold()
        for gone in NoticeStage:
            self._notices.labels(gone).set(sum(one.stage is gone for one in untold))
        now, uses = self._source.clock(), await self._source.glass.list(reviewed=False)
        for reached in GlassStage:
            self._glass.labels(reached).set(sum(one.stage(now) is reached for one in uses))
        for state, count in (await self._source.amendments.store.counts()).items():
            self._amendments.labels(state).set(count)
        for standing, count in (await self._source.court.counts()).items():
            self._orders.labels(standing).set(count)
        self._held.set(await self._source.held_bodies.count())
        for run in await self._source.retention.runs(1):
            self._erased.set(run.begun_at.timestamp())
            self._records.set(run.records)

    def _set_owed(self, queues: tuple[PartnerQueue, ...]) -> None:
        self._owed.clear()
        few = len(queues) <= MOST_PARTNERS
        for queue in queues:
            for state in _OWED:
                self._owed.labels(queue.partner if few else "", state).inc(getattr(queue, state))

    def _set_oldest(self, queues: tuple[PartnerQueue, ...], away: Collection[PartnerKey]) -> None:
        self._oldest.clear()
        now = self._source.clock()
        few = len(queues) <= MOST_PARTNERS
        waits = [(now - one.oldest, one.partner) for one in queues if one.oldest is not None]
        for wait, partner in sorted(waits):  # of all together the longest is set last
            if few or partner not in away:
                self._oldest.labels(partner if few else "").set(wait.total_seconds())

    def _set_breakers(self, breakers: tuple[BreakerRow, ...]) -> None:
        self._breakers.clear()
        few = len(breakers) <= MOST_PARTNERS
        states = sorted((_BREAKER.get(row.state, -1), row.partner) for row in breakers)
        for state, partner in states:  # of all together the worst is set last
            self._breakers.labels(partner if few else "").set(state)


def metrics_application(registry: CollectorRegistry, store: StoreFigures | None = None) -> web.Application:
    """``GET /metrics``. Without ``store`` only what the process itself counts."""

    async def metrics(_request: web.Request) -> web.Response:
        try:
            if store is not None:
                await store.refresh()
        except Unavailable:
            return web.Response(status=503, text="the store is not available\n")
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    return application
