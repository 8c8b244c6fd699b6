"""Which states of rows the entries of the log allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.audit_entry import ACTIONS
from gateway.core.model import DeliveryState, RecordState, SubmissionState
from gateway.core.standing import SKEW, STATES, Contradiction, Said, Standing, contradiction

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALL = {
    "submission": {state.value for state in SubmissionState},
    "record": {state.value for state in RecordState},
    "delivery": {state.value for state in DeliveryState},
}


def said(*actions, apart=timedelta(minutes=1)):
    """Entries that far apart, in this order."""
    return tuple(Said(action, AT + apart * number) for number, action in enumerate(actions))


def of(state, *entries, object="delivery:1"):
    return contradiction(Standing(object, state, entries), pruned=False)


def test_every_state_has_an_action_that_says_it_and_every_action_is_of_the_catalogue():
    assert set(STATES) <= set(ACTIONS)
    for kind, states in ALL.items():
        assert {state for action, told in STATES.items() if action.startswith(kind) for state in told} == states


@pytest.mark.parametrize("action", sorted(STATES))
def test_a_row_is_in_a_state_that_its_newest_entry_says(action):
    kind = action.partition(".")[0]
    for state in ALL[kind]:
        found = of(state, *said(action), object=f"{kind}:1")
        assert found == (None if state in STATES[action] else Contradiction(f"{kind}:1", action, state))


def test_an_older_entry_does_not_speak_for_the_row():
    entries = said("delivery.attempted", "delivery.dead", "delivery.retried", "delivery.delivered")
    assert of("delivered", *entries) is None
    assert of("dead", *entries) == Contradiction("delivery:1", "delivery.delivered", "dead")


def test_entries_of_clocks_that_differ_stand_in_either_order_where_both_are_possible():
    """Whoever sent it again has a clock that is ahead of the one that delivered it."""
    entries = (
        Said("delivery.dead", AT),
        Said("delivery.delivered", AT + timedelta(minutes=5)),
        Said("delivery.retried", AT + timedelta(minutes=5, seconds=2)),
    )
    assert of("delivered", *entries) is None
    assert of("pending", *entries) == Contradiction("delivery:1", "delivery.retried", "pending")
    late = (*entries[:2], Said("delivery.retried", AT + timedelta(minutes=5) + 2 * SKEW))
    assert of("delivered", *late) == Contradiction("delivery:1", "delivery.retried", "delivered")


def test_what_comes_to_rest_within_a_moment_cannot_be_set_back_unseen():
    entries = said("delivery.attempted", "delivery.attempted", "delivery.delivered", apart=timedelta(milliseconds=200))
    assert of("delivered", *entries) is None
    assert of("pending", *entries) == Contradiction("delivery:1", "delivery.delivered", "pending")


FATES = st.sampled_from(
    [
        ("delivery.delivered",),
        ("delivery.dead", "delivery.withdrawn"),
        ("delivery.dead", "delivery.retried", "delivery.delivered", "delivery.acknowledged"),
        ("delivery.placed", "delivery.withheld", "delivery.acknowledged"),
        ("delivery.placed", "delivery.rejected", "delivery.retried", "delivery.placed"),
        ("delivery.withheld", "delivery.released", "delivery.delivered"),
        ("delivery.placed", "delivery.split", "delivery.placed", "delivery.acknowledged"),
        ("delivery.held", "delivery.withdrawn"),
    ]
)


@given(FATES, st.integers(0, 3), st.lists(st.integers(0, 120), min_size=9, max_size=9))
def test_a_true_history_never_contradicts_its_row_however_close_its_entries(fate, failures, gaps):
    actions = ("delivery.created", *("delivery.attempted",) * failures, *fate)
    at, entries = AT, []
    for action, gap in zip(actions, gaps, strict=False):
        at += timedelta(seconds=gap)
        entries.append(Said(action, at))
    for state in STATES[actions[-1]]:
        assert of(state, *entries) is None


def test_a_row_without_an_entry_and_an_entry_without_a_row_are_told():
    assert of("routed", object="record:1") == Contradiction("record:1", None, "routed")
    assert of("delivered") == Contradiction("delivery:1", None, "delivered")
    assert of("pending") is None, "it is owed by its record's entry"
    assert of(None, *said("delivery.delivered")) == Contradiction("delivery:1", "delivery.delivered", None)


def test_a_log_that_was_pruned_says_nothing_of_rows_without_an_entry():
    old = Standing("record:1", "routed", ())
    assert contradiction(old, pruned=True) is None
    changed = Standing("delivery:1", "pending", said("delivery.delivered"))
    assert contradiction(changed, pruned=True) is not None
