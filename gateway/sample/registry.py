"""Synthetic records for the federal case registry: in turn a case, its persons, a locate request and a query."""

from __future__ import annotations

from gateway.core.model import Content, Kind
from gateway.sample.people import Chance, Person

REGISTRY_ENTRY = Kind("registry-entry")
OHIO = "39"
_TURNS = 6
"""Records of one case: the case, a child, both parents, a locate request, a query."""
_PROTECTED = 5
"""One case of so many has a custodial parent whose whereabouts are not to be told."""


def registry_entry(chance: Chance, number: int) -> Content:
    case, turn = divmod(number - 1, _TURNS)
    base = {"Transmission/TransmitterStateCode": OHIO, "CaseID": f"SYN{case + 1:09d}"}
    made = (_case, _child, _custodial, _noncustodial, _locate, _query)[turn](chance, case)
    order = {path: place for place, path in enumerate(_ORDER)}
    fields = base | made
    return Content(REGISTRY_ENTRY, {path: fields[path] for path in sorted(fields, key=order.__getitem__)})


_ORDER = (
    "Transmission/TransmitterStateCode",
    "RecordTypeCode",
    "ActionTypeCode",
    "CaseID",
    "CaseType",
    "OrderIndicator",
    "CountyCode",
    "LocateRequestTypeCode",
    "ParticipantTypeCode",
    "FamilyViolenceIndicator",
    "MemberID",
    "PersonSexCode",
    "PersonBirthDate",
    "PersonSSNIdentification",
    "PersonName/PersonGivenName",
    "PersonName/PersonMiddleName",
    "PersonName/PersonSurName",
    "LocateSource[1]/LocateSourceCode",
)
"""The paths in the order of the schema."""


def _case(chance: Chance, _case: int) -> dict[str, str]:
    return {
        "RecordTypeCode": "FC",
        "ActionTypeCode": "A",
        "CaseType": "F",
        "OrderIndicator": chance.dice.choice("YN"),
        "CountyCode": "049",
    }


def _child(chance: Chance, case: int) -> dict[str, str]:
    return _added("CH", chance, case, chance.child())


def _custodial(chance: Chance, case: int) -> dict[str, str]:
    protected = {"FamilyViolenceIndicator": "Y"} if case % _PROTECTED == _PROTECTED - 1 else {}
    return _added("CP", chance, case, chance.adult()) | protected


def _noncustodial(chance: Chance, case: int) -> dict[str, str]:
    return _added("NP", chance, case, chance.adult())


def _locate(chance: Chance, case: int) -> dict[str, str]:
    person = chance.adult()
    return {
        "RecordTypeCode": "FP",
        "ActionTypeCode": "L",
        "LocateRequestTypeCode": "CS",
        "ParticipantTypeCode": "NP",
        "MemberID": _member(case, "NP"),
        **_named(person),
        "LocateSource[1]/LocateSourceCode": "ALL",
    }


def _query(chance: Chance, case: int) -> dict[str, str]:
    return {
        "RecordTypeCode": "FR",
        "ActionTypeCode": "F",
        "MemberID": _member(case, "NP"),
        "PersonSSNIdentification": chance.ssn(),
    }


def _added(role: str, chance: Chance, case: int, person: Person) -> dict[str, str]:
    return {
        "RecordTypeCode": "FP",
        "ActionTypeCode": "A",
        "ParticipantTypeCode": role,
        "MemberID": _member(case, role),
        "PersonSexCode": chance.dice.choice("FM"),
        "PersonBirthDate": person.born.isoformat(),
        **_named(person),
    }


def _named(person: Person) -> dict[str, str]:
    return {
        "PersonSSNIdentification": person.ssn,
        "PersonName/PersonGivenName": person.given,
        "PersonName/PersonMiddleName": person.middle,
        "PersonName/PersonSurName": person.family,
    }


def _member(case: int, role: str) -> str:
    return f"SYN{case + 1:07d}{role}"
