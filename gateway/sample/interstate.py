"""Synthetic records about interstate cases: status queries with their answers, and persons for reconciliation."""

from __future__ import annotations

from gateway.core.model import Content, Kind
from gateway.sample.people import Chance, Person

CASE_STATUS, CASE_RECONCILIATION = Kind("case-status"), Kind("case-reconciliation")
_ASKING, _ANSWERING = "39", "26"
_PARTS = ("financial", "caseactivity", "caseparticipants", "contactinformation")
_ROLES = ("NP", "CP", "CH")


def case_status(chance: Chance, number: int) -> Content:
    """Queries and answers in turn; an answer stands after the query that it answers."""
    pair, asks = (number + 1) // 2, number % 2 == 1
    part = _PARTS[(pair - 1) % len(_PARTS)]
    asking, answering = (_ASKING, f"SYN{pair:09d}"), (_ANSWERING, f"SYN{pair + 500_000_000:09d}")
    sender, recipient = (asking, answering) if asks else (answering, asking)
    fields = {
        "QueryID": f"SYN-{pair:08d}",
        "ActionCode": "R" if asks else "P",
        "SenderLocatorID": sender[0],
        "RecipientLocatorID": recipient[0],
        "SenderCaseID": sender[1],
        "RecipientCaseID": recipient[1],
        "DataRequestCode": part,
        "RequestDateRange/StartDate": "2024-01-01",
        "RequestDateRange/EndDate": "2024-12-31",
    }
    if not asks:
        fields |= {"ResultCode": "found"} | _told(chance, part)
    return Content(CASE_STATUS, fields)


def case_reconciliation(chance: Chance, number: int) -> Content:
    """The three persons of a case in turn."""
    role, case = _ROLES[(number - 1) % len(_ROLES)], (number - 1) // len(_ROLES) + 1
    person = chance.child() if role == "CH" else chance.adult()
    fields = {
        "CaseID": f"SYN{case:09d}",
        "InitiatingRespondingCode": "I",
        "LocatorID": f"{_ASKING}049",
        "LocatorOfficeCode": "00",
        "PersonSSNIdentification": person.ssn,
        "MemberID": f"M{number:09d}",
        "ParticipantTypeCode": role,
        "CaseStatusCode": "O",
        **_name("PersonName", person),
        "PersonBirthDate": person.born.isoformat(),
        "PersonSexCode": "O",
        "OtherCaseID": f"SYN{case + 500_000_000:09d}",
        "OtherLocatorID": f"{_ANSWERING}16300",
        "ContactName": "SAMPLE WORKER",
        "ContactTelephoneNumber": chance.telephone(),
    }
    return Content(CASE_RECONCILIATION, fields)


def _told(chance: Chance, part: str) -> dict[str, str]:
    """What an answer tells of the part that was asked for."""
    parent = chance.adult()
    told = {
        **_name("NoncustodialParentName", parent),
        "CustodialParty/PartyCategoryCode": "C",
        **_name("CustodialParty/PersonName", chance.adult()),
    }
    parts = {
        "financial": {
            "Financial/MonthlySupportAmount": chance.amount(100, 900),
            "Financial/TotalOwedAmount": chance.amount(1_000, 9_000),
            "Payment[1]/PaymentDate": "2024-11-15",
            "Payment[1]/PaymentAmount": chance.amount(100, 900),
            "Disbursement[1]/DisbursementDate": "2024-11-17",
            "Disbursement[1]/DisbursementAmount": chance.amount(100, 900),
        },
        "caseactivity": {
            "CaseActivity/CaseOpenDate": "2021-02-01",
            "CaseActivity/IncomeWithholdingDate": "2021-06-01",
            "ChildActivity[1]/PaternityIndicator": "Y",
            "ChildActivity[1]/OrderEstablishedCode": "C",
        },
        "caseparticipants": {
            "Participant[1]/ParticipantRoleCode": "NCP",
            "Participant[1]/CaseStatusCode": "O",
            **_name("Participant[1]/PersonName", parent),
            "Participant[1]/PersonBirthDate": parent.born.isoformat(),
            "Participant[1]/PersonSSNIdentification": parent.ssn,
        },
        "contactinformation": {
            "Contact[1]/OfficeName": "SAMPLE COUNTY OFFICE",
            "Contact[1]/ContactTelephoneNumber": chance.telephone(),
        },
    }
    return told | parts[part]


def _name(under: str, person: Person) -> dict[str, str]:
    return {f"{under}/PersonGivenName": person.given, f"{under}/PersonSurName": person.family}
