"""Records that break the rules of case status and reconciliation, for ``test_rules``: code, which record, changes."""

from __future__ import annotations

from random import Random

from gateway.core.model import Content
from gateway.sample.interstate import case_reconciliation, case_status
from gateway.sample.people import Chance

Broken = tuple[str, str, dict[str, str | None]]
PARTS = ("financial", "caseactivity", "caseparticipants", "contactinformation")


def record(name: str) -> Content:
    """A valid record by name: ``ICR``, ``CST R`` or ``CST P`` with the part that is asked for."""
    kind, _, part = name.partition(" ")
    number = 1 if kind == "ICR" else 2 * PARTS.index(part[2:]) + (1 if part[0] == "R" else 2)
    make = case_reconciliation if kind == "ICR" else case_status
    return make(Chance(Random(number)), number)  # noqa: S311 - sample data, not secrets


BROKEN: list[Broken] = [
    ("CST-CASE", "CST R financial", {"RecipientCaseID": None}),
    ("CST-RESULT", "CST P financial", {"ResultCode": None}),
    ("CST-ANSWERED-CASE", "CST P financial", {"SenderCaseID": None}),
    ("CST-RANGE", "CST R financial", {"RequestDateRange/EndDate": "2023-12-31"}),
    ("CST-RANGE-FUTURE", "CST R financial", {"RequestDateRange/StartDate": "2025-04-02"}),
    ("CST-QUESTION", "CST R financial", {"ResultCode": "found"}),
    ("CST-NOTHING-FOUND", "CST P contactinformation", {"ResultCode": "disclosure-prohibited"}),
    ("CST-NOTHING-FOUND", "CST R financial", {"FamilyViolenceIndicator": "Y"}),
    ("CST-FINANCIAL", "CST P financial", {"DataRequestCode": "caseactivity"}),
    ("CST-ACTIVITY", "CST P caseactivity", {"DataRequestCode": "financial"}),
    ("CST-PARTICIPANTS", "CST P caseparticipants", {"DataRequestCode": "financial"}),
    ("CST-CONTACT", "CST P contactinformation", {"DataRequestCode": "financial"}),
    ("ICR-CODE", "ICR", {"ParticipantTypeCode": "XX"}),
    ("ICR-OTHER-STATE", "ICR", {"OtherLocatorID": None}),
    ("ICR-OTHER-STATE-FORM", "ICR", {"OtherLocatorID": "261"}),
    ("ICR-PERSON", "ICR", {"PersonSSNIdentification": None, "PersonName": None}),
    ("ICR-BIRTH-FUTURE", "ICR", {"PersonBirthDate": "2025-04-01"}),
]
