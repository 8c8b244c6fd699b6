"""From ``successions.toml`` to how the files of each format follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core.catalog import Layout, Picture
from gateway.core.model import Follow, FormatName
from gateway.core.succession import HeaderField, Succession
from schemas.document import Document
from schemas.tables import choice

FILE = "successions.toml"
_RISING = frozenset(
    {
        Picture.DATE,
        Picture.DATE_MDCY,
        Picture.DATE_MDY,
        Picture.DATE_YMD,
        Picture.DATE_YDAY,
        Picture.DATE_CYDAY,
        Picture.DATE_DASHED,
        Picture.MONTH,
        Picture.TIME,
    }
)
"""Pictures of days and times: their canonical values rise with time."""


def read_successions(
    document: Document, layouts: Mapping[str, Layout], formats: frozenset[FormatName]
) -> Mapping[FormatName, Succession]:
    """By format; ``formats`` are all that there are. Raises Misconfigured naming the place."""
    found: dict[FormatName, Succession] = {}
    for row in document.tables("succession"):
        for name, one in _succession(row, layouts):
            if name not in formats:
                raise row.fault(f"there is no format {name}")
            if name in found:
                raise row.fault(f"{name} is there twice")
            found[name] = one
    document.finish()
    return found


def _succession(row: Document, layouts: Mapping[str, Layout]) -> Iterator[tuple[FormatName, Succession]]:
    names = [FormatName(name) for name in row.texts("formats")]
    if not names:
        raise row.fault("formats: at least one")
    places = _places(row, layouts)

    def named(key: str) -> tuple[HeaderField, ...]:
        wanted = row.texts(key)
        if unknown := next((name for name in wanted if name not in places), None):
            raise row.fault(f"{key}: the header has no field {unknown}")
        return tuple(places[name] for name in wanted)

    numbers = named("number")
    made = Succession(
        format=names[0],
        of=named("of"),
        by=named("by"),
        number=numbers[0] if numbers else None,
        follow=choice(row, "follow", Follow) if row.has("follow") else Follow.ANY,
        source=row.text("source"),
        confidence=row.text("confidence"),
    )
    row.finish()
    _check(row, made, layouts.get(row.text("layout", "")))
    for name in names:
        yield name, made


def _places(row: Document, layouts: Mapping[str, Layout]) -> Mapping[str, HeaderField]:
    """The fields of the layout, or those that the table places itself where the header has no layout."""
    name = row.text("layout", "")
    if name and name not in layouts:
        raise row.fault(f"unknown layout {name}")
    if name:
        return {f.name: HeaderField(f.name, f.start, f.length) for f in layouts[name].fields}
    found = {}
    for one in row.tables("place"):
        found[one.text("name")] = HeaderField(one.text("name"), one.number("start"), one.number("length"))
        one.finish()
    return found


def _check(row: Document, made: Succession, layout: Layout | None) -> None:
    if made.follow not in made.choices:
        raise row.fault(f"follow: {made.follow} needs a {'number' if made.follow is Follow.ONCE else 'day'}")
    pictures = {f.name: f.picture for f in layout.fields} if layout else {}
    for one in made.by:
        if pictures.get(one.name, Picture.DATE) not in _RISING:
            raise row.fault(f"by: {one.name} is neither a day nor a time")
