"""What a delivery's page says about what comes next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.model import AgreementKey, Delivery, DeliveryId, DeliveryState, FormatName
from gateway.core.ports.health import BreakerRow
from gateway.web.console.coming import coming
from tests.contract.console_site import LOCATE, PARTNERS

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OHIO, _, TEXAS, _ = PARTNERS
OPEN = BreakerRow(TEXAS.key, "open", 9, NOW, NOW + timedelta(minutes=1))
OWED = Delivery(
    id=DeliveryId("d"),
    partner=TEXAS.key,
    sender=OHIO.key,
    kind=LOCATE,
    format=FormatName("xml"),
    agreement=AgreementKey("a"),
    state=DeliveryState.PENDING,
    created_at=NOW,
    due_at=NOW,
    records=1,
)


def test_a_pending_delivery_says_when_it_goes():
    assert coming(OWED, TEXAS, None, NOW) == ("It is sent as soon as its turn comes.",)
    later = replace(OWED, due_at=NOW + timedelta(hours=1))
    assert coming(later, TEXAS, None, NOW) == ("It is sent at 2026-03-02 13:00:00 UTC, or soon after.",)


def test_an_open_breaker_and_a_pause_are_named():
    assert "failed 9 times in a row, so its breaker is open" in coming(OWED, TEXAS, OPEN, NOW)[1]
    assert "next one goes at 12:01:00" in coming(OWED, TEXAS, OPEN, NOW)[1]
    assert "paused" in coming(OWED, replace(TEXAS, paused=True), OPEN, NOW)[1]
    assert len(coming(OWED, TEXAS, replace(OPEN, state="closed"), NOW)) == 1


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_moves_by_itself_has_something_coming(state):
    moves = {DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.WAITING}
    assert bool(coming(replace(OWED, state=state), TEXAS, None, NOW)) == (state in moves)
