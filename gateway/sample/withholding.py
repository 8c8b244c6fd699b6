"""Synthetic withholding orders and answers to them: valid, with amounts that add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from gateway.core.model import Content, Kind
from gateway.sample.people import COMPANIES, Address, Chance, Person

INCOME_WITHHOLDING = Kind("income-withholding")
_OHIO, _EMPLOYER = "39000", "990000001"
_OF = {"Weekly": Decimal(12) / 52, "Biweekly": Decimal(12) / 26, "Semimonthly": Decimal("0.5"), "Monthly": Decimal(1)}
"""Share of a month's amount for each pay period."""
_OTHER = ("CurrentMedicalSupport", "PastDueMedicalSupport", "CurrentSpousalSupport", "PastDueSpousalSupport")


def order(chance: Chance, number: int) -> Content:
    """An original order for current and past-due child support, with one to three children."""
    employee, obligee = chance.adult(), chance.adult()
    fields = {
        "DocumentTypeCode": "I",
        "Order/AgencyLocatorID": _OHIO,
        "Order/DocumentActionCode": "ORG",
        "Order/DocumentDate": chance.day(date(2025, 1, 1)).isoformat(),
        "Order/IssuingStateName": "OHIO",
        "Order/CaseID": _case(number),
        "Order/Employer/EmployerName": chance.dice.choice(COMPANIES),
        **_address("Order/Employer/EmployerAddress", chance.address()),
        "Order/Employer/EmployerFEINID": _EMPLOYER,
        **_person("Order/Employee", employee),
        "Order/Employee/PersonSSNIdentification": employee.ssn,
        "Order/Employee/PersonBirthDate": employee.born.isoformat(),
        **_person("Order/Obligee", obligee),
        "Order/IssuingTribunalName": "SAMPLE COUNTY COURT",
        **_amounts(Decimal(chance.amount(100, 900)), Decimal(chance.amount(10, 90))),
        "Order/BeginWithholdingWithinDays": "14",
        "Order/SendPaymentWithinDays": "07",
        "Order/MaximumWithholdingPercent": "50",
        "Order/Payee/PayeeName": "SAMPLE SUPPORT PAYMENT CENTRAL",
        **_address("Order/Payee/PayeeAddress", chance.address()),
        "Order/Payee/PayeeLocatorID": "3900000",
        "Order/IssuingOfficial/OfficialName": "VICTOR SPECIMEN",
        "Order/IssuingOfficial/OfficialTitleText": "CASE WORKER",
        "Order/SendEmployeeCopyIndicator": "N",
        "Order/EmployeeContact/ContactName": "SAMPLE CUSTOMER SERVICE",
        "Order/EmployeeContact/ContactTelephoneNumber": chance.telephone(),
        "Order/DocumentTrackingID": _tracking(number),
        "Order/OrderID": f"SYN-{number:06d}",
        "Order/EmployerContact/ContactName": "SAMPLE EMPLOYER DESK",
        "Order/EmployerContact/ContactTelephoneNumber": chance.telephone(),
        "Order/LumpSumPaymentAmount": "0.00",
        "Order/RemittanceID": _case(number),
        "Order/WithholdingStartInstructionText": "RECEIPT",
    }
    for child in range(1, chance.dice.randint(1, 3) + 1):
        fields |= _child(child, chance.child())
    return Content(INCOME_WITHHOLDING, fields)


def answer(chance: Chance, number: int) -> Content:
    """What the employer says to the order of that number: it takes it, or the employee has left."""
    employee = chance.adult()
    fields = {
        "DocumentTypeCode": "A",
        "Answer/AgencyLocatorID": _OHIO,
        "Answer/DocumentActionCode": "ORG",
        "Answer/CaseID": _case(number),
        "Answer/EmployerFEINID": _EMPLOYER,
        **_person("Answer/Employee", employee),
        "Answer/Employee/PersonSSNIdentification": employee.ssn,
        "Answer/DocumentTrackingID": _tracking(number),
        "Answer/OrderID": f"SYN-{number:06d}",
        "Answer/DispositionCode": "A",
    }
    if number % 3 == 0:
        fields |= {
            "Answer/DispositionCode": "R",
            "Answer/DispositionReasonCode": "N",
            "Answer/TerminationDate": chance.day().isoformat(),
            **_address("Answer/LastAddress", chance.address()),
        }
    return Content(INCOME_WITHHOLDING, fields)


def result(chance: Chance, number: int) -> Content:
    """What the portal says of the order of that number: it names a field at fault, as it calls it, or nothing."""
    fields = {
        "DocumentTypeCode": "S",
        "Result/AgencyLocatorID": _OHIO,
        "Result/DocumentActionCode": "ORG",
        "Result/DocumentDateText": f"{chance.day():%Y%m%d}",
        "Result/IssuingStateName": "OHIO",
        "Result/CaseID": _case(number),
        "Result/EmployerFEINText": _EMPLOYER,
        "Result/DocumentTrackingID": _tracking(number),
        "Result/OrderID": f"SYN-{number:06d}",
    }
    if number % 2:
        fields |= {"Result/FirstErrorFieldName": "SYNTHETIC FIELD NAME", "Result/MultipleErrorIndicator": "N"}
    return Content(INCOME_WITHHOLDING, fields)


def _case(number: int) -> str:
    return f"SYN{number:09d}"


def _tracking(number: int) -> str:
    return f"20{number:028d}"


def _person(under: str, person: Person) -> dict[str, str]:
    name = f"{under}/PersonName"
    return {f"{name}/PersonGivenName": person.given, f"{name}/PersonSurName": person.family}


def _address(under: str, address: Address) -> dict[str, str]:
    return {
        f"{under}/AddressLine1Text": address.line,
        f"{under}/AddressCityName": address.city,
        f"{under}/AddressStateCode": address.state,
        f"{under}/AddressPostalCode": address.postal_code,
    }


def _amounts(current: Decimal, past_due: Decimal) -> dict[str, str]:
    total = current + past_due
    fields = {f"Order/{part}/ObligationAmount": "0.00" for part in (*_OTHER, "OtherObligation")}
    for part, amount in (
        ("CurrentChildSupport", current),
        ("PastDueChildSupport", past_due),
        ("TotalObligation", total),
    ):
        fields[f"Order/{part}/ObligationAmount"] = f"{amount:.2f}"
        fields[f"Order/{part}/ObligationFrequencyCode"] = "M"
    return fields | {f"Order/WithholdingAmount/{period}Amount": f"{total * share:.2f}" for period, share in _OF.items()}


def _child(number: int, child: Person) -> dict[str, str]:
    under = f"Order/Child[{number}]"
    return {**_person(under, child), f"{under}/PersonBirthDate": child.born.isoformat()}
