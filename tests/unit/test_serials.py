"""Serial numbers that come twice in a file are found, whatever their order, and a counted file takes no memory."""

from hypothesis import given
from hypothesis import strategies as st

import gateway.core.serials
from gateway.core.serials import Serials


@given(st.lists(st.integers(0, 60)))
def test_a_number_is_repeated_when_it_came_before(numbers):
    serials, seen = Serials(), set()
    for number in numbers:
        assert serials.repeated(number) is (number in seen)
        seen.add(number)


def test_a_number_is_the_same_as_it_is_written():
    serials = Serials()
    written = ["1", "01", "1", "A1", "01", "A1", "\uff11", "\uff11"]
    assert [serials.again(one) for one in written] == [False, False, True, False, True, True, False, True]


def test_counted_numbers_are_one_run():
    serials = Serials()
    assert not any(serials.repeated(number) for number in [*range(5_000, 10_000), *range(4_999, -1, -1)])
    assert (serials._first, serials._last) == ([0], [9_999])


def test_numbers_that_jump_too_often_are_not_remembered(monkeypatch):
    monkeypatch.setattr(gateway.core.serials, "MOST_RUNS", 3)
    serials = Serials()
    assert not any(serials.repeated(number) for number in range(0, 20, 2))
    assert [serials.repeated(number) for number in (0, 2, 4, 6)] == [True, True, True, False]
