"""Server-side SVG plots: lines, stacked areas and bars, without any style or script (the console's policy bars both).

Every plot has a title and a description for screen readers, a zero-based axis, text labels on the series themselves and
differing dashes, so that colour is never the only sign. A missing value (None) is drawn as a gap, never as zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import pairwise

DASH = "\N{EN DASH}"
WIDTH, HEIGHT = 560, 220
TOP, RIGHT, BOTTOM, LEFT = 12, 132, 28, 48
LABEL_HEIGHT = 15
GRID_LINES = 4
HOUR_LABELS = 6

INKS = ("#005ea2", "#b50909", "#00620f", "#6f3331", "#4a50c4", "#565c65")
DASHES = ("", "6 3", "2 3", "9 3 2 3", "12 4", "4 4")
TEXT = "#1b1b1b"
QUIET = "#565c65"
GRID = "#dfe1e2"


@dataclass(frozen=True, slots=True)
class Series:
    """One line or layer: a value (or None where nothing was measured) for each time of the chart."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over time. ``times`` are UTC, ascending, evenly spaced; every series has a value for each of them."""

    title: str
    description: str
    times: tuple[datetime, ...]
    series: tuple[Series, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        if any(len(one.values) != len(self.times) for one in self.series):
            raise ValueError("every series needs one value (or None) for each time")


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float


def buckets(
    readings: Sequence[tuple[datetime, float]],
    since: datetime,
    until: datetime,
    count: int,
    join: Callable[[Sequence[float]], float] = lambda found: found[-1],
) -> tuple[tuple[datetime, ...], tuple[float | None, ...]]:
    """Even times from ``since`` to ``until`` with what ``join`` makes of the readings of each span, the last one unless
    told otherwise; None where a span has none."""
    width = (until - since) / count
    found: list[list[float]] = [[] for _ in range(count)]
    for at, value in readings:
        index = (at - since) // width
        if 0 <= index < count:
            found[index].append(value)
    return tuple(since + width * i for i in range(count)), tuple(join(one) if one else None for one in found)


def ceiling(largest: float) -> float:
    """The top of a zero-based axis: 1, 2, 4, 5, 8 or 10 times a power of ten, at least 4."""
    if largest <= GRID_LINES:
        return float(GRID_LINES)
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= largest)


def figure(value: float | None) -> str:
    """A number for people: thousands set apart, one decimal below ten, a dash for what was not measured."""
    if value is None:
        return DASH
    if value != int(value) and abs(value) < 10:  # noqa: PLR2004 (below ten one decimal matters)
        return f"{value:.1f}"
    return f"{value:,.0f}"


def signed(value: float | None) -> str:
    """A change for people: always with its sign."""
    if value is None or round(value, 1) == 0:
        return figure(None if value is None else 0)
    return ("+" if value > 0 else "\N{MINUS SIGN}") + figure(abs(value))


def lines(chart: Chart) -> str:
    """One line a series, labelled at its end."""
    top = ceiling(max((v for one in chart.series for v in one.values if v is not None), default=0))
    x, y = _axes(len(chart.times), top)
    marks = []
    for number, one in enumerate(chart.series):
        stroke = _stroke(number)
        marks += [_trace([(x(i), y(one.values[i] or 0)) for i in run], stroke) for run in _runs(one.values)]
    ends = [(y(_last(one.values) or 0), one.label, _last(one.values)) for one in chart.series]
    return _picture(chart, top, "".join(marks), ends)


def areas(chart: Chart) -> str:
    """Layers on top of each other, the first at the bottom. A time at which one layer is missing is a gap in all."""
    whole = tuple(
        None if any(one.values[i] is None for one in chart.series) else float(i) for i in range(len(chart.times))
    )
    heights = [[0.0] * len(chart.times)]
    for one in chart.series:
        heights.append([below + (value or 0) for below, value in zip(heights[-1], one.values, strict=True)])
    top = ceiling(max(heights[-1], default=0))
    x, y = _axes(len(chart.times), top)
    marks = []
    for number in range(len(chart.series)):
        for run in _runs(whole):
            upper = [(x(i), y(heights[number + 1][i])) for i in run]
            lower = [(x(i), y(heights[number][i])) for i in reversed(run)]
            marks.append(f'<path d="{_path([*upper, *lower])}Z" fill="{INKS[number % 6]}" fill-opacity="0.25"/>')
            marks.append(_trace(upper, _stroke(number)))
    last = next((i for i in reversed(range(len(whole))) if whole[i] is not None), None)
    ends = [
        (y(0 if last is None else (heights[n][last] + heights[n + 1][last]) / 2), one.label, _last(one.values))
        for n, one in enumerate(chart.series)
    ]
    return _picture(chart, top, "".join(marks), ends)


