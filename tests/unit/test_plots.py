"""Plots: axes that begin at zero, gaps that stay gaps, labels that do not overlap, markup that the policy lets pass."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.web.console import plots
from gateway.web.console.plots import Bar, Chart, Series, areas, bars, buckets, ceiling, figure, lines, signed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def chart(*values, title="Deliveries"):
    times = tuple(NOON + timedelta(minutes=n) for n in range(len(values[0])))
    return Chart(title, "Now 3.", times, tuple(Series(f"s{n}", tuple(one)) for n, one in enumerate(values)))


def paths(svg):
    """The drawn traces, without grid and legend."""
    return [p.get("d") for p in etree.fromstring(svg).iter(f"{SVG}path") if p.get("d", "").count("L")]


readings = st.lists(st.none() | st.floats(0, 1e7), min_size=1, max_size=40)


@given(st.lists(readings, min_size=1, max_size=6).map(lambda rows: [r[: min(map(len, rows))] for r in rows]))
def test_every_plot_is_well_formed_named_and_free_of_style_and_script(rows):
    for draw in (lines, areas):
        svg = draw(chart(*rows))
        root = etree.fromstring(svg)
        assert root.get("role") == "img"
        assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
        assert not re.search(r"style|<script|on\w+=|nan|inf", svg)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40))
def test_no_point_lies_outside_the_plot(values):
    for path in paths(lines(chart(values))):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path):
            assert plots.LEFT <= float(x) <= plots.WIDTH - plots.RIGHT
            assert plots.TOP <= float(y) <= plots.HEIGHT - plots.BOTTOM


@given(st.floats(0, 1e12))
def test_the_axis_reaches_the_largest_value_without_wasting_more_than_half(largest):
    top = ceiling(largest)
    assert top >= largest
    assert top == plots.GRID_LINES or top <= 2.01 * largest


def test_a_missing_value_breaks_the_line_instead_of_dropping_to_zero():
    assert len(paths(lines(chart([1, 2, 3, 4, 5])))) == 1
    assert len(paths(lines(chart([1, 2, None, 4, 5])))) == 2


def test_a_lone_reading_between_gaps_is_a_dot():
    assert "<circle" in lines(chart([None, 3, None]))


def test_layers_are_stacked_from_zero_and_a_gap_in_one_is_a_gap_in_all():
    whole = areas(chart([1, 1, 1, 1], [2, 2, 2, 2]))
    broken = areas(chart([1, 1, None, 1, 1], [2, 2, 2, 2, 2]))
    assert whole.count("fill-opacity") == 2
    assert broken.count("fill-opacity") == 4
    _, y = plots._axes(4, ceiling(3))
    assert f"{y(3):.1f}" in whole


def test_series_differ_by_dash_and_are_named_beside_their_line():
    svg = lines(chart([1, 2], [3, 4]))
    assert svg.count("stroke-dasharray") >= 2
    assert ">s0 2<" in svg
    assert ">s1 4<" in svg


def test_labels_of_equal_values_do_not_overlap():
    labels = re.findall(r'y="([\d.]+)"[^>]*>s\d', lines(chart(*[[5, 5]] * 6)))
    heights = sorted(float(one) for one in labels)
    assert all(below - above >= plots.LABEL_HEIGHT for above, below in pairwise(heights))


def test_labels_are_escaped():
    hostile = Chart("<script>", "a & b", (NOON,), (Series("<b>", (1.0,)),))
    for svg in (lines(hostile), areas(hostile), bars("<i>", "&", [Bar("<u>", 2)])):
        assert not re.search(r"<(script|b|u|i)>", svg)
        etree.fromstring(svg)


def test_bars_show_their_values_as_text_and_in_proportion():
    widths = [
        float(rect.get("width"))
        for rect in etree.fromstring(bars("Causes", "", [Bar("https-503", 12), Bar("other", 3)])).iter(f"{SVG}rect")
    ]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.01)


def test_a_series_of_another_length_than_the_times_is_refused():
    with pytest.raises(ValueError, match="one value"):
        Chart("t", "d", (NOON,), (Series("s", (1.0, 2.0)),))


def test_buckets_keep_the_last_reading_of_each_span_and_mark_empty_spans():
    given = [(NOON + timedelta(seconds=s), v) for s, v in ((5, 1.0), (50, 2.0), (130, 7.0), (-1, 9.0), (240, 9.0))]
    times, values = buckets(given, NOON, NOON + timedelta(minutes=4), 4)
    assert values == (2.0, None, 7.0, None)
    assert times[1] - times[0] == timedelta(minutes=1)
    assert buckets(given, NOON, NOON + timedelta(minutes=4), 4, sum)[1] == (3.0, None, 7.0, None)


@pytest.mark.parametrize(
    ("value", "text"), [(None, plots.DASH), (0, "0"), (2.25, "2.2"), (12.6, "13"), (1234567, "1,234,567")]
)
def test_figures_read_as_people_write_them(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, plots.DASH), (0.01, "0"), (3, "+3"), (-2.5, "\N{MINUS SIGN}2.5")])
def test_changes_carry_their_sign(value, text):
    assert signed(value) == text
