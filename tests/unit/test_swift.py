"""Values made for every record behave as frozen ones do."""

import pickle
from dataclasses import replace

import pytest

from gateway.core.model import Content, Facts, Kind
from gateway.core.ports.formats import Decoded, Frame

HIRE = Kind("new-hire")
VALUES = [
    Content(HIRE, {"Name": "ANN"}),
    Facts(HIRE, "39", tags={"fein": "990000001"}),
    Frame(1, b"W4", 2),
    Decoded(Content(HIRE, {"Name": "ANN"})),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_a_value_equals_its_copy_and_crosses_to_another_process(value):
    assert replace(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own bytes
    assert not hasattr(value, "__dict__")


def test_values_that_differ_are_not_equal():
    assert Frame(1, b"W4", 2) != Frame(1, b"W4", 3)
    assert hash(Frame(1, b"W4", 2)) == hash(Frame(1, b"W4", 2))


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_what_a_record_says_is_not_printed(value):
    assert "ANN" not in repr(value)
    assert "W4" not in repr(value)
    assert "990000001" not in repr(value)
