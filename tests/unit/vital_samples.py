"""Synthetic records of registrars, put together field by field from the tables of positions."""

from __future__ import annotations

from pathlib import Path

import schemas

CATALOG = schemas.load()
EXAMPLES = Path(__file__).parents[2] / "examples" / "vital"
BIRTH = {
    "IDOB_YR": "2026",
    "IDOB_MO": "02",
    "IDOB_DY": "28",
    "BSTATE": "OH",
    "FILENO": "000123",
    "VOID": "0",
    "ISEX": "F",
    "MARN": "N",
    "ACKN": "Y",
    "KIDFNAME": "CARA",
    "KIDLNAME": "SPECIMEN",
    "MOMFNAME": "DORA",
    "MOMLNAME": "SPECIMEN",
    "MOM_SSN": "900010001",
    "DADFNAME": "EMIL",
    "DADLNAME": "PLACEHOLDER",
    "DAD_SSN": "900010002",
}
"""A birth record as small as one may be."""


def record(layout: str, **values: str) -> str:
    """A record of a layout, blank but for the fields that are named."""
    table = CATALOG.layouts[layout]
    text = [" "] * table.length
    places = {field.name: field for field in table.fields}
    for name, value in values.items():
        field = places[name]
        assert len(value) <= field.length, name
        text[field.start - 1 : field.start - 1 + len(value)] = value
    return "".join(text)


def birth(**changes: str) -> bytes:
    """The small birth record with other fields."""
    return record("ije-natality", **{**BIRTH, **changes}).encode()
