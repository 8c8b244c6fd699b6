"""A synthetic W-4 file of any length, the same bytes for the same seed, written by the gateway's own format."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import schemas
import transforms
from gateway.core.model import AdapterName, Content, Endpoint, FormatName, Kind, Partner, PartnerKey, Role
from gateway.core.ports.formats import Cover

W4 = FormatName("w4")
WRITTEN = datetime(2026, 3, 2, tzinfo=UTC)
CHUNK = 5_000
NAMES = ("ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA", "JULIETT", "KILO", "LIMA")
SURNAMES = ("SAMPLE", "SPECIMEN", "EXAMPLE", "TEST-CASE", "SYNTHETIC", "PLACEHOLDER", "INVENTED", "FICTION")
CITIES = (("COLUMBUS", "OH", "43004"), ("DAYTON", "OH", "45402"), ("AKRON", "OH", "44308"), ("TOLEDO", "OH", "43604"))


def write(path: Path, records: int, seed: int) -> None:
    """The file: a header of Ohio's and so many records."""
    format_ = transforms.formats(schemas.load())[W4]
    cover = replace(COVER, number=seed)
    with path.open("wb") as file:
        for number, contents in enumerate(_chunks(records, random.Random(seed))):  # noqa: S311 - synthetic people
            encoded = format_.encode(contents, cover)
            if encoded.findings:
                raise RuntimeError(f"the generator writes unfit records: {encoded.findings[0].rule}")
            header, _, data = encoded.body.partition(b"\n")
            file.write(data if number else header + b"\n" + data)


def _chunks(records: int, dice: random.Random) -> Iterator[list[Content]]:
    for start in range(0, records, CHUNK):
        yield [_hire(number, dice) for number in range(start, min(start + CHUNK, records))]


def _hire(number: int, dice: random.Random) -> Content:
    """One new hire; the number 900-999 range of social security numbers is never issued."""
    city, state, postal = dice.choice(CITIES)
    hired = date(2026, 1, 1) + timedelta(days=dice.randrange(60))
    born = date(1960, 1, 1) + timedelta(days=dice.randrange(16_000))
    fields = {
        "Employee/PersonSSNIdentification": f"{900_000_000 + number % 100_000_000}",
        "Employee/PersonName/PersonGivenName": dice.choice(NAMES),
        "Employee/PersonName/PersonMiddleName": dice.choice("ABCDEFGH"),
        "Employee/PersonName/PersonSurName": dice.choice(SURNAMES),
        "Employee/EmployeeAddress/AddressLine1Text": f"{dice.randrange(1, 9_999)} SYNTHETIC WAY",
        "Employee/EmployeeAddress/AddressLine2Text": f"APARTMENT {dice.randrange(1, 99)}",
        "Employee/EmployeeAddress/AddressCityName": city,
        "Employee/EmployeeAddress/AddressStateCode": state,
        "Employee/EmployeeAddress/AddressPostalCode": postal,
        "Employee/PersonBirthDate": born.isoformat(),
        "HireDate": hired.isoformat(),
        "HireStateCode": "OH",
        "Employer/EmployerFEINID": f"99000{dice.randrange(1, 9_999):04d}",
        "Employer/EmployerName": "EXAMPLE LOGISTICS INC",
        "Employer/EmployerAddress/AddressLine1Text": "77 DEPOT DRIVE",
        "Employer/EmployerAddress/AddressCityName": "AUSTIN",
        "Employer/EmployerAddress/AddressStateCode": "TX",
        "Employer/EmployerAddress/AddressPostalCode": "78701",
        "Employer/PayrollAddress/AddressLine1Text": "PO BOX 500",
        "Employer/PayrollAddress/AddressCityName": "AUSTIN",
        "Employer/PayrollAddress/AddressStateCode": "TX",
        "Employer/PayrollAddress/AddressPostalCode": "78702",
    }
    return Content(Kind("new-hire"), fields)


def _state() -> Partner:
    return Partner(
        key=PartnerKey("ohio"),
        name="Ohio",
        role=Role.STATE,
        program="IV-D",
        locators=frozenset({"39"}),
        endpoint=Endpoint(AdapterName.FOLDER, {}),
        formats={},
    )


COVER = Cover(_state(), _state(), WRITTEN, 1)
