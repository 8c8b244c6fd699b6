"""For each rule of medical support: a valid record and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Content, Kind

CHILD, BENEFIT = "CoveredPerson[1]", "HealthInsurance[1]"
INFORMATION = Content(
    Kind("medical-support"),
    {
        "TransactionTypeCode": "INF",
        "AssistanceCaseID": "SYN0001",
        "NoncustodialParent/PersonName/PersonSurName": "SAMPLE",
        f"{CHILD}/PersonName/PersonSurName": "SAMPLE",
        f"{CHILD}/PersonBirthDate": "2015-03-14",
        f"{BENEFIT}/InsuranceEffectiveDate": "2025-01-01",
        f"{BENEFIT}/InsuranceCancellationDate": "2025-01-01",
    },
)
REFERRAL = Content(INFORMATION.kind, {"TransactionTypeCode": "REF", f"{CHILD}/PersonName/PersonSurName": "SAMPLE"})
ANSWER = Content(Kind("interchange-answer"), {"Interchange/AcknowledgementCode": "A"})
BASES: Mapping[str, Content] = {"INF": INFORMATION, "REF": REFERRAL, "TA1": ANSWER}

BROKEN: tuple[tuple[str, str, Mapping[str, str | None]], ...] = (
    ("MED-COVERAGE-DATES", "INF", {f"{BENEFIT}/InsuranceCancellationDate": "2024-12-31"}),
    ("MED-ELIGIBILITY-DATES", "INF", {"EligibilityBeginDate": "2025-02-01", "EligibilityEndDate": "2025-01-31"}),
    ("MED-BIRTH-DATE", "INF", {f"{CHILD}/PersonBirthDate": "2025-04-02"}),
    ("MED-INFORMATION-CASE", "INF", {"AssistanceCaseID": None}),
    ("MED-INFORMATION-PARENT", "INF", {"NoncustodialParent": None}),
    ("MED-INFORMATION-CHILD", "INF", {f"{CHILD}/PersonName": None}),
    ("MED-REFERRAL-PARTY", "REF", {f"{CHILD}/PersonName": None}),
    ("X12-ANSWER", "TA1", {"Interchange/AcknowledgementCode": None}),
)
