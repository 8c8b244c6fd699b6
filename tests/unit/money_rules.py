"""For each rule of bank matches, federal offset and payments a record that breaks it, and records that just do not.

Each row: rule, format of the example whose first record is changed, changes by path (None leaves the path out).
"""

from __future__ import annotations

from collections.abc import Mapping

Changes = Mapping[str, str | None]

GIVEN, SURNAME, TRANSACTION = "PersonName/PersonGivenName", "PersonName/PersonSurName", "TransactionTypeCode"
DEBT, ANSWER, ADDENDA = "federal-offset-cases", "fidm-answer", "ach-ded"
AMOUNT, END = "Payment/PaymentAmount", "Payment/EmploymentTerminationIndicator"

BROKEN: tuple[tuple[str, str, Changes], ...] = (
    ("FIDM-CODE", ANSWER, {"AccountType": "02"}),
    ("FIDM-CODE", ANSWER, {"TrustIndicator": "7"}),
    ("FIDM-CODE", ANSWER, {"PayeeIndicator": "3"}),
    ("FIDM-FOREIGN", ANSWER, {"MatchAccountCountry": "X"}),
    ("FIDM-INSTITUTION", ANSWER, {"InstitutionFile/ReportingAgentTIN": None}),
    ("FIDM-PRIMARY", ANSWER, {"PayeeIndicator": "1"}),
    ("FIDM-SECONDARY", ANSWER, {"PayeeIndicator": "2"}),
    ("FIDM-NAME", "fidm-inquiry", {SURNAME: None}),
    ("FOP-STATE", DEBT, {"SubmittingStateCode": "39"}),
    ("FOP-STATE-MISSING", DEBT, {"SubmittingStateCode": None}),
    ("FOP-TRANSACTION", DEBT, {TRANSACTION: "X"}),
    ("FOP-TRANSACTION-MISSING", DEBT, {TRANSACTION: None}),
    ("FOP-LAST-NAME", DEBT, {SURNAME: None}),
    ("FOP-FIRST-NAME-ADD", DEBT, {GIVEN: None}),
    ("FOP-FIRST-NAME-CHANGE", DEBT, {GIVEN: None, TRANSACTION: "B"}),
    ("FOP-AMOUNT-ADD", DEBT, {"PastDueAmount": None}),
    ("FOP-LEAST", DEBT, {"PastDueAmount": "149"}),
    ("FOP-COLLECTION", "federal-offset-collections", {"AdjustmentAmount": "-0.01"}),
    ("FOP-INJURED-SPOUSE", "federal-offset-collections", {"InjuredSpouseIndicator": "X"}),
    ("DED-AMOUNT-ZERO", ADDENDA, {AMOUNT: "0.00"}),
    ("DED-APPLICATION", ADDENDA, {"Payment/ApplicationCode": "XX"}),
    ("DED-APPLICATION", ADDENDA, {"Payment/MedicalSupportCode": "Q"}),
    ("EFT-PRENOTE", "eft-extract", {"Entry/TransactionCode": "23"}),
    ("DED-NAME", ADDENDA, {"Payment/ObligorShortName": "SAMP"}),
    ("DED-FIPS", ADDENDA, {"Payment/FIPSCode": "390490"}),
)

KEPT: tuple[tuple[str, Changes], ...] = (
    (ANSWER, {"MatchAccountCountry": "1"}),
    (ANSWER, {"MatchAccountCountry": "Y"}),
    (ANSWER, {"PayeeIndicator": "1", "PrimarySSN": "900040404"}),
    (ANSWER, {"PayeeIndicator": "2", "SecondSSN": "900040404"}),
    (DEBT, {"PastDueAmount": "150"}),
    (DEBT, {"PastDueAmount": "149", TRANSACTION: "M"}),
    (DEBT, {"PastDueAmount": None, TRANSACTION: "D"}),
    (DEBT, {GIVEN: None, TRANSACTION: "M"}),
    ("federal-offset-collections", {"AdjustmentAmount": "0.00"}),
    ("federal-offset-collections", {"CollectionAmount": "0.00", "AdjustmentAmount": "-0.01"}),
    (ADDENDA, {AMOUNT: "0.00", END: "Y"}),
    (ADDENDA, {"Payment/ApplicationCode": "II"}),
    ("eft-extract", {"Entry/TransactionCode": "23", "Entry/TransmittalAmount": "0.00", AMOUNT: "0.00", END: "Y"}),
    (ADDENDA, {"Payment/ObligorShortName": "SAMPLESALP"}),
    (ADDENDA, {"Payment/ObligorShortName": "DOE,JAN"}),
    (ADDENDA, {"Payment/FIPSCode": "39049"}),
)
