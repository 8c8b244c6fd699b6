"""Synthetic records of health coverage, one maker for each X12 set: what one set asks for, another cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.core.model import Content, FormatName, Kind
from gateway.sample.people import COMPANIES, Address, Chance, Person

MEDICAL_SUPPORT = Kind("medical-support")
_OHIO, _MEDICAID = "39", "MEDICAID-39"
_EVERY_OTHER = 2


def enrollment(chance: Chance, number: int) -> Content:
    """A member of an enrollment: a child that an order puts on the policy of its parent."""
    child, parent, home, office = chance.child(), chance.adult(), chance.address(), chance.address()
    begins = chance.day().isoformat()
    fields = {
        **_around("834"),
        "TransactionPurposeCode": "00",
        "ActionCode": "2",
        "CaseID": f"SYN{number:09d}",
        "Sponsor/OrganizationName": "SAMPLE CHILD SUPPORT AGENCY",
        "Sponsor/OrganizationIDQualifierCode": "FI",
        "Sponsor/OrganizationID": "990000039",
        "Payer/OrganizationName": "SAMPLE HEALTH PLAN",
        "Payer/OrganizationIDQualifierCode": "FI",
        "Payer/OrganizationID": "990000777",
        "MaintenanceTypeCode": "021",
        "BenefitStatusCode": "A",
        "EligibilityBeginDate": begins,
        "PolicyHolder/MemberID": f"SUB{number:07d}",
        **_person("CustodialParty", parent),
        **_person("CoveredPerson[1]", child),
        **_birth("CoveredPerson[1]", chance, child),
        **_address("CoveredPerson[1]/ResidentialAddress", home),
        "CoveredPerson[1]/SubscriberIndicator": "N",
        "CoveredPerson[1]/RelationshipCode": "19",
        "Employer[1]/EmployerFEINID": chance.fein(),
        "Employer[1]/EmployerName": chance.dice.choice(COMPANIES),
        **_address("Employer[1]/EmployerAddress", office),
        "HealthInsurance[1]/MaintenanceTypeCode": "021",
        "HealthInsurance[1]/InsuranceLineCode": chance.dice.choice(("HLT", "DEN", "VIS")),
        "HealthInsurance[1]/InsurancePolicyIdentification": f"POL-{chance.dice.randrange(10**6):06d}",
        "HealthInsurance[1]/InsuranceEffectiveDate": begins,
    }
    return Content(MEDICAL_SUPPORT, fields)


def inquiry(chance: Chance, number: int) -> Content:
    """A question about a subscriber, or about a dependent."""
    fields = _asked("270", "13", chance, number)
    fields |= {"HealthInsurance[1]/ServiceTypeCode": "30"}
    return Content(MEDICAL_SUPPORT, fields)


def answer(chance: Chance, number: int) -> Content:
    """The answer that coverage is active, with the policy."""
    fields = _asked("271", "11", chance, number)
    fields |= {
        "HealthInsurance[1]/EligibilityCode": "1",
        "HealthInsurance[1]/ServiceTypeCode": "30",
        "HealthInsurance[1]/InsurancePolicyIdentification": f"POL-{chance.dice.randrange(10**6):06d}",
        "HealthInsurance[1]/InsuranceEffectiveDate": chance.day().isoformat(),
    }
    return Content(MEDICAL_SUPPORT, fields)


def policy(chance: Chance, number: int) -> Content:
    """A policy as one state tells its Medicaid agency."""
    parent, office, begins = chance.adult(), chance.address(), chance.day().isoformat()
    name = "PolicyHolder/PersonName"
    fields = {
        "TransactionTypeCode": "PO",
        f"{name}/PersonGivenName": parent.given,
        f"{name}/PersonSurName": parent.family,
        "PolicyHolder/PersonSSNIdentification": parent.ssn,
        "PolicyHolder/MemberID": f"H{number:09d}",
        "CoveredPerson[1]/ClientID": f"{number:010d}",
        "CoveredPerson[1]/RelationshipCode": "C",
        "Employer[1]/EmployerFEINID": chance.fein(),
        "Employer[1]/EmployerName": chance.dice.choice(COMPANIES),
        **_address("Employer[1]/EmployerAddress", office),
        "ChildSupportInsuranceCoverageOrder/MedicalOrderedIndicator": "Y",
        "HealthInsurance[1]/StateCoverage/Coverage1Code": "A",
        "HealthInsurance[1]/InsurancePolicyIdentification": f"POL-{chance.dice.randrange(10**6):06d}",
        "HealthInsurance[1]/InsuranceCarrierIdentification": "CARR001",
        "HealthInsurance[1]/InsuranceEffectiveDate": begins,
    }
    return Content(MEDICAL_SUPPORT, fields)


FORM_MAKERS: Mapping[FormatName, Callable[[Chance, int], Content]] = MappingProxyType(
    {
        FormatName("x12-834"): enrollment,
        FormatName("x12-270"): inquiry,
        FormatName("x12-271"): answer,
        FormatName("mmis-ks-coverage"): policy,
    }
)
"""Format -> how to make a record of it."""


def _asked(code: str, purpose: str, chance: Chance, number: int) -> dict[str, str]:
    """What an inquiry and its answer share. Every other one is about a dependent."""
    person, child = chance.adult(), chance.child()
    fields = {
        **_around(code),
        "TransactionPurposeCode": purpose,
        "Payer/EntityCode": "PR",
        "Payer/EntityTypeCode": "2",
        "Payer/OrganizationName": "SAMPLE MEDICAID AGENCY",
        "Payer/OrganizationIDQualifierCode": "PI",
        "Payer/OrganizationID": _MEDICAID,
        "Requester/EntityCode": "2B",
        "Requester/EntityTypeCode": "2",
        "Requester/OrganizationName": "SAMPLE CHILD SUPPORT AGENCY",
        "Requester/OrganizationIDQualifierCode": "FI",
        "Requester/OrganizationID": "990000039",
        **_person("PolicyHolder", person),
        **_birth("PolicyHolder", chance, person),
        "PolicyHolder/MemberID": f"MEM{number:07d}",
    }
    if number % _EVERY_OTHER == 0:
        fields |= _person("CoveredPerson[1]", child) | _birth("CoveredPerson[1]", chance, child)
    return fields


def _around(code: str) -> dict[str, str]:
    return {
        "SenderID": _OHIO,
        "RecipientID": _MEDICAID,
        "UsageCode": "P",
        "TransactionTypeCode": code,
        "TransactionReferenceID": "SAMPLE",
        "TransactionDate": "2025-04-01",
        "TransactionTime": "12:00:00",
    }


def _person(under: str, person: Person) -> dict[str, str]:
    return {
        f"{under}/PersonName/PersonGivenName": person.given,
        f"{under}/PersonName/PersonMiddleName": person.middle,
        f"{under}/PersonName/PersonSurName": person.family,
        f"{under}/PersonSSNIdentification": person.ssn,
    }


def _birth(under: str, chance: Chance, person: Person) -> dict[str, str]:
    return {f"{under}/PersonBirthDate": person.born.isoformat(), f"{under}/PersonSexCode": chance.dice.choice("FM")}


def _address(under: str, address: Address) -> dict[str, str]:
    return {
        f"{under}/AddressLine1Text": address.line,
        f"{under}/AddressCityName": address.city,
        f"{under}/AddressStateCode": address.state,
        f"{under}/AddressPostalCode": address.postal_code,
    }
