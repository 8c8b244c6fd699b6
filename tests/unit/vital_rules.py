"""Records of registrars that break no rule, and for each rule what breaks it in one of them."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Content, Kind

ACKNOWLEDGEMENT = Content(
    Kind("parentage"),
    {
        "JurisdictionCode": "OH",
        "ReportingPartyID": "HOSPITAL-7",
        "Child/PersonName/PersonGivenName": "CARA",
        "Child/PersonName/PersonSurName": "SPECIMEN",
        "Child/PersonBirthDate": "2025-02-28",
        "Mother/PersonName/PersonGivenName": "DORA",
        "Mother/PersonName/PersonSurName": "SPECIMEN",
        "Mother/PersonBirthDate": "1999-07-04",
        "Mother/PersonSSNIdentification": "900010001",
        "Mother/ResidenceAddress/AddressFullText": "12 SYNTHETIC WAY",
        "Father/PersonName/PersonGivenName": "EMIL",
        "Father/PersonName/PersonSurName": "PLACEHOLDER",
        "Father/PersonBirthDate": "1997-11-30",
        "Father/PersonSSNIdentification": "900010002",
        "Father/ResidenceAddress/AddressFullText": "3 FICTION COURT",
        "Paternity/MotherMarriedCode": "N",
        "Paternity/AcknowledgementCode": "Y",
        "Paternity/AcknowledgementDate": "2025-03-02",
        "Paternity/CompletionPlaceText": "SYNTHETIC GENERAL HOSPITAL",
        "Paternity/MotherSignatureDate": "2025-03-01",
        "Paternity/FatherSignatureDate": "2025-03-02",
        "Paternity/LegalFindingStatementIndicator": "Y",
        "Paternity/RightsStatementIndicator": "Y",
        "Paternity/NameChangeOfferedIndicator": "Y",
        "Paternity/AdvisoryStatementIndicator": "Y",
        "Paternity/CustodyStatementIndicator": "Y",
    },
)
"""With every element that the federal minimum asks for where nobody is a minor and no husband is presumed."""

BIRTH = Content(
    Kind("parentage"),
    {
        "JurisdictionCode": "OH",
        "Certificate/CertificateNumber": "000123",
        "Certificate/VoidCode": "0",
        "Certificate/RegistrationDate": "2025-03-06",
        "Child/PersonName/PersonSurName": "SPECIMEN",
        "Child/PersonBirthDate": "2025-02-28",
        "Mother/PersonName/PersonSurName": "SPECIMEN",
        "Mother/PersonBirthDate": "1999-07-XX",
        "Father/PersonName/PersonSurName": "PLACEHOLDER",
        "Father/PersonBirthDate": "XXXX-11-30",
        "Paternity/MotherMarriedCode": "N",
        "Paternity/AcknowledgementCode": "Y",
    },
)

DEATH = Content(
    Kind("death-notice"),
    {
        "JurisdictionCode": "OH",
        "Certificate/VoidCode": "0",
        "Certificate/AliasCode": "0",
        "Decedent/PersonName/PersonSurName": "SAMPLE",
        "Decedent/PersonBirthDate": "1961-12-XX",
        "Decedent/PersonSSNIdentification": "XXXXXXXXX",
        "DeathDate": "2025-02-XX",
    },
)

BASES: Mapping[str, Content] = {"acknowledgement": ACKNOWLEDGEMENT, "birth": BIRTH, "death": DEATH}

MARRIED, SIGNED = "Paternity/MotherMarriedCode", "Paternity/AcknowledgementCode"
NO_FATHER = {"Father/PersonName": None}

BROKEN: list[tuple[str, str, dict[str, str | None]]] = [
    ("VR-CODE", "birth", {SIGNED: "P"}),
    ("VR-CODE", "birth", {MARRIED: "X"}),
    ("VR-DEATH-CODE", "death", {"Certificate/AliasCode": "7"}),
    ("VR-VOID", "birth", {"Certificate/VoidCode": "1"}),
    ("VR-VOID", "death", {"Certificate/VoidCode": "1"}),
    ("VR-ALIAS", "death", {"Certificate/AliasCode": "1"}),
    ("VR-SSN-NINES", "acknowledgement", {"Father/PersonSSNIdentification": "999999999"}),
    ("VR-SSN-NINES", "death", {"Decedent/PersonSSNIdentification": "999999999"}),
    ("VR-ACKN-MARRIED", "birth", {MARRIED: "Y"}),
    ("VR-ACKN-UNMARRIED", "birth", {SIGNED: "X"}),
    ("VR-FATHER-NAMED", "birth", {SIGNED: "N"}),
    ("VR-FATHER-NAMED", "birth", {SIGNED: "U"}),
    ("VR-ACK-FATHER-MISSING", "birth", NO_FATHER),
    ("VR-BIRTH-FUTURE", "birth", {"Child/PersonBirthDate": "2025-05-XX", "Certificate/RegistrationDate": None}),
    ("VR-PARENT-YOUNGER", "birth", {"Mother/PersonBirthDate": "2025-03-XX"}),
    ("VR-FATHER-YOUNGER", "birth", {"Father/PersonBirthDate": "2025-03-01"}),
    ("VR-REGISTERED-BEFORE-BIRTH", "birth", {"Certificate/RegistrationDate": "2025-02-27"}),
    ("VR-SIGNED-BEFORE-BIRTH", "acknowledgement", {"Paternity/MotherSignatureDate": "2025-02-27"}),
    ("VR-SIGNED-FUTURE", "acknowledgement", {"Paternity/AcknowledgementDate": "2025-04-02"}),
    ("VR-ACK-SIGNATURES", "acknowledgement", {"Paternity/FatherSignatureDate": None}),
    ("VR-ACK-SIGNATURES", "acknowledgement", {"Paternity/CompletionPlaceText": None}),
    ("VR-ACK-STATEMENTS", "acknowledgement", {"Paternity/CustodyStatementIndicator": None}),
    ("VR-ACK-MOTHER", "acknowledgement", {"Mother/PersonSSNIdentification": None}),
    ("VR-ACK-MOTHER-ADDRESS", "acknowledgement", {"Mother/ResidenceAddress": None}),
    ("VR-ACK-FATHER", "acknowledgement", {"Father/PersonBirthDate": None}),
    ("VR-ACK-FATHER-ADDRESS", "acknowledgement", {"Father/ResidenceAddress": None}),
    ("VR-DEATH-FUTURE", "death", {"DeathDate": "2025-05-XX"}),
    ("VR-DEATH-BEFORE-BIRTH", "death", {"Decedent/PersonBirthDate": "2025-03-01"}),
]
"""Rule, the record that it is silent about, and what makes it speak."""
