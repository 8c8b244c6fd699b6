"""Synthetic records of the other agencies of a state."""

from __future__ import annotations

from gateway.core.model import Content, FormatName, Kind
from gateway.sample.people import COMPANIES, Address, Chance

AGENCY_ANSWER = Kind("agency-answer")
INJURY_CLAIMS = FormatName("ks-injury-claims")
_HURT = ("LEFT ARM", "RIGHT KNEE", "BACK", "HAND")


def injury_claim(chance: Chance, number: int) -> Content:
    """A claim to workers' compensation, with days and amounts as texts."""
    person, home, work = chance.adult(), chance.address(), chance.address()
    day = chance.day().strftime("%m/%d/%Y")
    claim = "InjuryClaim"
    fields = {
        "AnswerType": "InjuryClaim",
        "SenderLocatorID": "KS-COMPENSATION",
        "RecipientLocatorID": "20",
        "PersonID": f"{number:010d}",
        "PersonName/PersonGivenName": person.given,
        "PersonName/PersonMiddleName": person.middle,
        "PersonName/PersonSurName": person.family,
        **_address("Address", home),
        "PostalCodeText": home.postal_code,
        f"{claim}/DocketID": f"{number:07d}",
        f"{claim}/AgencyClaimID": f"SYN{number:09d}",
        f"{claim}/ClaimEmployer/EmployerName": chance.dice.choice(COMPANIES),
        f"{claim}/ClaimEmployer/EmployerFEINText": chance.fein(),
        **_address(f"{claim}/ClaimEmployer/Address", work),
        f"{claim}/LossDateText": day,
        f"{claim}/AccidentDateText": day,
        f"{claim}/AccidentCityName": work.city,
        f"{claim}/AccidentStateCode": work.state,
        f"{claim}/AccidentDescriptionText": f"INVENTED FALL; {chance.dice.choice(_HURT)}",
        f"{claim}/WeeklyRateText": chance.amount(100, 900),
    }
    return Content(AGENCY_ANSWER, fields)


def _address(under: str, address: Address) -> dict[str, str]:
    return {
        f"{under}/AddressLine1Text": address.line,
        f"{under}/AddressCityName": address.city,
        f"{under}/AddressStateCode": address.state,
    }
