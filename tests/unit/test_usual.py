"""A record read like the one before it is read as it would be read alone."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.fixed_width_samples import CATALOG, record_text
from transforms.fixed_width import compiled, document_order
from transforms.layout import CompiledLayout
from transforms.usual import PATTERNS, Known, Patterns, ValueField

LAYOUTS = {"w4-data": ("new-hire", ""), "csenet-participant": ("case-transfer", "Participant[2]/")}
ORDERS = {kind: document_order(CATALOG, kind) for kind, _ in LAYOUTS.values()}


def fresh(name: str) -> CompiledLayout:
    return compiled(CATALOG, name, ORDERS[LAYOUTS[name][0]])


def read(layout: CompiledLayout, prefix: str, text: str, *, required: bool):
    values: dict[str, str] = {}
    return layout.read(text, prefix, values, required=required), list(values.items())


@st.composite
def neighbours(draw, records):
    """A record, and one that differs from it in some characters."""
    first = draw(records)
    second = list(first)
    for at in draw(st.lists(st.integers(0, len(first) - 1), max_size=3)):
        second[at] = draw(st.sampled_from(" 09AY\n\t\x1f\x7f\xa0\xb2"))
    return first, "".join(second)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_what_was_read_before_changes_nothing(name):
    prefix = LAYOUTS[name][1]
    experienced = fresh(name)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
    @given(neighbours(record_text(experienced.layout)), st.booleans())
    def holds(pair, required):
        alone = [read(fresh(name), prefix, text, required=required) for text in pair]
        for text, found in (*zip(pair, alone, strict=True), *zip(pair, alone, strict=True)):
            assert read(experienced, prefix, text, required=required) == found

    holds()


FIELDS = [
    ValueField(slice(2, 6), "Name", None, required=True),
    ValueField(slice(6, 8), "Code", {"12": "twelve"}.get, required=False),
]


def patterns(*filled: str) -> Patterns:
    found = Patterns(FIELDS, [Known(slice(0, 2), "W4"), Known(slice(8, 9), " ")])
    found.learn(["x" if field.path in filled else "" for field in FIELDS])
    return found


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("W4ANN 12 ", ["ANN", "twelve"]),
        ("W4ANN 13 ", None),
        ("W4ANN    ", None),
        ("W4    12 ", None),
        ("W5ANN 12 ", None),
        ("W4ANN 12.", None),
        ("W4AN\t 12 ", None),
        ("W4ANN\x1c12 ", None),
        ("W4AN\xa0 12 ", None),
    ],
)
def test_only_a_record_like_the_one_before_is_read_the_short_way(text, values):
    assert patterns("Name", "Code").latest.values(text) == values


def test_a_blank_field_stays_blank():
    usual = patterns("Name").latest
    assert (usual.paths, usual.values("W4ANN    ")) == (("Name",), ["ANN"])
    assert usual.values("W4ANN 12 ") is None


def test_a_usual_record_knows_whether_it_has_all_that_is_required():
    assert patterns("Name").latest.whole
    assert not patterns("Code").latest.whole


def test_a_record_without_values_is_not_usual():
    assert patterns().latest is None


def test_the_patterns_kept_are_bounded():
    places = [ValueField(slice(n, n + 1), f"P{n}", None, required=False) for n in range(8)]
    found = Patterns(places, [])
    for number in range(1, 256):
        found.learn(["x" if number >> bit & 1 else "" for bit in range(8)])
        assert len(found) <= PATTERNS
