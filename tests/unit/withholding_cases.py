"""For each rule of withholding and liens: a valid record, and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from gateway.core.model import Content, Kind
from gateway.sample import withholding
from gateway.sample.people import Chance

Broken = tuple[str, str, Mapping[str, str | None]]


def _of(content: Content, **changes: str) -> Content:
    block = "Order" if content.get("DocumentTypeCode") == "I" else "Answer"
    fields = dict(content.fields)
    fields.update({f"{block}/{path}": value for path, value in changes.items()})
    return Content(content.kind, fields)


def _terminated(order: Content) -> Content:
    """The order's termination: nothing is due, within no days."""
    zeros = {path: "0.00" for path in order.fields if path.endswith("Amount")}
    days = {path: "00" for path in order.fields if path.endswith(("WithinDays", "WithholdingPercent"))}
    kept = {path: value for path, value in order.fields.items() if not path.endswith("FrequencyCode")}
    return Content(order.kind, {**kept, **zeros, **days, "Order/DocumentActionCode": "TRM"})


ORDER = withholding.order(Chance(Random(1)), 1)  # noqa: S311 - sample data, not secrets
ANSWER = withholding.answer(Chance(Random(2)), 1)  # noqa: S311 - sample data, not secrets
TERMINATION = _terminated(ORDER)
REPORT = _of(ANSWER, DocumentActionCode="EMP", DispositionCode="S")
RESULT = Content(
    ORDER.kind,
    {
        "DocumentTypeCode": "S",
        "Result/AgencyLocatorID": "39000",
        "Result/DocumentActionCode": "ORG",
        "Result/CaseID": "SYN000000001",
        "Result/FirstErrorFieldName": "EMPLOYEE-SSN",
    },
)
OBLIGOR = Content(Kind("lien"), {"RecordTypeCode": "01", "Obligor/PersonName/PersonSurName": "SAMPLE"})

BASES: Mapping[str, Content] = {
    "I ORG": ORDER,
    "I TRM": TERMINATION,
    "A ORG": ANSWER,
    "A EMP": REPORT,
    "S ORG": RESULT,
    "01": OBLIGOR,
}
"""By transaction."""

_TOTAL = "Order/TotalObligation/ObligationAmount"
_REASON, _DISPOSITION = "Answer/DispositionReasonCode", "Answer/DispositionCode"
_REJECTED = {_DISPOSITION: "R"}

BROKEN: tuple[Broken, ...] = (
    ("IWO-BLOCK", "I ORG", {"DocumentTypeCode": "A"}),
    ("IWO-BLOCK", "S ORG", {"Order/CaseID": "SYN000000001"}),
    ("IWO-ORDER-NEEDED", "I ORG", {"Order/Employee/PersonSSNIdentification": None}),
    ("IWO-ORDER-NEEDED", "I TRM", {"Order/Child[1]": None}),
    ("IWO-ANSWER-NEEDED", "A ORG", {"Answer/DocumentTrackingID": None}),
    ("IWO-CODE", "I ORG", {"Order/DocumentActionCode": "EMP"}),
    ("IWO-CODE", "A ORG", {"Answer/DocumentActionCode": "org"}),
    ("IWO-TERMINATION-AMOUNT", "I TRM", {_TOTAL: "1.00"}),
    ("IWO-TERMINATION-AMOUNT", "I TRM", {"Order/WithholdingAmount/WeeklyAmount": "0.01"}),
    ("IWO-TERMINATION-DAYS", "I TRM", {"Order/MaximumWithholdingPercent": "50"}),
    ("IWO-FREQUENCY", "I ORG", {"Order/CurrentChildSupport/ObligationFrequencyCode": None}),
    ("IWO-FREQUENCY-ZERO", "I ORG", {"Order/OtherObligation/ObligationFrequencyCode": "M"}),
    ("IWO-FREQUENCY-UNKNOWN", "I ORG", {"Order/PastDueChildSupport/ObligationFrequencyCode": "W"}),
    ("IWO-OTHER-DESCRIPTION", "I ORG", {"Order/OtherObligation/ObligationAmount": "5.00"}),
    ("IWO-TOTAL", "I ORG", {_TOTAL: "12345.00"}),
    ("IWO-PERCENT", "I ORG", {"Order/MaximumWithholdingPercent": "66"}),
    ("IWO-SEND-DAYS", "I ORG", {"Order/SendPaymentWithinDays": "08"}),
    ("IWO-NAME", "I ORG", {"Order/Employee/PersonName/PersonGivenName": "ANNA2"}),
    ("IWO-NAME", "I ORG", {"Order/Child[1]/PersonName/PersonSurName": "Sample"}),
    ("IWO-NAME-START", "I ORG", {"Order/Payee/PayeeName": "#SAMPLE"}),
    ("IWO-CHILD", "I ORG", {"Order/Child[4]/PersonName/PersonGivenName": "DELTA"}),
    ("IWO-START-INSTRUCTION", "I ORG", {"Order/WithholdingStartInstructionText": "LATER"}),
    ("IWO-DISPOSITION", "A ORG", {_DISPOSITION: "T"}),
    ("IWO-DISPOSITION-REPORT", "A EMP", {_DISPOSITION: "A"}),
    ("IWO-REASON-ACCEPTED", "A ORG", {_REASON: "D"}),
    ("IWO-REASON-REJECTED", "A ORG", {**_REJECTED, _REASON: "Q"}),
    ("IWO-REASON", "A ORG", _REJECTED),
    ("IWO-REASON-TERMINATION", "A ORG", {**_REJECTED, _REASON: "Z"}),
    ("IWO-CORRECTED-FEIN", "A ORG", {_REASON: "W"}),
    ("IWO-OTHER-STATE", "A ORG", {**_REJECTED, _REASON: "M"}),
    ("IWO-TERMINATED", "A EMP", {_DISPOSITION: "T"}),
    ("IWO-LEFT", "A ORG", {**_REJECTED, _REASON: "N"}),
    ("IWO-LUMP-SUM", "A EMP", {_DISPOSITION: "L"}),
    ("LIEN-BLOCK", "01", {"RecordTypeCode": "20"}),
)
