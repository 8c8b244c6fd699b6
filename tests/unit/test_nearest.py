"""Who writes a name that does not exist is told what it may have been, in one line."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.nearest import MOST_NAMED, near, unknown

FORMATS = ("csenet", "csenet-out", "ije-natality", "ks-wage-query", "newhire-csv-nc", "newhire-ma", "w4", "w4-control")


def test_a_slip_of_the_pen_is_understood():
    assert near("csnet", FORMATS)[0] == "csenet"
    assert near("W4", FORMATS)[0] == "w4"
    assert near(" newhire_ma", FORMATS)[0] == "newhire-ma"


def test_a_part_of_a_name_finds_it():
    assert near("natality", FORMATS) == ("ije-natality",)


def test_what_is_like_nothing_is_not_guessed():
    assert unknown("format", "qqqq", FORMATS, "`gateway formats`") == (
        "There is no format qqqq. All are listed by `gateway formats`."
    )


def test_the_sentence_names_the_likeliest_and_where_all_are():
    assert unknown("format", "w5", FORMATS, "`gateway formats`") == (
        "There is no format w5. Did you mean w4? All are listed by `gateway formats`."
    )


@given(st.text(max_size=60))
def test_never_more_than_a_few_are_named_and_each_exists(name):
    found = near(name, FORMATS)
    assert len(found) <= MOST_NAMED
    assert set(found) <= set(FORMATS)
