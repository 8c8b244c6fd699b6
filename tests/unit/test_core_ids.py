"""Ids sort in the order in which they were made, whatever the clock does, and audit leaves are canonical."""

import json
import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.audit_entry import ACTIONS, SALT_BYTES, Scribe, canonical_json, commitment, leaf, timestamp
from gateway.core.ids import COUNTER_LIMIT, DRAWN, drawn_ahead, first_id, minting, uuid7
from gateway.core.model import Actor, EntryId

START = datetime(2026, 3, 2, 8, 0, 0, 250, tzinfo=UTC)
ACTOR = Actor("gateway", "dispatcher")


class Wall:
    """A clock that goes where it is told to."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@given(st.lists(st.integers(-5_000, 5_000), max_size=60))
def test_ids_are_unique_and_in_order_though_the_clock_goes_backwards(moves):
    wall = Wall()
    mint = minting(wall, os.urandom)
    made = [mint()]
    for milliseconds in moves:
        wall.now += timedelta(milliseconds=milliseconds)
        made.append(mint())
    assert made == sorted(set(made))


def test_more_ids_than_the_counter_holds_within_a_millisecond_stay_in_order():
    mint = minting(Wall(), bytes)  # no randomness at all: only the counter keeps them apart
    made = [mint() for _ in range(2 * COUNTER_LIMIT + 10)]
    assert made == sorted(set(made))


def test_without_its_counter_a_mint_with_poor_randomness_would_repeat_itself():
    assert uuid7(1, bytes(10)) == uuid7(1, bytes(10))


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_seven_that_carries_its_time(milliseconds, entropy):
    made = uuid.UUID(uuid7(milliseconds, entropy))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == milliseconds
    assert str(made) == uuid7(milliseconds, entropy)


@given(st.lists(st.integers(0, 2 * DRAWN), max_size=20))
def test_randomness_drawn_ahead_is_given_out_whole_and_once(counts):
    drawn = bytearray()

    def source(count):
        made = os.urandom(count)
        drawn.extend(made)
        return made

    draw = drawn_ahead(source)
    given_out = [draw(count) for count in counts]
    assert [len(one) for one in given_out] == counts
    at = 0
    for one in given_out:  # in the order in which it was drawn, nothing twice
        at = drawn.index(one, at) + len(one)


def test_an_id_tells_the_time_at_which_it_was_made():
    made = uuid.UUID(minting(Wall(), os.urandom)())
    assert made.int >> 80 == int(START.timestamp() * 1000)


# --- audit entries ---------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=20)
details = st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8), texts | st.integers())


@given(details)
def test_canonical_json_reads_back_and_does_not_depend_on_the_order_of_keys(value):
    written = canonical_json(value)
    assert json.loads(written) == value
    assert written == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical_json(dict(reversed(value.items()))) == written


def test_canonical_json_is_what_rfc_8785_says_byte_by_byte():
    value = {"b": '\u20ac\n\x0f"\\/', "a": {"z": 1, "y": "é"}}
    assert canonical_json(value) == '{"a":{"y":"é","z":1},"b":"€\\n\\u000f\\"\\\\/"}'.encode()


def test_a_timestamp_has_microseconds_always():
    assert timestamp(START) == "2026-03-02T08:00:00.000250Z"
    assert timestamp(START.replace(microsecond=0)) == "2026-03-02T08:00:00.000000Z"


def scribe(random=os.urandom):
    wall = Wall()
    return Scribe(wall, minting(wall, os.urandom), random)


def test_a_leaf_says_who_did_what_to_which_object_and_hides_the_details_behind_a_salt():
    entry = scribe().entry(ACTOR, "delivery.dead", "delivery:1", "http-400", {"partner": "ohio"})
    said = json.loads(leaf(entry))
    assert said == {
        "v": 1,
        "id": entry.id,
        "at": "2026-03-02T08:00:00.000250Z",
        "actor": "gateway:dispatcher",
        "action": "delivery.dead",
        "object": "delivery:1",
        "outcome": "http-400",
        "details": commitment({"partner": "ohio"}, entry.salt),
    }
    assert len(entry.salt) == SALT_BYTES
    assert b"ohio" not in leaf(entry)


@given(texts, texts, texts, texts)
def test_a_leaf_is_canonical_json_whatever_it_says(name, obj, outcome, id_):
    entry = replace(
        scribe().entry(ACTOR, "delivery.dead", obj, outcome, {"a": 1}), id=EntryId(id_), actor=Actor("partner", name)
    )
    assert (
        leaf(entry)
        == json.dumps(json.loads(leaf(entry)), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert [json.loads(leaf(entry))[key] for key in ("actor", "object", "outcome", "id")] == [
        f"partner:{name}",
        obj,
        outcome,
        id_,
    ]


def test_equal_details_under_another_salt_have_another_commitment():
    one, other = (scribe().entry(ACTOR, "delivery.dead", "delivery:1", "x", {"a": 1}) for _ in range(2))
    assert commitment(one.details, one.salt) != commitment(other.details, other.salt)
    assert commitment({"a": 1}, b"s") != commitment({"a": 2}, b"s")


def test_an_action_that_is_not_in_the_table_cannot_be_written():
    with pytest.raises(KeyError):
        scribe().entry(ACTOR, "delivery.lost", "delivery:1")
    assert all(scribe().entry(ACTOR, action, "x").action == action for action in ACTIONS)


def test_details_are_a_copy_that_nobody_can_change_afterwards():
    given_details = {"a": 1}
    entry = scribe().entry(ACTOR, "delivery.dead", "delivery:1", "x", given_details)
    given_details["a"] = 2
    assert entry.details == {"a": 1}


@pytest.mark.parametrize("shift", [timedelta(days=-1), timedelta(), timedelta(days=1)])
def test_the_first_and_the_last_time_have_a_first_id_too(shift):
    ends = (datetime.min.replace(tzinfo=UTC), START, datetime.max.replace(tzinfo=UTC))
    ids = [first_id(at, shift) for at in ends]
    assert ids == sorted(set(ids))
    assert ids[1] <= uuid7(int((START + shift).timestamp() * 1000), os.urandom(10))
