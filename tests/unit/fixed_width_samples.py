"""Synthetic fixed-width records: hypothesis strategies by picture, and one partner to write for."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st

import schemas
from gateway.core.catalog import Layout, LayoutField, Need, Picture
from gateway.core.model import AdapterName, Endpoint, Partner, PartnerKey, Role
from gateway.core.ports.formats import Cover

CATALOG = schemas.load()
EXAMPLES = Path(__file__).parents[2] / "examples"
VECTORS = Path(__file__).parents[1] / "vectors"
PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))


def partner(key: str, role: Role, *locators: str) -> Partner:
    return Partner(
        key=PartnerKey(key),
        name=key.title(),
        role=role,
        program="IV-D",
        locators=frozenset(locators),
        endpoint=Endpoint(AdapterName.MAILBOX),
    )


OHIO = partner("ohio", Role.STATE, "39")
MICHIGAN = partner("michigan", Role.STATE, "26")
COVER = Cover(OHIO, MICHIGAN, datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC), 1_000_042)


def _texts(length: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(PRINTABLE, min_size=least, max_size=length).map(lambda text: text.ljust(length))


def _money() -> st.SearchStrategy[str]:
    amounts = st.integers(0, 10**10 - 1)
    return st.builds(lambda sign, cents: f"{sign}{cents // 100:08d}.{cents % 100:02d}", st.sampled_from("+-"), amounts)


WRITTEN: Mapping[Picture, Callable[[date], str]] = {
    Picture.DATE_MDCY: lambda day: day.strftime("%m%d%Y"),
    Picture.DATE_MDY: lambda day: day.strftime("%m%d%y"),
    Picture.DATE_YMD: lambda day: day.strftime("%y%m%d"),
    Picture.DATE_YDAY: lambda day: day.strftime("%y%j"),
    Picture.DATE_CYDAY: lambda day: day.strftime("%Y%j"),
    Picture.DATE_DASHED: lambda day: day.isoformat(),
    Picture.MONTH: lambda day: day.strftime("%Y%m"),
    Picture.QUARTER: lambda day: f"{day.year}{(day.month + 2) // 3}",
    Picture.QUARTER_FIRST: lambda day: f"{(day.month + 2) // 3}{day.year}",
}
"""How a day is written in each picture of days and periods, by another way than the engine's."""


PARTS_OF_A_DAY: Mapping[Picture, tuple[str, ...]] = {
    Picture.DAY_YEAR: ("1902", "2000", "2026"),
    Picture.DAY_MONTH: ("01", "02", "12"),
    Picture.DAY_DAY: ("01", "28"),
}
"""Any of them make up a day."""


def _zoned(length: int) -> st.SearchStrategy[str]:
    """Zoned digits, but negative zero, which is written as zero."""
    digits = st.text(string.digits, min_size=length - 1, max_size=length - 1)
    made = st.builds(lambda head, last: head + last, digits, st.sampled_from("{ABCDEFGHI}JKLMNOPQR"))
    return made.filter(lambda text: text.strip("0") != "}")


def packed(number: int, length: int) -> str:
    """A packed number, by another way than the engine's."""
    return int(f"{number}c", 16).to_bytes(length, "big").decode("latin-1")


def field_text(field: LayoutField) -> st.SearchStrategy[str]:
    """Every valid text of a field, blank ones too where the layout allows them."""
    return _texts_of(field.picture, field.length, field.constant, blank=field.required is not Need.REQUIRED)


@cache
def _texts_of(picture: Picture, length: int, constant: str | None, *, blank: bool) -> st.SearchStrategy[str]:
    """Strategies are values; the same one serves all fields that are alike."""
    filled = _filled(picture, length, constant)
    if filled is None:
        return st.just("0" * length if picture is Picture.COUNT else constant or " " * length)
    return st.just(" " * length) | filled if blank else filled


def _filled(picture: Picture, length: int, constant: str | None) -> st.SearchStrategy[str] | None:
    made: Mapping[Picture, Callable[[], st.SearchStrategy[str]]] = {
        Picture.TEXT: lambda: _texts(length, 1).filter(lambda text: text.strip(" ") != ""),
        Picture.FLAG: lambda: st.just((constant or "").ljust(length)),
        Picture.NUMBER: lambda: _digits(length),
        Picture.CENTS: lambda: _digits(length),
        Picture.DIGITS: lambda: _digits(length),
        Picture.PACKED: lambda: st.integers(0, 10 ** (2 * length - 1) - 1).map(lambda number: packed(number, length)),
        Picture.ZONED: lambda: _zoned(length),
        Picture.ZONED_CENTS: lambda: _zoned(length),
        Picture.PERSON_NAME: lambda: st.sampled_from(
            [name.ljust(length) for name in ("DOE, JANE Q", "DOE, JANE", "DOE")]
        ),
        Picture.DATE: lambda: st.dates().map(lambda day: day.isoformat().replace("-", "")),
        Picture.TIME: lambda: st.times().map(lambda time: time.strftime("%H%M%S")),
        Picture.MONEY: _money,
    }
    if picture in WRITTEN:
        return st.dates(date(1970, 1, 1), date(2069, 12, 31)).map(WRITTEN[picture])
    return made[picture]() if picture in made else None


