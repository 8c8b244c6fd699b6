"""Synthetic records of registrars: births with each answer about the acknowledgement of paternity, and deaths."""

from __future__ import annotations

from datetime import date

from gateway.core.model import Content, Kind
from gateway.sample.people import LAST_DAY, Address, Chance, Person

PARENTAGE, DEATH_NOTICE = Kind("parentage"), Kind("death-notice")
_ANSWERS = (("N", "Y"), ("Y", "X"), ("N", "N"), ("U", "U"))
"""Whether the mother was married, and what the record says of the acknowledgement."""
_WITHOUT_FATHER = "N"
_PARENTS_BORN = date(1980, 1, 1), date(2004, 12, 31)


def parentage(chance: Chance, number: int) -> Content:
    """A birth; of four in turn one was acknowledged, one needs no acknowledgement, one has no father on record."""
    married, signed = _ANSWERS[(number - 1) % len(_ANSWERS)]
    born, registered = chance.day(last=date(2025, 2, 28)), LAST_DAY
    child, mother, father = chance.child(), chance.adult(), chance.adult()
    home = chance.address()
    fields = {
        "JurisdictionCode": home.state,
        "Certificate/CertificateNumber": f"{number % 1_000_000:06d}",
        "Certificate/VoidCode": "0",
        "Certificate/ReplacementCode": "0",
        "Certificate/RegistrationDate": registered.isoformat(),
        **_name("Child", child),
        "Child/PersonBirthDate": born.isoformat(),
        "Child/PersonSexCode": chance.dice.choice("FM"),
        "Child/PluralityQuantity": "01",
        "Child/BirthOrderQuantity": "01",
        "Child/BirthPlace/LocationCityName": home.city,
        "Child/SSNRequestedIndicator": chance.dice.choice("YN"),
        **_parent("Mother", mother, chance),
        **_address("Mother/ResidenceAddress", home),
    }
    if signed != _WITHOUT_FATHER:
        fields |= _parent("Father", father, chance)
    fields |= {"Paternity/MotherMarriedCode": married, "Paternity/AcknowledgementCode": signed}
    return Content(PARENTAGE, fields)


def death_notice(chance: Chance, number: int) -> Content:
    """A death."""
    person, home = chance.adult(), chance.address()
    fields = {
        "JurisdictionCode": home.state,
        "Certificate/CertificateNumber": f"{number % 1_000_000:06d}",
        "Certificate/VoidCode": "0",
        "Certificate/ReplacementCode": "0",
        "Certificate/AliasCode": "0",
        **_name("Decedent", person),
        "Decedent/PersonBirthDate": person.born.isoformat(),
        "Decedent/PersonSexCode": chance.dice.choice("FM"),
        "Decedent/PersonSSNIdentification": person.ssn,
        **_address("Decedent/ResidenceAddress", home),
        "DeathDate": chance.day().isoformat(),
        "DeathPlace/LocationCityName": home.city,
    }
    return Content(DEATH_NOTICE, fields)


def _name(under: str, person: Person) -> dict[str, str]:
    return {
        f"{under}/PersonName/PersonGivenName": person.given,
        f"{under}/PersonName/PersonMiddleName": person.middle,
        f"{under}/PersonName/PersonSurName": person.family,
    }


def _parent(under: str, person: Person, chance: Chance) -> dict[str, str]:
    return {
        **_name(under, person),
        f"{under}/PersonBirthDate": chance.day(*_PARENTS_BORN).isoformat(),
        f"{under}/PersonSSNIdentification": person.ssn,
    }


def _address(under: str, address: Address) -> dict[str, str]:
    return {
        f"{under}/AddressFullText": address.line,
        f"{under}/AddressCityName": address.city,
        f"{under}/AddressStateCode": address.state,
        f"{under}/AddressPostalCode": address.postal_code,
    }