def bars(title: str, description: str, entries: Sequence[Bar]) -> str:
    """Horizontal bars with their label and value as text, in the order given."""
    row, left = 26, 220
    height = max(1, len(entries)) * row + 6
    top = max((bar.value for bar in entries), default=0) or 1
    marks = []
    for number, bar in enumerate(entries):
        width = (WIDTH - left - 60) * bar.value / top
        baseline = number * row + 17
        marks.append(_text(left - 8, baseline, bar.label[:34], anchor="end"))
        marks.append(f'<rect x="{left}" y="{number * row + 4}" width="{width:.1f}" height="18" fill="{INKS[0]}"/>')
        marks.append(_text(left + width + 6, baseline, figure(bar.value)))
    return _document(title, description, height, "".join(marks))


def _axes(count: int, top: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    return (
        lambda i: LEFT + across * i / max(1, count - 1),
        lambda value: TOP + down * (1 - value / top),
    )


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """Indexes of neighbouring measured values; a None ends a run."""
    runs: list[list[int]] = [[]]
    for index, value in enumerate(values):
        if value is not None:
            runs[-1].append(index)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _stroke(number: int) -> str:
    dash = DASHES[number % len(DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{INKS[number % len(INKS)]}" stroke-width="2" fill="none"{dashes}'


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _trace(points: Sequence[tuple[float, float]], stroke: str) -> str:
    """A line through the points; a lone point is a dot, since a line of one point cannot be seen."""
    if len(points) == 1:
        return f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="2" {stroke}/>'
    return f'<path d="{_path(points)}" {stroke}/>'


def _text(x: float, y: float, text: str, anchor: str = "start", fill: str = TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}">{escape(text)}</text>'


def _picture(chart: Chart, top: float, marks: str, ends: Sequence[tuple[float, str, float | None]]) -> str:
    body = _grid(top, chart.unit) + _clock(chart.times) + marks + _end_labels(ends)
    return _document(chart.title, chart.description, HEIGHT, body)


def _grid(top: float, unit: str) -> str:
    _, y = _axes(2, top)
    parts = []
    for step in range(GRID_LINES + 1):
        value = top * step / GRID_LINES
        at = y(value)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="{GRID if step else QUIET}"/>')
        label = f"{figure(value)} {unit}" if step == GRID_LINES and unit and len(unit) < 4 else figure(value)  # noqa: PLR2004 (room for three letters)
        parts.append(_text(LEFT - 6, at + 4, label, anchor="end", fill=QUIET))
    return "".join(parts)


def _clock(times: Sequence[datetime]) -> str:
    if not times:
        return ""
    x, _ = _axes(len(times), 1)
    long = times[-1] - times[0] > timedelta(hours=25)
    step = max(1, len(times) // HOUR_LABELS)
    wanted = range(0, len(times), step)
    return "".join(
        _text(x(i), HEIGHT - 8, times[i].strftime("%d %b" if long else "%H:%M"), anchor="middle", fill=QUIET)
        for i in wanted
    )


def _end_labels(ends: Sequence[tuple[float, str, float | None]]) -> str:
    """Series labels right of the plot, moved apart where they would overlap, each with its dash."""
    ordered = sorted(range(len(ends)), key=lambda n: ends[n][0])
    places = {n: min(max(ends[n][0], TOP + 4), HEIGHT - BOTTOM) for n in ordered}
    for above, below in pairwise(ordered):
        places[below] = max(places[below], places[above] + LABEL_HEIGHT)
    overflow = max(0.0, max(places.values(), default=0) - (HEIGHT - BOTTOM))
    start = WIDTH - RIGHT + 6
    parts = []
    for n in ordered:
        at = places[n] - overflow
        parts.append(f'<path d="M{start} {at:.1f}h16" {_stroke(n)}/>')
        parts.append(_text(start + 20, at + 4, f"{ends[n][1][:12]} {figure(ends[n][2])}"))
    return "".join(parts)


def _document(title: str, description: str, height: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="Source Sans Pro Web, Helvetica, Arial, sans-serif" font-size="13">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{body}</svg>"
    )
