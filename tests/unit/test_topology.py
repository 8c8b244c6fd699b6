"""The broker's topology as data, and the announcement on the wire."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broker.announcement import decode, encode, headers
from gateway.broker.topology import (
    Binding,
    Difference,
    ExchangeKind,
    Found,
    Naming,
    differences,
    topology,
)
from gateway.core.errors import Misconfigured
from gateway.core.model import DeliveryId, PartnerKey

PARTNERS = [PartnerKey("ohio"), PartnerKey("iowa")]


def test_every_partner_has_a_durable_quorum_queue_that_loses_nothing_silently() -> None:
    wanted = topology(PARTNERS, Naming(), 5)
    assert [queue.name for queue in wanted.queues] == ["gateway.dead", "gateway.deliver.iowa", "gateway.deliver.ohio"]
    assert wanted.queues[1].arguments == {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": "gateway.dead",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def test_every_queue_states_a_positive_delivery_limit() -> None:
    """3.10 has no default, 4.x has 20, and -1 means opposite things on them."""
    for queue in topology(PARTNERS, Naming(), 3).queues:
        limit = queue.arguments["x-delivery-limit"]
        assert isinstance(limit, int)
        assert limit > 0


@pytest.mark.parametrize("limit", [0, -1, -100])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(Misconfigured):
        topology(PARTNERS, Naming(), limit)


def test_announcements_go_by_partner_and_dead_letters_to_everybody_bound() -> None:
    wanted = topology(PARTNERS, Naming("county"), 5)
    assert {(e.name, e.kind) for e in wanted.exchanges} == {
        ("county.dead", ExchangeKind.FANOUT),
        ("county.deliver", ExchangeKind.DIRECT),
    }
    assert wanted.bindings == (
        Binding("county.dead", "county.dead", ""),
        Binding("county.deliver", "county.deliver.iowa", "iowa"),
        Binding("county.deliver", "county.deliver.ohio", "ohio"),
    )


def test_the_target_of_dead_letters_is_declared_before_its_sources() -> None:
    wanted = topology(PARTNERS, Naming(), 5)
    assert wanted.exchanges[0].name == wanted.queues[0].name == "gateway.dead"


def test_the_order_and_repetition_of_partners_do_not_matter() -> None:
    assert topology([*PARTNERS, *PARTNERS], Naming(), 5) == topology(reversed(PARTNERS), Naming(), 5)


@pytest.mark.parametrize("name", ["", " ", "a b", "ohio/iowa", "*", "#", ".ohio", "ohio\n", "é", "a" * 101])
def test_a_name_that_would_not_be_a_plain_queue_name_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured):
        Naming().queue(PartnerKey(name))
    with pytest.raises(Misconfigured):
        Naming(name)


def test_differences_name_what_is_absent_or_different_and_nothing_else() -> None:
    wanted = topology([PartnerKey("ohio")], Naming(), 5)
    found = differences(
        wanted,
        {"gateway.dead": Found.EQUAL, "gateway.deliver": Found.DIFFERENT},
        {"gateway.dead": Found.EQUAL},
    )
    assert found == (
        Difference("exchange", "gateway.deliver", Found.DIFFERENT),
        Difference("queue", "gateway.deliver.ohio", Found.ABSENT),
    )


ids = st.lists(st.uuids().map(str).map(DeliveryId), min_size=1, max_size=500)


@given(ids)
def test_an_announcement_comes_back_as_it_was_written(deliveries: list[DeliveryId]) -> None:
    body = encode(deliveries)
    assert decode(body) == tuple(deliveries)
    assert json.loads(body) == {"deliveries": deliveries}


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"deliveries":[]}',
        b'{"deliveries":"a"}',
        b'{"deliveries":[1]}',
        b'{"deliveries":["a"],"body":"x"}',
        json.dumps({"deliveries": ["a"] * 501}).encode(),
    ],
)
def test_a_document_of_another_shape_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"announcement|deliveries"):
        decode(body)


def test_more_than_500_ids_are_not_written() -> None:
    with pytest.raises(ValueError, match="1 to 500"):
        encode([DeliveryId(str(n)) for n in range(501)])


def test_the_headers_are_cloudevents_with_one_prefix() -> None:
    written = headers("id-1", "ohio", "2026-01-02T03:04:05.000000Z")
    assert all(name.startswith("cloudEvents_") for name in written)
    assert written["cloudEvents_specversion"] == "1.0"
