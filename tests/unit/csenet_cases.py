"""A valid transaction for each of the 190 triples, built from the tables: a full case, cut to what the triple asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from gateway.core.catalog import Catalog, Triple
from gateway.core.model import Content, Finding, FormatName, Kind
from gateway.core.rules import BusinessRules
from gateway.tools import speech
from tests.unit.fixed_width_samples import CATALOG

TODAY = date(2025, 4, 1)
RULES = BusinessRules(CATALOG)
CANONICAL = speech().canonical

HEADER = {
    "SenderLocator/LocatorStateCode": "39",
    "SenderLocator/LocatorCountyCode": "049",
    "RecipientLocator/LocatorStateCode": "26",
    "RecipientLocator/LocatorCountyCode": "163",
    "TransactionSerialNumber": "000000000007",
    "TransactionDate": "2025-03-06",
    "SenderCaseID": "OH7000000203",
    "RecipientCaseID": "MI9000000417",
    "ActionResolutionDate": "2025-03-05",
    "AttachmentsIndicator": "N",
}
ADDRESS = {
    "AddressLine1Text": "12 EXAMPLE CT",
    "AddressCityName": "COLUMBUS",
    "AddressStateCode": "OH",
    "AddressPostalCode": "43215",
}
NAME = {"PersonSurName": "SAMPLE", "PersonGivenName": "ADA"}


def below(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}/{path}": value for path, value in values.items()}


CASE = {
    "CaseTypeCode": "A",
    "CaseStatusCode": "O",
    **below("PaymentAddress", ADDRESS),
    **below("Contact/PersonName", NAME),
    **below("Contact/Address", ADDRESS),
    "Contact/ContactTelephoneNumber": "6145550100",
    **below("PaymentLocator", {"LocatorStateCode": "39", "LocatorCountyCode": "049"}),
}
PARENT = {
    **below("PersonName", NAME),
    "PersonSSNIdentification": "900000001",
    "PersonBirthDate": "1980-02-29",
    "PersonSexCode": "M",
}
PLACE = {"EffectiveDate": "2024-01-02", "ConfirmedCode": "Y"}
LOCATE = {
    **below("ResidentialAddress", {**below("Address", ADDRESS), **PLACE}),
    **below("MailingAddress", {**below("Address", ADDRESS), **PLACE}),
    **below("Employer", {"EmployerName": "ACME TEST WORKS", **below("EmployerAddress", ADDRESS), **PLACE}),
    "Employer/EmployerTelephoneNumber": "6145550101",
    **below("SecondEmployer", {"EmployerName": "BETA TEST", "EmployerAddress/AddressLine1Text": "1 TEST RD", **PLACE}),
    "InsuranceCarrierName": "SAMPLE MUTUAL",
    "InsurancePolicyIdentification": "TEST-1",
}
CUSTODIAN = {
    **below("PersonName", {"PersonSurName": "SAMPLE", "PersonGivenName": "CORA"}),
    "PersonBirthDate": "1982-03-04",
    "PersonSSNIdentification": "900000002",
    "PersonSexCode": "F",
    "RelationshipCode": "C",
    "ParticipantStatusCode": "O",
    **below("Address", ADDRESS),
}
DEPENDENT = {
    **CUSTODIAN,
    "PersonName/PersonGivenName": "DORA",
    "PersonBirthDate": "2015-06-07",
    "PersonSSNIdentification": "900000003",
    "RelationshipCode": "D",
    "DependentRelationCode": "C",
}
PERIOD = {"FromDate": "2023-01-01", "ThruDate": "2024-12-31", "ArrearsAmount": "100.00"}
ORDER = {
    "IssuingLocator/LocatorStateCode": "39",
    "IssuingLocator/LocatorCountyCode": "049",
    "OrderID": "ORD-1",
    "OrderFilingDate": "2022-11-30",
    "OrderTypeCode": "J",
    "DebtTypeCode": "CS",
    "OrderFrequencyCode": "M",
    "OrderAmount": "250.00",
    "OrderEffectiveDate": "2023-01-01",
    "ArrearsFrequencyCode": "M",
    "ArrearsPaymentAmount": "20.00",
    "ArrearsTotalAmount": "400.00",
    **below("TANFArrears", PERIOD),
    **below("NonTANFArrears", PERIOD),
    **below("FosterCareArrears", PERIOD),
    **below("MedicalArrears", PERIOD),
    "MedicalOrderedIndicator": "Y",
}
COLLECTION = {
    "CollectionDate": "2025-02-14",
    "PostingDate": "2025-02-15",
    "PaymentAmount": "75.00",
    "PaymentSourceCode": "I",
    "PaymentMethodCode": "O",
}
INFORMATION = {"StatusChangeCode": "O", "NewCaseID": "OH7000000999", "InformationLine1Text": "SYNTHETIC TEXT"}
BLOCKS: Mapping[str, Mapping[str, str]] = {
    "Case": below("Case", CASE),
    "NoncustodialParent": below("NoncustodialParent", PARENT),
    "LocateInformation": below("LocateInformation", LOCATE),
    "Participant": {**below("Participant[1]", CUSTODIAN), **below("Participant[2]", DEPENDENT)},
    "Order": below("Order[1]", ORDER),
    "Collection": below("Collection[1]", COLLECTION),
    "Information": below("Information", INFORMATION),
}
FIRST_LINE = {
    "MSC P REJCT": "000000000123RENF20250301ERALL",
    "MSC P GSTAI": "+00001200.00+00000034.5620250228",
}


def built(catalog: Catalog, key: str) -> Content:
    """The transaction with every block and field that it has any use for, and the values that the matrix wants."""
    triple = catalog.triples[key]
    header = {"Function": triple.function, "Action": triple.action, "Reason": triple.reason, **HEADER}
    fields = {path: value for path, value in below("Header", header).items() if value}
    for block in _blocks(catalog, triple):
        fields |= BLOCKS[block]
    if key in FIRST_LINE:
        fields |= {"Information/InformationLine1Text": FIRST_LINE[key]}
    if triple.function == "LO1" and triple.reason[1:2] == "U":
        fields |= {
            f"LocateInformation/{one}/EndDate": "2024-05-06"
            for one in ("ResidentialAddress", "MailingAddress")
            if "LocateInformation" in _blocks(catalog, triple)
        }
    fields = _with_values(catalog, key, fields)
    return Content(Kind("locate" if triple.function == "LO1" else "case-transfer"), fields)


def _blocks(catalog: Catalog, triple: Triple) -> list[str]:
    marks = catalog.marks.get(triple.key)
    if marks is None:
        return [block for block in BLOCKS if block != "Collection" or triple.function == "COL"]
    return [block for block in BLOCKS if any(one.block == block and one.least for one in marks.blocks)]


def _with_values(catalog: Catalog, key: str, fields: dict[str, str]) -> dict[str, str]:
    """The fields with the literals of the matrix."""
    marks = catalog.marks.get(key)
    for one in marks.fields if marks else ():
        for path in _places(one.place, fields):
            if one.values and path in fields and fields[path] not in one.values:
                fields[path] = one.values[0]
                if path.endswith("/OrderAmount"):
                    fields[path.replace("OrderAmount", "OrderTypeCode")] = "P"
    return fields


def _places(pattern: str, fields: Mapping[str, str]) -> list[str]:
    return [path for n in range(1, 10) if (path := pattern.replace("[*]", f"[{n}]")) in fields]


def judged(content: Content, rules: BusinessRules = RULES) -> tuple[Finding, ...]:
    """What the rules find in a record of the format csenet-out."""
    return rules.judge(content, CANONICAL.facts(content), FormatName("csenet-out"), 1, TODAY)


def without(content: Content, gone: str) -> Content:
    """The content without a path, or without a block and all below it."""
    kept = {
        path: value
        for path, value in content.fields.items()
        if path != gone and not path.startswith((f"{gone}/", f"{gone}["))
    }
    return replace(content, fields=kept)
