"""Synthetic records for tests, made from the example files. Nobody in them exists."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.journeys.partner_files import EXAMPLES

TO_MICHIGAN = (EXAMPLES / "ohio-to-michigan.csenet").read_bytes()
LINES = [line for line in TO_MICHIGAN.splitlines() if line]
LOCATE, PATERNITY, ENFORCEMENT, SUMMARY = LINES[0], LINES[2], LINES[5], LINES[7]
SERIAL, RECIPIENT, CASE = slice(17, 29), slice(7, 14), slice(45, 60)
FIRST = 910_000_000_000
LOCATORS = {"michigan": b"2616300", "texas": b"4845300", "california": b"0603700", "tribe-90830": b"9083000"}
TRIBAL = json.loads((EXAMPLES / "tribe-locate-request.json").read_text(encoding="utf-8"))
XML = (EXAMPLES / "michigan-case-transfer.xml").read_text(encoding="utf-8")
CSV = (EXAMPLES / "acme-new-hires-nc.csv").read_bytes()
PAYMENTS = (EXAMPLES / "employer-payments.ach").read_bytes()
W4 = (EXAMPLES / "ohio-new-hires.w4").read_bytes()


def serial(number: int) -> bytes:
    return str(FIRST + number).encode()


def csenet(number: int, line: bytes = SUMMARY, to: str = "michigan", case: str | None = None) -> bytes:
    """A transaction of Ohio under its own serial number, ended by CR."""
    made = line[: RECIPIENT.start] + LOCATORS[to] + line[RECIPIENT.stop : SERIAL.start] + serial(number)
    made += line[SERIAL.stop :]
    if case is not None:
        made = made[: CASE.start] + case.encode().ljust(15)[:15] + made[CASE.stop :]
    return made + b"\r"


def locate(number: int, **person: str) -> dict[str, Any]:
    """A locate request of the tribe to Ohio."""
    made: dict[str, Any] = copy.deepcopy(TRIBAL)
    made["Header"]["TransactionSerialNumber"] = serial(number).decode()
    given, family, ssn = person.get("given"), person.get("family"), person.get("ssn")
    name = made["NoncustodialParent"]["PersonName"]
    name["PersonGivenName"] = given or name["PersonGivenName"]
    name["PersonSurName"] = family or name["PersonSurName"]
    made["NoncustodialParent"]["PersonSSNIdentification"] = ssn or "900200001"
    made["Header"]["SenderCaseID"] = person.get("case", made["Header"]["SenderCaseID"])
    if "street" in person:
        made["Case"]["Contact"]["Address"]["AddressLine1Text"] = person["street"]
    return made


def as_json(*documents: dict[str, Any]) -> bytes:
    """One document, or a batch of several."""
    return json.dumps(documents[0] if len(documents) == 1 else {"records": documents}).encode()
