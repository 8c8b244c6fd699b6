"""For each rule between the fields of a CSENet transaction: a valid transaction and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping

Broken = tuple[str, str, Mapping[str, str | None]]

LOCATE = "LocateInformation"
HOME, MAIL = f"{LOCATE}/ResidentialAddress", f"{LOCATE}/MailingAddress"
JOB, SECOND, THIRD = f"{LOCATE}/Employer", f"{LOCATE}/SecondEmployer", f"{LOCATE}/ThirdEmployer"
CHILD, CUSTODIAN, ORDER = "Participant[2]", "Participant[1]", "Order[1]"
LINE = "Information/InformationLine1Text"
NOWHERE = {HOME: None, MAIL: None, JOB: None}

BROKEN: tuple[Broken, ...] = (
    ("CSE-PAYMENT-ADDRESS", "EST R SRORD", {"Case/PaymentAddress/AddressLine1Text": None}),
    ("CSE-PAYMENT-ADDRESS", "MSC R GRPAY", {"Case/PaymentAddress/AddressLine1Text": None}),
    ("CSE-NCP-SSN", "ENF P ESREG", {"NoncustodialParent/PersonSSNIdentification": None}),
    ("CSE-NCP-SSN-OR-PLACE", "PAT R", {**NOWHERE, "NoncustodialParent/PersonSSNIdentification": None}),
    ("CSE-NCP-SSN-OR-PLACE", "COL P CISUB", {"NoncustodialParent/PersonSSNIdentification": None}),
    ("CSE-NCP-PLACE", "ENF R ERALL", NOWHERE),
    ("CSE-NCP-PLACE", "LO1 P LSEMP", NOWHERE),
    ("CSE-RESIDENCE", "LO1 P LICAD", {f"{HOME}/EffectiveDate": None}),
    ("CSE-RESIDENCE", "COL P CITAX", {f"{HOME}/ConfirmedCode": None}),
    ("CSE-MAILING", "COL P CITAX", {f"{MAIL}/Address/AddressLine1Text": "1 TEST RD", f"{MAIL}/ConfirmedCode": None}),
    ("CSE-MAILING-DATE", "EST R SRMOD", {f"{MAIL}/EffectiveDate": None}),
    ("CSE-RESIDENCE-END", "LO1 P LUAPD", {f"{HOME}/Address/AddressLine1Text": "1 TEST RD"}),
    ("CSE-MAILING-END", "LO1 P LUALL", {f"{MAIL}/Address/AddressLine1Text": "1 TEST RD"}),
    ("CSE-RESIDENCE-DATES", "EST R SROMC", {f"{HOME}/EndDate": "2024-01-02"}),
    ("CSE-MAILING-DATES", "EST R SROMC", {f"{MAIL}/EndDate": "2023-01-02"}),
    ("CSE-EMPLOYER", "LO1 P LICEM", {f"{JOB}/EffectiveDate": None}),
    ("CSE-EMPLOYER-ADDRESS", "ENF R ERREG", {f"{JOB}/EmployerAddress/AddressLine1Text": None}),
    ("CSE-EMPLOYER-2-ADDRESS", "ENF R ERREG", {f"{SECOND}/EmployerAddress": None}),
    ("CSE-EMPLOYER-3-ADDRESS", "LO1 P LSEMP", {f"{THIRD}/EmployerName": "GAMMA TEST"}),
    ("CSE-PARTICIPANT-NAME", "CSI P FSINF", {f"{CUSTODIAN}/PersonName/PersonSurName": None}),
    ("CSE-DEPENDENT-NAME", "ENF R ERREG", {f"{CHILD}/PersonName/PersonGivenName": None}),
    ("CSE-PARTICIPANT-BIRTH", "PAT R", {f"{CUSTODIAN}/PersonBirthDate": None}),
    ("CSE-DEPENDENT-BIRTH", "EST R SRPAT", {f"{CHILD}/PersonBirthDate": None}),
    ("CSE-RELATIONSHIP", "ENF P EILMV", {f"{CUSTODIAN}/RelationshipCode": None}),
    ("CSE-PARTICIPANT-STATUS", "MSC P GSADD", {f"{CUSTODIAN}/ParticipantStatusCode": None}),
    ("CSE-DEPENDENT-RELATION", "PAT R", {f"{CHILD}/DependentRelationCode": None}),
    ("CSE-CUSTODIAN-ADDRESS", "PAT R", {"Case/PaymentAddress": None, f"{CUSTODIAN}/Address": None}),
    ("CSE-ORDER-TYPE", "PAT P PSESO", {f"{ORDER}/OrderTypeCode": None}),
    ("CSE-ORDER-EFFECTIVE", "EST P SSEST", {f"{ORDER}/OrderEffectiveDate": None}),
    ("CSE-ORDER-EFFECTIVE-SUPPORT", "PAT P PSESO", {f"{ORDER}/OrderEffectiveDate": None}),
    ("CSE-ORDER-MEDICAL", "ENF P ESREG", {f"{ORDER}/MedicalOrderedIndicator": None}),
    ("CSE-ORDER-MEDICAL-SUPPORT", "PAT P PSESO", {f"{ORDER}/MedicalOrderedIndicator": None}),
    ("CSE-ORDER-FREQUENCY", "CSI P FSINF", {f"{ORDER}/OrderFrequencyCode": None}),
    ("CSE-ORDER-AMOUNT", "EST R SRADJ", {f"{ORDER}/OrderAmount": None, f"{ORDER}/ArrearsTotalAmount": None}),
    ("CSE-ARREARS-FREQUENCY", "ENF R ERARR", {f"{ORDER}/ArrearsFrequencyCode": None}),
    ("CSE-ARREARS-PAYMENT", "ENF R ERARR", {f"{ORDER}/ArrearsPaymentAmount": None}),
    ("CSE-ARREARS-TOTAL", "ENF R ERARR", {f"{ORDER}/ArrearsTotalAmount": None}),
    ("CSE-ARREARS-TANF", "ENF R ERTXR", {f"{ORDER}/TANFArrears/FromDate": None}),
    ("CSE-ARREARS-NON-TANF", "ENF R ERTXR", {f"{ORDER}/NonTANFArrears/ThruDate": None}),
    ("CSE-ARREARS-FOSTER", "EST P SSMOD", {f"{ORDER}/FosterCareArrears/FromDate": None}),
    ("CSE-ARREARS-MEDICAL", "PAT P PSESO", {f"{ORDER}/MedicalArrears/ThruDate": None}),
    ("CSE-ARREARS-TANF-DATES", "ENF R ERTXR", {f"{ORDER}/TANFArrears/ThruDate": "2023-01-01"}),
    ("CSE-ARREARS-NON-TANF-DATES", "ENF R ERTXR", {f"{ORDER}/NonTANFArrears/ThruDate": "2022-12-31"}),
    ("CSE-ARREARS-FOSTER-DATES", "ENF R ERTXR", {f"{ORDER}/FosterCareArrears/ThruDate": "2022-12-31"}),
    ("CSE-ARREARS-MEDICAL-DATES", "ENF R ERTXR", {f"{ORDER}/MedicalArrears/ThruDate": "2022-12-31"}),
    ("CSE-ORDER-END", "ENF R ERTXR", {f"{ORDER}/OrderEndDate": "2023-01-01"}),
    ("CSE-ORDER-CANCEL", "ENF R ERTXR", {f"{ORDER}/OrderCancelDate": "2022-12-31"}),
    ("CSE-NEGATIVE", "ENF R ERTXR", {f"{ORDER}/MedicalArrears/ArrearsAmount": "-1.00"}),
    ("CSE-HEIGHT-INCHES", "LO1 R", {"NoncustodialParent/PersonHeightInches": "12"}),
    ("CSE-WAGE-QUARTER", "ENF R ERALL", {f"{JOB}/WageQuarter": "5"}),
    ("CSE-WAGE-YEAR", "ENF R ERALL", {f"{JOB}/WageYear": "1899"}),
    ("CSE-REJECTED", "MSC P REJCT", {LINE: None, "Information/InformationLine2Text": "SYNTHETIC TEXT"}),
    ("CSE-REJECTED-FORM", "MSC P REJCT", {LINE: "000000000123R ENF20250301"}),
    ("CSE-INTEREST", "MSC P GSTAI", {LINE: None}),
    ("CSE-INTEREST-FORM", "MSC P GSTAI", {LINE: "+00001200.00 +00000034.56 20250228"}),
    ("CSE-ARRIVES-AS-ORDER", "ENF P ESREG", {"Header/Reason": "ESORD"}),
    ("CSE-ARRIVES-AS-STATUS", "ENF R ERREG", {"Header/Reason": "ERSTA"}),
    ("CSE-TAX-SOURCE", "COL P CITAX", {"Collection[1]/PaymentSourceCode": "S"}),
    ("CSE-TAX-METHOD", "COL P CITAX", {"Collection[1]/PaymentMethodCode": "E"}),
    ("CSE-PATERNITY-AMOUNT", "PAT P PSEST", {f"{ORDER}/OrderAmount": "10.00", f"{ORDER}/OrderFrequencyCode": "M"}),
    ("CSE-MATRIX-BLOCK", "PAT P PIBTS", {"Information": None}),
    ("CSE-MATRIX-BLOCK-RECOMMENDED", "MSC P GSPUD", {"Participant[1]": None, "Participant[2]": None}),
    ("CSE-MATRIX-BLOCK-UNUSED", "LO1 R", {LINE: "SYNTHETIC TEXT", "Information/StatusChangeCode": "O"}),
    ("CSE-MATRIX-BLOCK-DERIVED", "CSI P FSINF", {"NoncustodialParent": None}),
    ("CSE-MATRIX-FIELD", "MSC P GSC14", {"Header/ActionResolutionDate": None}),
    ("CSE-MATRIX-FIELD-CONDITIONAL", "EST R SRORD", {f"{CUSTODIAN}/PersonBirthDate": None}),
    ("CSE-MATRIX-FIELD-RECOMMENDED", "LO1 R", {"NoncustodialParent/PersonBirthDate": None}),
    ("CSE-MATRIX-VALUE", "MSC P GSC08", {"Case/CaseStatusCode": "O"}),
    ("CSE-MATRIX-VALUE-CONDITIONAL", "EST R SRORD", {f"{CUSTODIAN}/ParticipantStatusCode": "C"}),
    ("CSE-MATRIX-VALUE-RECOMMENDED", "MSC P GSC08", {f"{CUSTODIAN}/ParticipantStatusCode": "O"}),
    ("CSE-MATRIX-ATTACHMENTS", "MSC P GSPUD", {"Header/AttachmentsIndicator": "Y"}),
)
