"""Synthetic people, places and numbers, drawn from a seeded chance. Nobody of them exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

GIVEN = (
    "ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA", "JULIETT", "KILO", "LIMA",
    "MIKE", "NOVEMBER", "OSCAR", "PAPA", "QUEBEC", "ROMEO", "SIERRA", "TANGO", "UNIFORM", "VICTOR", "WHISKEY", "ZULU",
)  # fmt: skip
FAMILY = (
    "SAMPLE", "SPECIMEN", "EXAMPLE", "PLACEHOLDER", "PROTOTYPE", "SYNTHETIC", "INVENTED", "FICTION", "MOCKUP",
    "PATTERN", "TEMPLATE", "DUMMY-TEST", "NOBODY", "STANDIN", "TRIAL", "SHADOW",
)  # fmt: skip
STREETS = ("SYNTHETIC WAY", "SAMPLE STREET", "INVENTED LN", "EXAMPLE LANE", "FICTION COURT", "PATTERN ROAD")
"""With its number a street fits into 18 characters, the shortest field of a state's format."""
CITIES = (
    ("COLUMBUS", "OH", "43215"), ("TOLEDO", "OH", "43604"), ("DETROIT", "MI", "48226"), ("LANSING", "MI", "48933"),
    ("AUSTIN", "TX", "78701"), ("SACRAMENTO", "CA", "95814"), ("RALEIGH", "NC", "27601"), ("ATLANTA", "GA", "30303"),
)  # fmt: skip
COMPANIES = ("ACME SAMPLE WORKS", "EXAMPLE LOGISTICS INC", "SPECIMEN FOODS LLC", "PROTOTYPE TOOLS CO", "FICTION MILLS")
FIRST_DAY, LAST_DAY = date(2024, 1, 1), date(2025, 3, 31)
"""Between these days everything of a sample happens, so that it does not age."""
OLDEST, YOUNGEST = date(1950, 1, 1), date(2004, 12, 31)
CHILD_OLDEST, CHILD_YOUNGEST = date(2008, 1, 1), date(2022, 12, 31)
_AREA, _GROUP, _SERIAL = (900, 999), (1, 49), (1, 9999)
"""Social security numbers that are never issued: area 900 to 999, and a group that taxpayer numbers do not use."""
_FEIN = (990_000_000, 990_009_999)


@dataclass(frozen=True, slots=True)
class Address:
    line: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Person:
    given: str
    middle: str
    family: str
    ssn: str = field(repr=False)
    born: date = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws from one seed."""

    dice: Random
    series: int = 0
    """What the serial numbers of the file are counted from."""

    def ssn(self) -> str:
        area, group, serial = (self.dice.randint(*limits) for limits in (_AREA, _GROUP, _SERIAL))
        return f"{area:03d}{group:02d}{serial:04d}"

    def fein(self) -> str:
        return str(self.dice.randint(*_FEIN))

    def day(self, first: date = FIRST_DAY, last: date = LAST_DAY) -> date:
        return first + timedelta(days=self.dice.randint(0, (last - first).days))

    def address(self) -> Address:
        city, state, postal_code = self.dice.choice(CITIES)
        return Address(f"{self.dice.randint(1, 999)} {self.dice.choice(STREETS)}", city, state, postal_code)

    def adult(self) -> Person:
        return self._person(OLDEST, YOUNGEST)

    def child(self) -> Person:
        return self._person(CHILD_OLDEST, CHILD_YOUNGEST)

    def _person(self, oldest: date, youngest: date) -> Person:
        return Person(
            self.dice.choice(GIVEN),
            self.dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ"),
            self.dice.choice(FAMILY),
            self.ssn(),
            self.day(oldest, youngest),
        )

    def telephone(self) -> str:
        """A number of the range that is kept for fiction: 555-0100 to 555-0199."""
        return f"{self.dice.choice(('313', '517', '614'))}55501{self.dice.randrange(100):02d}"

    def amount(self, least: int, most: int) -> str:
        cents = self.dice.randint(least * 100, most * 100)
        return f"{cents // 100}.{cents % 100:02d}"
