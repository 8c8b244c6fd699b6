"""The life of a delivery: the table is complete, its diagram is the documented one."""

from pathlib import Path

from gateway.core import lifecycle
from gateway.core.lifecycle import TRANSITIONS, Event, may, sources
from gateway.core.model import DeliveryState

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def test_every_event_has_its_transition():
    assert set(TRANSITIONS) == set(Event)


def test_every_state_can_be_reached_from_pending():
    reached = {DeliveryState.PENDING}
    while grown := {t.target for t in TRANSITIONS.values() if t.sources & reached} - reached:
        reached |= grown
    assert reached == set(DeliveryState)


def test_every_state_but_withdrawn_leads_on():
    leading = frozenset().union(*(t.sources for t in TRANSITIONS.values()))
    assert set(DeliveryState) - leading == {DeliveryState.WITHDRAWN}


def test_nothing_happens_to_a_withdrawn_delivery():
    assert not any(may(DeliveryState.WITHDRAWN, event) for event in Event)


def test_what_a_dispatcher_works_on_cannot_be_withdrawn():
    assert DeliveryState.CLAIMED not in sources(Event.WITHDRAW)


def test_the_documented_diagram_is_the_table():
    assert lifecycle.diagram() in PAGE.read_text(encoding="utf-8")
