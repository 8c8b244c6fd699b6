"""Reasons are kept for ever: what looks like a number of a person is not let in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Unprocessable
from gateway.core.reasons import fit_code, fit_reason


@given(st.text(max_size=40), st.from_regex(r"[0-9]([ ./\-]?[0-9]){4,12}", fullmatch=True), st.text(max_size=40))
def test_five_digits_in_a_row_are_never_kept_however_they_are_written(before, number, after):
    with pytest.raises(Unprocessable) as refusal:
        fit_reason(before + number + after)
    assert number not in str(refusal.value)


@given(st.text())
def test_a_kept_reason_is_one_printable_line(text):
    try:
        kept = fit_reason(text)
    except Unprocessable:
        return
    assert kept == text.strip()
    assert kept.isprintable()
    assert 1 <= len(kept) <= 200


@pytest.mark.parametrize("code", ["a", "wrong-addressee", "http-404", "v2", "x" * 64])
def test_words_and_hyphens_are_a_code(code):
    assert fit_code(code) == code


@pytest.mark.parametrize("code", ["", "-a", "a-", "A", "a b", "a_b", "ssn-900551234", "x" * 65, "é", "a\n"])
def test_anything_else_is_none(code):
    with pytest.raises(Unprocessable):
        fit_code(code)
