"""Canary people: unique names, numbers, streets and case ids that must be found nowhere but in deliveries."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CSV_HEAD = (
    "SSN,employee last name,employee first name,employee middle name,employee address line 1,employee address line 2,"
    "employee city,employee state,employee ZIP code,employee ZIP+4,employer name,employer address line 1,"
    "employer address line 2,employer city,employer state,employer ZIP code,employer ZIP+4,FEIN,state EIN,hire date,"
    "birth date,filler"
)


@dataclass(frozen=True, slots=True)
class Canary:
    """One synthetic person; the number is of a range that is never issued."""

    number: int

    @property
    def given(self) -> str:
        return f"ZQG{self.number:05d}"

    @property
    def family(self) -> str:
        return f"ZQFAMILY{self.number:05d}"

    @property
    def ssn(self) -> str:
        return f"95{(self.number * 7_919 + 1_234_567) % 10**7:07d}"

    @property
    def street(self) -> str:
        return f"{self.number} ZQSTREET{self.number:05d}"

    @property
    def case(self) -> str:
        return f"ZQCASE{self.number:05d}"

    @property
    def marks(self) -> tuple[str, ...]:
        return (self.given, self.family, self.ssn, f"ZQSTREET{self.number:05d}", self.case)

    def row(self, hired: str = "20260202") -> str:
        """A new hire as North Carolina's columns have it."""
        return (
            f"{self.ssn},{self.family},{self.given},X,{self.street},,COLUMBUS,OH,43004,1234,ACME TEST WORKS,"
            f"1 Anvil Road,,TOLEDO,OH,43604,,990000001,OH9900001,{hired},19710215,"
        )


class Scanner:
    """Finds canaries in bytes, whatever their case."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        marks = {mark.encode() for canary in canaries for mark in canary.marks}
        self._known = marks
        self._rough = re.compile(rb"ZQ(?:G|FAMILY|STREET|CASE)\d{5}|95\d{7}", re.IGNORECASE)

    def hits(self, sink: str, seen: bytes) -> list[str]:
        """``sink: canary`` for every canary in it."""
        found = {one.upper() for one in self._rough.findall(seen)}
        return [f"{sink}: {mark.decode()}" for mark in sorted(found & self._known)]

    def everywhere(self, sinks: Mapping[str, bytes]) -> list[str]:
        return [hit for name, seen in sinks.items() for hit in self.hits(name, seen)]


def files(folder: Path) -> dict[str, bytes]:
    """Every file under the folder: database and its log, keys, settings, what the process said."""
    found = {}
    for inside, _, names in os.walk(folder):  # a server may remove its own while we look: a folder here, a file below
        for path in (Path(inside, name) for name in names):
            with suppress(FileNotFoundError):
                if path.is_file():
                    found[str(path.relative_to(folder))] = path.read_bytes()
    return found
