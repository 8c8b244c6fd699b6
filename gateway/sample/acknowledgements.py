"""Synthetic acknowledgements of X12: of an interchange (TA1), of a group, and of a group with a fault in a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.core.model import Content, FormatName, Kind
from gateway.sample.people import Chance

INTERCHANGE_ANSWER = Kind("interchange-answer")
_TURNS = 3
_RELEASE = "005010X220A1"


def interchange(number: int) -> dict[str, str]:
    return {
        "Interchange/ControlNumber": f"{number:09d}",
        "Interchange/InterchangeDate": "2025-04-01",
        "Interchange/InterchangeTime": "12:00:00",
        "Interchange/AcknowledgementCode": "A",
        "Interchange/NoteCode": "000",
    }


def group(number: int, code: str, release: str, *, flawed: bool) -> dict[str, str]:
    """Of one set; ``release`` empty: the answer repeats no versions."""
    result = "E" if flawed else "A"
    fields = {
        "SenderID": "MEDICAID-39",
        "RecipientID": "39",
        "FunctionalGroup/FunctionalCode": {"834": "BE", "270": "HS"}[code],
        "FunctionalGroup/ControlNumber": str(number),
        "FunctionalGroup/ReleaseCode": release,
        "FunctionalGroup/AcknowledgementCode": result,
        "FunctionalGroup/SetsIncluded": "1",
        "FunctionalGroup/SetsReceived": "1",
        "FunctionalGroup/SetsAccepted": "1",
        "TransactionSet[1]/SetCode": code,
        "TransactionSet[1]/ControlNumber": "0001",
        "TransactionSet[1]/ConventionCode": release,
        "TransactionSet[1]/AcknowledgementCode": result,
    }
    return {path: value for path, value in (fields | (_flaw() if flawed else {})).items() if value}


def _flaw() -> dict[str, str]:
    segment = "TransactionSet[1]/SegmentFault[1]"
    return {
        f"{segment}/SegmentCode": "DMG",
        f"{segment}/SegmentPosition": "11",
        f"{segment}/SyntaxErrorCode": "8",
        f"{segment}/ElementFault[1]/ElementPosition": "2",
        f"{segment}/ElementFault[1]/SyntaxErrorCode": "8",
        "TransactionSet[1]/SyntaxErrorCode": "5",
    }


def _answer(number: int, code: str, release: str) -> Content:
    around = {
        "InterchangeSenderQualifierCode": "ZZ",
        "InterchangeSenderID": "MEDICAID-39",
        "InterchangeRecipientQualifierCode": "ZZ",
        "InterchangeRecipientID": "39",
        "UsageCode": "P",
    }
    turn = number % _TURNS
    own = interchange(number) if turn == 1 else group(number, code, release, flawed=turn == 0)
    return Content(INTERCHANGE_ANSWER, around | own)


def acknowledgement_5010(_chance: Chance, number: int) -> Content:
    """An answer to enrollments."""
    return _answer(number, "834", _RELEASE)


def acknowledgement_4010(_chance: Chance, number: int) -> Content:
    """An answer to inquiries."""
    return _answer(number, "270", "")


FORM_MAKERS: Mapping[FormatName, Callable[[Chance, int], Content]] = MappingProxyType(
    {FormatName("x12-999"): acknowledgement_5010, FormatName("x12-997"): acknowledgement_4010}
)
"""Format -> how to make a record of it."""
