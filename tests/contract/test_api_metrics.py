"""Figures: on an application of their own, with bounded labels, and none rather than wrong ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from gateway.core.errors import Unavailable
from gateway.core.model import PartnerKey
from gateway.core.ports.health import BreakerRow
from gateway.telemetry import Metrics
from gateway.web.api.application import api_application
from gateway.web.edge import runner
from gateway.web.limits import Limits
from gateway.web.metrics import MOST_PARTNERS, RequestFigures, StoreFigures, metrics_application
from tests.contract.api_stack import running


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


async def ask(application, *paths):
    """The statuses and bodies of these paths of an application of its own."""
    served = runner(application, Limits(), shutdown_seconds=1)
    await served.setup()
    try:
        await web.TCPSite(served, "127.0.0.1", 0).start()
        host, port = served.addresses[0][:2]
        found = []
        async with aiohttp.ClientSession() as session:
            for path in paths:
                async with session.get(f"http://{host}:{port}{path}") as response:
                    found.append((response.status, await response.text()))
        return found
    finally:
        await served.cleanup()


async def test_requests_are_counted_by_operation_and_never_by_path(stack):
    registry = CollectorRegistry()
    await ask(api_application(stack.parts, figures=RequestFigures(registry)), "/livez", "/900-55-1234", "/v1/queues")
    ((_, page),) = await ask(metrics_application(registry), "/metrics")
    assert 'gateway_http_requests_total{operation="livez",status="200"} 1.0' in page
    assert 'gateway_http_requests_total{operation="none",status="404"} 1.0' in page
    assert 'gateway_http_requests_total{operation="listQueues",status="401"} 1.0' in page
    assert "900-55" not in page


async def test_the_age_of_the_oldest_delivery_and_the_breakers_are_shown(stack):
    await stack.owe()
    stack.watch.forward(90)
    row = BreakerRow(PartnerKey("iowa"), "open", 5, stack.watch(), stack.watch() + timedelta(seconds=30))
    await stack.parts.health.save_breaker(row)
    registry = CollectorRegistry()
    ((_, page),) = await ask(metrics_application(registry, StoreFigures(stack.parts, registry)), "/metrics")
    assert 'gateway_queue_oldest_seconds{queue="iowa"} 90.0' in page
    assert 'gateway_breaker_state{partner="iowa"} 2.0' in page
    assert 'gateway_queue_messages{queue="iowa",state="pending"} 1.0' in page
    assert 'gateway_queue_messages{queue="iowa",state="dead"} 0.0' in page
    assert 'gateway_court_orders{standing="undelivered"} 0.0' in page
    assert 'gateway_amendments{state="waiting"} 0.0' in page


async def test_a_check_that_fails_is_a_figure(stack):
    async def away():
        raise Unavailable

    async def well():
        pass

    registry = CollectorRegistry()
    figures = StoreFigures(replace(stack.parts, checks={"broker": away, "store": well}), registry)
    ((_, page),) = await ask(metrics_application(registry, figures), "/metrics")
    assert 'gateway_check_ok{check="broker"} 0.0' in page
    assert 'gateway_check_ok{check="store"} 1.0' in page


class Desk:
    """An embedded desk with many partners, or none that answers."""

    def __init__(self, queues=None) -> None:
        self._queues = queues

    async def queues(self):
        if self._queues is None:
            raise Unavailable
        return self._queues


async def test_a_store_that_is_away_gives_no_figures(stack):
    registry = CollectorRegistry()
    figures = StoreFigures(replace(stack.parts, desk=Desk()), registry)
    ((status, page),) = await ask(metrics_application(registry, figures), "/metrics")
    assert status == 503
    assert "gateway_" not in page


async def test_with_many_partners_single_ones_are_left_out(stack):
    await stack.owe()
    (queue,) = await stack.parts.desk.queues()
    registry = CollectorRegistry()
    figures = StoreFigures(replace(stack.parts, desk=Desk((queue,) * (MOST_PARTNERS + 1))), registry)
    ((status, page),) = await ask(metrics_application(registry, figures), "/metrics")
    assert status == 200
    assert "gateway_queue_oldest_seconds" in page
    assert f'gateway_queue_messages{{queue="",state="pending"}} {MOST_PARTNERS + 1}.0' in page
    assert "iowa" not in page


class Health:
    """An embedded store with many breakers."""

    def __init__(self, breakers) -> None:
        self._breakers = breakers

    async def breakers(self):
        return self._breakers


async def test_of_many_partners_the_worst_is_told_without_its_name(stack):
    """An alert that asks for what no partner has would never be raised."""
    await stack.owe()
    (queue,) = await stack.parts.desk.queues()
    now = stack.parts.clock()
    names = [PartnerKey(f"p{number:03}") for number in range(MOST_PARTNERS + 1)]
    queues = tuple(replace(queue, partner=key, oldest=now - timedelta(minutes=n)) for n, key in enumerate(names))
    closed = [BreakerRow(key, "closed", 0, now, None) for key in names]
    breakers = (*closed[:-1], BreakerRow(names[-1], "open", 3, now, now))
    registry = CollectorRegistry()
    parts = replace(stack.parts, desk=Desk(queues), health=Health(breakers), clock=lambda: now)
    ((_, page),) = await ask(metrics_application(registry, StoreFigures(parts, registry)), "/metrics")
    assert [one for one in page.splitlines() if one.startswith(("gateway_breaker_state{", "gateway_queue_oldest"))] == [
        f'gateway_queue_oldest_seconds{{queue=""}} {60.0 * (MOST_PARTNERS - 1)}',
        'gateway_breaker_state{partner=""} 2.0',
    ]


def test_the_figures_live_beside_those_of_the_process():
    registry = Metrics().registry
    RequestFigures(registry)
    StoreFigures(None, registry)
    assert "gateway_breaker_state" in {metric.name for metric in registry.collect()}
