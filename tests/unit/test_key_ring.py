"""The key ring and the life of its keys: the one table, and what a ring never allows."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.core.errors import Conflict, Misconfigured, NotFound
from keys.ring import Key, KeyFacts, KeyRing
from keys.states import OPENING, TRANSITIONS, WAITS_FIRST, KeyEvent, KeyState, KeyUse, after

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MATERIAL = b"synthetic-material-of-32-bytes!!"


def ring_with(use=KeyUse.KEK, label="records"):
    return KeyRing().with_new(use, label, MATERIAL, NOW)


@pytest.mark.parametrize("state", KeyState)
@pytest.mark.parametrize("event", KeyEvent)
def test_a_key_moves_by_the_table_and_no_other_way(state, event):
    if (state, event) in TRANSITIONS:
        assert after(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Conflict) as caught:
            after(state, event)
        assert caught.value.problem == "key-state"


def test_nothing_leads_out_of_destroyed_and_nothing_back_to_active():
    assert not [event for state, event in TRANSITIONS if state is KeyState.DESTROYED]
    assert [state for (state, _), new in TRANSITIONS.items() if new is KeyState.ACTIVE] == [KeyState.PENDING]


def test_a_new_key_is_active_and_its_id_says_use_label_month_and_number():
    assert ring_with().facts() == (KeyFacts("kek:records:2026-03:1", KeyUse.KEK, "records", KeyState.ACTIVE, NOW, NOW),)


def test_a_second_new_key_of_a_label_is_refused():
    with pytest.raises(Conflict, match="rotate"):
        ring_with().with_new(KeyUse.KEK, "records", MATERIAL, NOW)


def test_a_rotation_makes_the_old_key_decrypt_only():
    states = [facts.state for facts in ring_with().rotated(KeyUse.KEK, "records", MATERIAL, NOW).facts()]
    assert states == [KeyState.DECRYPT_ONLY, KeyState.ACTIVE]


@pytest.mark.parametrize("use", sorted(WAITS_FIRST))
def test_a_key_that_every_process_must_know_before_is_not_rotated_at_once(use):
    ring = ring_with(use)
    for wanting in (ring, ring.prepared(use, "records", MATERIAL, NOW)):
        with pytest.raises(Conflict, match="two minutes before"):
            wanting.rotated(use, "records", MATERIAL, NOW + timedelta(seconds=119))
    ready = ring.prepared(use, "records", MATERIAL, NOW).rotated(use, "records", MATERIAL, NOW + timedelta(minutes=2))
    assert [facts.state for facts in ready.facts()] == [KeyState.DECRYPT_ONLY, KeyState.ACTIVE]


def test_an_unknown_key_cannot_be_moved():
    with pytest.raises(NotFound, match="no key with this id"):
        ring_with().moved("kek:records:2026-03:9", KeyEvent.RETIRE, NOW)


def test_a_label_without_a_key_cannot_be_rotated():
    with pytest.raises(Misconfigured):
        ring_with().rotated(KeyUse.KEK, "other", MATERIAL, NOW)


@pytest.mark.parametrize("label", ["", "Records", "a:b", "9a", "a" * 33, "a b", "é"])
def test_a_label_that_would_spoil_a_key_id_is_refused(label):
    with pytest.raises(Misconfigured):
        ring_with(label=label)


def test_a_ring_with_two_active_keys_or_a_repeated_id_is_refused():
    key = ring_with().keys[0]
    other = replace(key, facts=replace(key.facts, id="kek:records:2026-03:2"))
    for keys in ((key, key), (key, other)):
        with pytest.raises(Misconfigured):
            KeyRing(keys)


@pytest.mark.parametrize(
    ("key_id", "material"),
    [
        ("kek:other:2026-03:1", MATERIAL),
        ("index:records:2026-03:1", MATERIAL),
        ("kek:records:2026-13:1", MATERIAL),
        ("kek:records:2026-03:0", MATERIAL),
        ("kek:records:2026-03:1", MATERIAL[1:]),
        ("kek:records:2026-03:1", b""),
    ],
)
def test_a_key_that_contradicts_itself_is_refused(key_id, material):
    with pytest.raises(Misconfigured):
        Key(KeyFacts(key_id, KeyUse.KEK, "records", KeyState.ACTIVE, NOW, NOW), material)


def test_key_material_is_in_no_repr_and_no_error():
    ring = ring_with()
    assert "synthetic" not in f"{ring!r} {ring.keys[0]!r} {ring.facts()!r} {ring.snapshot()!r}"


def test_a_snapshot_holds_only_what_opens_and_only_the_uses_asked_for():
    ring = ring_with().with_new(KeyUse.NOTE_SIGNING, "audit-log", MATERIAL, NOW)
    ring = ring.rotated(KeyUse.KEK, "records", MATERIAL, NOW).moved("kek:records:2026-03:1", KeyEvent.DESTROY, NOW)
    assert [facts.id for facts in ring.snapshot().facts()] == ["kek:records:2026-03:2"]


class Ring(RuleBasedStateMachine):
    """Whatever happens to a ring, what it promises holds."""

    labels = st.sampled_from(["records", "tax"])

    def __init__(self):
        super().__init__()
        self.ring = KeyRing()
        self.seen = []

    def step(self, change):
        try:
            self.ring = change(self.ring)
        except (Conflict, Misconfigured):
            return
        self.seen += [facts.id for facts in self.ring.facts() if facts.id not in self.seen]

    @rule(label=labels, use=st.sampled_from(KeyUse))
    def make(self, label, use):
        self.step(lambda ring: ring.with_new(use, label, os.urandom(32), NOW))

    @rule(label=labels, use=st.sampled_from(KeyUse))
    def rotate(self, label, use):
        self.step(lambda ring: ring.rotated(use, label, os.urandom(32), NOW))

    @rule(place=st.integers(0, 20), event=st.sampled_from(KeyEvent))
    def move(self, place, event):
        if place < len(self.seen):
            self.step(lambda ring: ring.moved(self.seen[place], event, NOW))

    @invariant()
    def no_key_is_forgotten(self):
        assert [facts.id for facts in self.ring.facts()] == self.seen

    @invariant()
    def a_label_has_at_most_one_active_key(self):
        active = [(facts.use, facts.label) for facts in self.ring.facts() if facts.state is KeyState.ACTIVE]
        assert len(active) == len(set(active))

    @invariant()
    def destroyed_keys_have_no_material(self):
        assert all(bool(key.material) is (key.facts.state is not KeyState.DESTROYED) for key in self.ring.keys)
        for use in KeyUse:
            assert all(key.facts.state in OPENING for key in self.ring.opening(use))


Ring.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestRing = Ring.TestCase
