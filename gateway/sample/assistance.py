"""Synthetic records of cash assistance: families, adults and children of the report, and referrals."""

from __future__ import annotations

from datetime import date

from gateway.core.model import Content, FormatName, Kind
from gateway.sample.people import Address, Chance, Person

ASSISTANCE_REPORT, ASSISTANCE_REFERRAL = Kind("assistance-report"), Kind("assistance-referral")
_TRANSMISSION = {
    "Transmission/ReportYear": "2025",
    "Transmission/ReportQuarter": "1",
    "Transmission/SectionCode": "A",
    "Transmission/StateCode": "39",
    "Transmission/TribeCode": "000",
    "Transmission/ProgramTypeCode": "TAN",
    "Transmission/EditCode": "1",
    "Transmission/UpdateCode": "D",
}
KANSAS_BENEFITS = FormatName("ks-tanf-benefits")
_MONTH = "2025-03"
_NO, _YES = "2", "1"


def report(chance: Chance, number: int) -> Content:
    """A family, its adult and its children, in turn: the records of one case follow each other."""
    case = {"ReportMonth": _MONTH, "CaseID": f"SYN{(number + 2) // 3:08d}"}
    letter, made = (("T3", _children), ("T1", _family), ("T2", _adult))[number % 3]
    return Content(ASSISTANCE_REPORT, {**_TRANSMISSION, "RecordTypeCode": letter, **case, **made(chance)})


def _family(chance: Chance) -> dict[str, str]:
    codes = (
        "FundingStream", "Disposition", "FamilyType", "SubsidizedHousing", "MedicalAssistance", "TeenParentSanction",
    )  # fmt: skip
    quiet = (
        "NewApplicant", "WorkRequirementSanction", "ChildSupportNonCooperationSanction", "ResponsibilityPlanSanction",
        "OtherSanction", "FamilyCapReduction", "TimeLimitReduction", "OtherNonSanctionReduction",
    )  # fmt: skip
    amounts = (
        "SNAPAmount", "SubsidizedChildCareAmount", "CashResourcesAmount", "ChildCareAmount", "ChildCareChildQuantity",
        "ChildCareMonthQuantity", "TransportationAmount", "TransportationMonthQuantity", "SanctionReductionAmount",
        "OverpaymentRecoupmentAmount", "OtherReductionAmount",
    )  # fmt: skip
    fields = {
        "CountyCode": "049",
        "AddressPostalCode": chance.address().postal_code,
        "FamilyMemberQuantity": "3",
        "ChildSupportAmount": str(chance.dice.randrange(400)),
        "CashAmount": str(chance.dice.randint(200, 900)),
        "CashMonthQuantity": str(chance.dice.randint(1, 48)),
        "TimeLimitExemptionCode": "01",
        **{f"{name}Code": _YES for name in codes},
        **{f"{name}Code": _NO for name in quiet},
        **dict.fromkeys(amounts, "0"),
    }
    return {f"Family/{name}": value for name, value in fields.items()}


def _adult(chance: Chance) -> dict[str, str]:
    amounts = ("SocialSecurity", "SSI", "WorkersCompensation", "OtherUnearnedIncome")
    fields = {
        **_person(chance.adult()),
        "NoncustodialParentCode": _NO,
        "OASDIDisabilityCode": _NO,
        "FederalDisabilityCode": _NO,
        "TotallyDisabledAidCode": _NO,
        "SSICode": _NO,
        "HeadOfHouseholdRelationshipCode": "01",
        "ChildSupportCooperationCode": "1",
        "WorkEligibleCode": "01",
        "WorkParticipationStatusCode": "18",
        "EarnedIncomeAmount": str(chance.dice.randrange(900)),
        **{f"{name}Amount": "0" for name in amounts},
    }
    return {f"Adult/{name}": value for name, value in fields.items()}


def _children(chance: Chance) -> dict[str, str]:
    return {
        f"Child[{place}]/{name}": value
        for place in range(1, chance.dice.randint(1, 2) + 1)
        for name, value in {
            **_person(chance.child()),
            "OtherFederalDisabilityCode": _NO,
            "SSICode": _NO,
            "EducationLevelCode": "03",
        }.items()
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "FamilyAffiliationCode": "1",
        "PersonBirthDate": person.born.isoformat(),
        "PersonSSNIdentification": person.ssn,
        "PersonSexCode": "2",
    }


def referral(chance: Chance, number: int) -> Content:
    """A referral of an applicant with one child; the other parent is known by name."""
    applicant, child, absent = chance.adult(), chance.child(), chance.adult()
    fields = {
        "MessageType": "REFERRAL",
        "SenderLocatorID": "TANF-OH",
        "RecipientLocatorID": "39",
        "MessageDate": chance.day(date(2025, 1, 1)).isoformat(),
        "IVACaseID": f"SYN{number:08d}",
        "ReferralAction": "New",
        "ChildSupportAssistanceStatusIndicatorCode": "Current",
        "AssignmentOfRightsDate": "2024-12-01",
        **_named("Applicant", applicant),
        "Applicant/PersonBirthDate": applicant.born.isoformat(),
        "Applicant/PersonSSNIdentification": applicant.ssn,
        **_address(chance.address()),
        **_named("Child[1]", child),
        "Child[1]/PersonBirthDate": child.born.isoformat(),
        "Child[1]/PersonSSNIdentification": child.ssn,
        **_named("AbsentParent", absent),
        "Assistance/GrantAmount": chance.amount(200, 900),
    }
    return Content(ASSISTANCE_REFERRAL, fields)


def _named(who: str, person: Person) -> dict[str, str]:
    return {f"{who}/PersonName/PersonGivenName": person.given, f"{who}/PersonName/PersonSurName": person.family}


def _address(address: Address) -> dict[str, str]:
    return {
        "Applicant/Address/AddressLine1Text": address.line,
        "Applicant/Address/AddressCityName": address.city,
        "Applicant/Address/AddressStateCode": address.state,
        "Applicant/Address/AddressPostalCode": address.postal_code,
    }


def benefit(chance: Chance, number: int) -> Content:
    """What a state paid one person of a case in a month."""
    fields = {
        "MessageType": "STATUS",
        "SenderLocatorID": "KS-TANF",
        "RecipientLocatorID": "20",
        "SourceRecordTypeCode": "B",
        "IVACaseID": f"SYN{(number + 1) // 2:05d}",
        "Assistance/ProgramCode": "AF",
        "Assistance/IssueTypeCode": "RG",
        "Assistance/BenefitMonth": _MONTH,
        "Assistance/GrantAmount": chance.amount(50, 600),
        "Assistance/RecipientPersonID": f"{number:010d}",
        "Assistance/RecipientRelationshipCode": "PI" if number % 2 else "CH",
    }
    return Content(ASSISTANCE_REFERRAL, fields)
