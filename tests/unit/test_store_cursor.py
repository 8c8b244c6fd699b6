"""Cursors: what was encoded comes back, everything else is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.errors import Refused
from gateway.store.cursor import decode_cursor, decode_number, encode_cursor

KEYS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=36)


@given(KEYS)
def test_a_key_comes_back_from_its_cursor(key):
    assert decode_cursor(encode_cursor(key)) == key


@given(KEYS)
def test_a_cursor_is_safe_in_a_url(key):
    assert re.fullmatch(r"[A-Za-z0-9_-]+", encode_cursor(key))


@given(st.integers(min_value=0, max_value=10**9))
def test_a_number_comes_back_from_its_cursor(number):
    assert decode_number(encode_cursor(number)) == number


def test_no_cursor_is_before_the_first_number():
    assert decode_number(None) == -1


@given(st.text(max_size=60))
def test_an_invented_cursor_is_refused(text):
    with pytest.raises(Refused) as caught:
        decode_cursor(text)
    assert caught.value.problem == "bad-cursor"


@given(KEYS, st.data())
def test_a_damaged_cursor_is_refused(key, data):
    cursor = encode_cursor(key)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("ABCxyz019_-"))
    damaged = cursor[:place] + other + cursor[place + 1 :]
    assume(damaged != cursor)
    with pytest.raises(Refused):
        decode_cursor(damaged)


@pytest.mark.parametrize("key", ["", "-1", "1.5", "99999999999", "٣", "12a"])
def test_a_key_that_is_no_number_is_refused_where_a_number_is_due(key):
    with pytest.raises(Refused):
        decode_number(encode_cursor(key))
