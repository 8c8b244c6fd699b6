"""The one text of an older federal answer's address, taken apart or left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.returned_address import taken_apart
from tests.unit.contents import calm

WORDS = st.text("ABC 12", min_size=1, max_size=20).map(str.strip).filter(bool)


def placed(lines, city, state, postal, rest=""):
    return (
        "".join(line.ljust(40) for line in (*lines, *[""] * (4 - len(lines)))) + city.ljust(30) + state + postal + rest
    )


@calm
@given(
    st.lists(WORDS, min_size=1, max_size=3),
    WORDS,
    st.sampled_from(["OH", "PR"]),
    st.from_regex(r"[0-9]{5}([0-9]{4})?", fullmatch=True),
)
def test_lines_and_places_come_back_from_both_forms(lines, city, state, postal):
    wanted = {f"AddressLine{n}Text": line for n, line in enumerate(lines, 1)}
    wanted |= {"AddressCityName": city, "AddressStateCode": state, "AddressPostalCode": postal[:5]}
    wanted |= {"AddressPostalExtensionCode": postal[5:]} if postal[5:] else {}
    in_places = taken_apart(placed(lines, city, state, postal), "C")
    assert (in_places.leaves, in_places.whole) == (wanted, True)
    in_lines = taken_apart("".join(f"{line}\\" for line in (*lines, f"{city} {state} {postal}")), "F")
    assert (in_lines.leaves, in_lines.whole) == (wanted, True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", "C"),
        ("1 TEST ST", "C"),
        (placed(["1 TEST ST"], "", "OH", "43604"), "C"),
        (placed([], "TOLEDO", "OH", "43604"), "C"),
        (placed(["1 TEST ST"], "TOLEDO", "oh", "43604"), "C"),
        (placed(["1 TEST ST"], "TOLEDO", "OH", "4360X"), "C"),
        (placed(["1 TEST ST"], "TOLEDO", "OH", "\uff14\uff13\uff16\uff10\uff14"), "C"),
        ("1 TEST ST\\TOLEDO OH\\", "F"),
        ("TOLEDO OH 43604\\", "F"),
        ("1 TEST ST TOLEDO OH 43604", "F"),
        ("1 TEST ST\\TOLEDO OH 43604\\USA\\", "F"),
        ("", "F"),
        (placed(["1 TEST ST"], "TOLEDO", "OH", "43604"), " "),
        ("1 TEST ST\\TOLEDO OH 43604\\", "X"),
    ],
)
def test_what_is_not_as_its_form_says_is_left_alone(text, form):
    assert taken_apart(text, form) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (placed(["1", "2", "3", "4"], "TOLEDO", "OH", "43604"), "C"),
        (placed(["1"], "TOLEDO", "OH", "43604", "    123"), "C"),
        (placed(["1"], "TOLEDO", "OH", "43604", "12 "), "C"),
        ("1\\2\\3\\4\\TOLEDO OH 43604\\", "F"),
    ],
)
def test_what_has_no_place_is_left_out_and_said(text, form):
    found = taken_apart(text, form)
    assert not found.whole
    assert found.leaves["AddressCityName"] == "TOLEDO"
    assert "AddressLine4Text" not in found.leaves


@calm
@given(st.text(max_size=240), st.sampled_from(["C", "F", "", "X"]))
def test_any_text_is_taken_apart_or_left_alone(text, form):
    found = taken_apart(text, form)
    assert found is None or all(found.leaves.values())