def _digits(length: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=length, max_size=length)


def record_text(layout: Layout) -> st.SearchStrategy[str]:
    """Every valid record of a layout; counts are 0."""
    return st.tuples(*(field_text(field) for field in layout.fields)).map("".join)


def sampled(chance: Random, layout: Layout) -> str:
    """A valid record of a layout, made by chance; much faster than a strategy for each field."""
    return "".join(_by_chance(chance, field) for field in layout.fields)


def _by_chance(chance: Random, field: LayoutField) -> str:
    length = field.length
    if field.picture in PARTS_OF_A_DAY:
        return chance.choice((chance.choice(PARTS_OF_A_DAY[field.picture]), "9" * length))
    if field.required is not Need.REQUIRED and chance.random() < 1 / 3:
        return (field.constant if field.picture is Picture.CONSTANT else None) or " " * length
    day = date.fromordinal(chance.randint(1, date.max.toordinal())).isoformat()
    if field.picture is Picture.PACKED:
        return packed(chance.randrange(10 ** (2 * length - 1)), length)
    if field.picture in WRITTEN:
        return WRITTEN[field.picture](date(1970, 1, 1) + timedelta(chance.randrange(36_500)))
    made: Mapping[Picture, Callable[[], str]] = {
        Picture.FLAG: lambda: (field.constant or "").ljust(length),
        Picture.NUMBER: lambda: "".join(chance.choices(string.digits, k=length)),
        Picture.CENTS: lambda: "".join(chance.choices(string.digits, k=length)),
        Picture.ZONED: lambda: "1" + "".join(chance.choices(string.digits, k=length - 2)) + chance.choice("{AI}JR"),
        Picture.ZONED_CENTS: lambda: (
            "1" + "".join(chance.choices(string.digits, k=length - 2)) + chance.choice("{AI}JR")
        ),
        Picture.PERSON_NAME: lambda: chance.choice(["DOE, JANE Q", "DOE, JANE", "DOE"]).ljust(length),
        Picture.TEXT: lambda: _text_by_chance(chance, length),
        Picture.DIGITS: lambda: "".join(chance.choices(string.digits, k=length)),
        Picture.MARKED_DIGITS: lambda: chance.choice(("".join(chance.choices(string.digits, k=length)), "9" * length)),
        Picture.DATE: lambda: day.replace("-", ""),
        Picture.TIME: lambda: f"{chance.randrange(24):02d}{chance.randrange(60):02d}{chance.randrange(60):02d}",
        Picture.MONEY: lambda: f"{chance.choice('+-')}{chance.randrange(10**8):08d}.{chance.randrange(100):02d}",
        Picture.COUNT: lambda: "0" * length,
    }
    make = made.get(field.picture)
    return make() if make else field.constant or " " * length


def _text_by_chance(chance: Random, length: int) -> str:
    text = "".join(chance.choices(PRINTABLE, k=chance.randint(1, length)))
    return text.ljust(length) if text.strip(" ") else "X".rjust(length)


def transaction(chance: Random) -> bytes:
    """A CSENet transaction in the form to the server, with any number of any blocks."""
    header, *blocks = (CATALOG.layouts[name] for name in CATALOG.sequences["csenet"])
    text = sampled(chance, header)
    body = ""
    counts = {f.constant: f for f in header.fields if f.picture is Picture.COUNT}
    for layout in blocks:
        number = chance.choice((0, 1, 2, 9)) if layout.repeats else chance.randint(0, 1)
        start = counts[layout.block].start - 1
        text = f"{text[:start]}{number}{text[start + 1 :]}"
        body += "".join(sampled(chance, layout) for _ in range(number))
    return (text + body).encode("ascii")


CHANCES = st.integers(0, 2**32).map(Random)
"""Seeded chance: the same seed makes the same record."""


def vector(path: Path) -> tuple[dict[str, str], bytes]:
    """The heading lines of a vector file and its body."""
    head, _, body = path.read_bytes().partition(b"---\n")
    lines = (line.partition(": ") for line in head.decode().splitlines())
    return {name: value for name, _, value in lines}, body
