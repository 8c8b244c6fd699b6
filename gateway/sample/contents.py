"""One synthetic record of each kind, in the canonical form: valid, and filled well enough to be worth reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from gateway.core.model import Content, FormatName, Kind
from gateway.sample import acknowledgements, agencies, assistance, coverage, money, withholding
from gateway.sample.interstate import CASE_RECONCILIATION, CASE_STATUS, case_reconciliation, case_status
from gateway.sample.people import COMPANIES, LAST_DAY, Address, Chance, Person
from gateway.sample.registry import REGISTRY_ENTRY, registry_entry
from gateway.sample.vital_records import DEATH_NOTICE, PARENTAGE, death_notice, parentage

Make = Callable[[Chance, int], Content]
"""Makes the record of a number, 1-based."""

NEW_HIRE, CASE_TRANSFER, LOCATE = Kind("new-hire"), Kind("case-transfer"), Kind("locate")
_OHIO, _MICHIGAN = ("39", "049"), ("26", "163")
_REQUESTS = (("ENF", "ERALL"), ("PAT", ""), ("EST", "SRORD"))
_WITH_ORDER = "ENF"


def new_hire(chance: Chance, number: int) -> Content:  # noqa: ARG001 - the signature of Make
    employee, born = chance.adult(), chance.address()
    office = chance.address()
    fields = {
        "Employee/PersonSSNIdentification": employee.ssn,
        **_name("Employee", employee),
        **_address("Employee/EmployeeAddress", born),
        "Employee/PersonBirthDate": employee.born.isoformat(),
        "HireDate": chance.day().isoformat(),
        "HireStateCode": office.state,
        "Employer/EmployerFEINID": chance.fein(),
        "Employer/EmployerName": chance.dice.choice(COMPANIES),
        **_address("Employer/EmployerAddress", office),
    }
    return Content(NEW_HIRE, fields)


def new_hire_by_payroll(chance: Chance, number: int) -> Content:
    """Of an employer of whom only the payroll office is known."""
    known = new_hire(chance, number).fields
    fields = {path.replace("EmployerAddress", "PayrollAddress"): value for path, value in known.items()}
    return Content(NEW_HIRE, fields)


def locate(chance: Chance, number: int) -> Content:
    fields = _header(chance, number, ("LO1", "R", "")) | _case(chance) | _parent(chance)
    return Content(LOCATE, fields)


def case_transfer(chance: Chance, number: int) -> Content:
    """A request to enforce, to establish paternity or to establish an order, in turn."""
    function, reason = _REQUESTS[number % len(_REQUESTS)]
    fields = _header(chance, number, (function, "R", reason)) | _case(chance) | _parent(chance) | _found(chance)
    fields |= _participant(1, chance.adult(), "C") | _participant(2, chance.child(), "D")
    fields |= {
        "Participant[2]/DependentRelationCode": "C",
        "Participant[2]/ResidenceStateCode": "OH",
        "Participant[2]/PaternityStatusCode": "N",
    }
    if function == _WITH_ORDER:
        fields |= _order(chance, number)
    return Content(CASE_TRANSFER, fields)


MAKERS: Mapping[Kind, Make] = MappingProxyType(
    {
        CASE_TRANSFER: case_transfer,
        LOCATE: locate,
        NEW_HIRE: new_hire,
        withholding.INCOME_WITHHOLDING: withholding.order,
        **money.MAKERS,
        PARENTAGE: parentage,
        DEATH_NOTICE: death_notice,
        assistance.ASSISTANCE_REPORT: assistance.report,
        assistance.ASSISTANCE_REFERRAL: assistance.referral,
        CASE_STATUS: case_status,
        CASE_RECONCILIATION: case_reconciliation,
        REGISTRY_ENTRY: registry_entry,
    }
)
"""Kind -> how to make a record of it."""

OF_FORMAT: Mapping[FormatName, Make] = MappingProxyType(
    {
        FormatName("eiwo-answer"): withholding.answer,
        FormatName("eiwo-result"): withholding.result,
        assistance.KANSAS_BENEFITS: assistance.benefit,
        FormatName("newhire-csv-nj"): new_hire_by_payroll,
        agencies.INJURY_CLAIMS: agencies.injury_claim,
        **coverage.FORM_MAKERS,
        **acknowledgements.FORM_MAKERS,
    }
)
"""Formats that carry another side of their kind than that which is made of it."""


def _name(under: str, person: Person) -> dict[str, str]:
    name = f"{under}/PersonName"
    return {
        f"{name}/PersonGivenName": person.given,
        f"{name}/PersonMiddleName": person.middle,
        f"{name}/PersonSurName": person.family,
    }


def _address(under: str, address: Address) -> dict[str, str]:
    return {
        f"{under}/AddressLine1Text": address.line,
        f"{under}/AddressCityName": address.city,
        f"{under}/AddressStateCode": address.state,
        f"{under}/AddressPostalCode": address.postal_code,
    }


def _header(chance: Chance, number: int, transaction: tuple[str, str, str]) -> dict[str, str]:
    function, action, reason = transaction
    sent = chance.day(date(2025, 1, 1)).isoformat()
    fields = {
        "Header/SenderLocator/LocatorStateCode": _OHIO[0],
        "Header/SenderLocator/LocatorCountyCode": _OHIO[1],
        "Header/SenderLocator/LocatorOfficeCode": "00",
        "Header/RecipientLocator/LocatorStateCode": _MICHIGAN[0],
        "Header/RecipientLocator/LocatorCountyCode": _MICHIGAN[1],
        "Header/RecipientLocator/LocatorOfficeCode": "00",
        "Header/TransactionSerialNumber": f"{chance.series + number:012d}",
        "Header/Action": action,
        "Header/Function": function,
        "Header/Reason": reason,
        "Header/TransactionDate": sent,
        "Header/SenderCaseID": f"SYN{chance.dice.randrange(10**9):09d}",
        "Header/AttachmentsIndicator": "N",
        "Header/SentDate": sent,
        "Header/SentTime": "07:15:00",
    }
    return {path: value for path, value in fields.items() if value}


def _case(chance: Chance) -> dict[str, str]:
    worker, office = chance.adult(), chance.address()
    return {
        "Case/CaseTypeCode": "T",
        "Case/CaseStatusCode": "O",
        **_address("Case/PaymentAddress", office),
        "Case/Contact/PersonName/PersonGivenName": worker.given,
        "Case/Contact/PersonName/PersonSurName": worker.family,
        **_address("Case/Contact/Address", office),
        "Case/Contact/ContactTelephoneNumber": chance.telephone(),
        "Case/PaymentLocator/LocatorStateCode": _OHIO[0],
        "Case/PaymentLocator/LocatorCountyCode": _OHIO[1],
    }


def _parent(chance: Chance) -> dict[str, str]:
    parent = chance.adult()
    return {
        **_name("NoncustodialParent", parent),
        "NoncustodialParent/PersonSSNIdentification": parent.ssn,
        "NoncustodialParent/PersonBirthDate": parent.born.isoformat(),
        "NoncustodialParent/PersonRaceCode": "X",
        "NoncustodialParent/PersonSexCode": chance.dice.choice("FM"),
    }


def _found(chance: Chance) -> dict[str, str]:
    home = "LocateInformation/ResidentialAddress"
    return {
        **_address(f"{home}/Address", chance.address()),
        f"{home}/EffectiveDate": chance.day(last=date(2024, 12, 31)).isoformat(),
        f"{home}/ConfirmedCode": "Y",
        "LocateInformation/HomeTelephoneNumber": chance.telephone(),
    }


def _participant(number: int, person: Person, relationship: str) -> dict[str, str]:
    block = f"Participant[{number}]"
    return {
        **_name(block, person),
        f"{block}/PersonBirthDate": person.born.isoformat(),
        f"{block}/PersonSSNIdentification": person.ssn,
        f"{block}/PersonSexCode": "F",
        f"{block}/RelationshipCode": relationship,
        f"{block}/ParticipantStatusCode": "O",
    }


def _order(chance: Chance, number: int) -> dict[str, str]:
    amount = chance.amount(100, 900)
    owed = chance.amount(1_000, 9_000)
    order = {
        "IssuingLocator/LocatorStateCode": _OHIO[0],
        "IssuingLocator/LocatorCountyCode": _OHIO[1],
        "IssuingLocator/LocatorOfficeCode": "00",
        "OrderID": f"SYN-{number:06d}",
        "OrderFilingDate": "2019-04-02",
        "OrderTypeCode": "J",
        "DebtTypeCode": "CS",
        "OrderFrequencyCode": "M",
        "OrderAmount": amount,
        "OrderEffectiveDate": "2019-05-01",
        "ArrearsFrequencyCode": "M",
        "ArrearsPaymentAmount": "50.00",
        "ArrearsTotalAmount": owed,
        "TANFArrears/FromDate": "2021-01-01",
        "TANFArrears/ThruDate": "2021-12-31",
        "TANFArrears/ArrearsAmount": owed,
        "MedicalOrderedIndicator": "N",
        "LastPaymentDate": LAST_DAY.replace(year=2024).isoformat(),
        "ControllingOrderCode": "D",
    }
    return {f"Order[1]/{path}": value for path, value in order.items()}
