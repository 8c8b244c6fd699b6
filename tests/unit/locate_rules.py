"""For each rule about locate requests: a valid record and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Content
from tests.unit.agency_rules import records
from tests.unit.assistance_rules import Broken

_ENTRIES = records("fcr-input")
_ANSWERS = records("fcr-output")
_LOCATED = records("fpls-answers")

BASES: Mapping[str, Content] = {
    "federal locate": next(one for one in _ENTRIES if "LocateRequestTypeCode" in one.fields),
    "federal person": next(one for one in _ENTRIES if one.fields["RecordTypeCode"] == "FP"),
    "federal case": next(one for one in _ENTRIES if one.fields["RecordTypeCode"] == "FC"),
    "federal query": next(one for one in _ENTRIES if one.fields["RecordTypeCode"] == "FR"),
    "federal acknowledgement": next(one for one in _ANSWERS if one.fields["RecordTypeCode"] == "FS"),
    "federal match": next(one for one in _ANSWERS if one.fields["RecordTypeCode"] == "FT"),
    "federal answer": _LOCATED[0],
    "federal benefit": next(one for one in _LOCATED if one.fields.get("RecordTypeCode") == "FK"),
}
"""Valid records by what the rows below call them."""

BROKEN: tuple[Broken, ...] = (
    ("FPLS-NAME", "federal locate", {"PersonName/PersonGivenName": None}),
    ("FPLS-NAME", "federal person", {"LocateRequestTypeCode": "CS", "PersonName": None}),
    ("FPLS-SSN", "federal locate", {"PersonSSNIdentification": None}),
    ("FPLS-SSN", "federal person", {"LocateRequestTypeCode": "CV", "PersonSSNIdentification": None}),
    ("FCR-RECORD", "federal case", {"RecordTypeCode": "fc"}),
    ("FCR-REQUIRED", "federal case", {"ActionTypeCode": None}),
    ("FCR-REQUIRED", "federal query", {"RecordTypeCode": None}),
    ("FCR-ACTION-CASE", "federal case", {"ActionTypeCode": "L"}),
    ("FCR-ACTION-PERSON", "federal person", {"ActionTypeCode": "F"}),
    ("FCR-ACTION-QUERY", "federal query", {"ActionTypeCode": "A", "ParticipantTypeCode": "NP"}),
    ("FCR-CASE-ID", "federal person", {"CaseID": None}),
    ("FCR-CASE-ID-FORM", "federal case", {"CaseID": " 12345"}),
    ("FCR-CASE-ID-FORM", "federal person", {"CaseID": "000000000000000"}),
    ("FCR-CASE-ID-FORM", "federal person", {"CaseID": "12*45"}),
    ("FCR-CASE-ID-FORM", "federal case", {"CaseID": "12345", "ActionTypeCode": "C", "PreviousCaseID": "12\\45"}),
    ("FCR-CASE-ADD", "federal case", {"CaseType": None}),
    ("FCR-CASE-ADD", "federal case", {"OrderIndicator": None}),
    ("FCR-PERSON-ADD", "federal person", {"ParticipantTypeCode": None}),
    ("FCR-PERSON-ELEMENTS", "federal person", {"PersonBirthDate": None}),
    ("FCR-PERSON-ELEMENTS", "federal person", {"PersonSSNIdentification": None}),
    ("FCR-RENAME", "federal case", {"PreviousCaseID": "000000000012344"}),
    ("FCR-CASE-TYPE", "federal case", {"CaseType": "f"}),
    ("FCR-ORDER", "federal case", {"OrderIndicator": "1"}),
    ("FCR-PARTICIPANT", "federal person", {"ParticipantTypeCode": "XX"}),
    ("FCR-SEX", "federal person", {"PersonSexCode": "U"}),
    ("FCR-LOCATE-TYPE", "federal locate", {"LocateRequestTypeCode": "cs"}),
    ("FCR-LOCATE-UNVERIFIED", "federal locate", {"LocateRequestTypeCode": "PK"}),
    ("FCR-LOCATE-SOURCE", "federal locate", {"LocateSource[1]/LocateSourceCode": "Z01"}),
    ("FCR-QUERY", "federal query", {"PersonSSNIdentification": None}),
    ("FCR-ANSWER-CODE", "federal acknowledgement", {"AcknowledgementCode": "AAAA"}),
    ("FCR-ANSWER-CODE", "federal acknowledgement", {"SSNValidityCode": "Q"}),
    ("FCR-ANSWER-CODE", "federal match", {"ResponseCode": "MX"}),
    ("FCR-MATCH-ACTION", "federal match", {"ActionTypeCode": "Z"}),
    ("SVES-OCCASION", "federal benefit", {"MatchTypeCode": "Z"}),
    ("SVES-NUMBER", "federal benefit", {"SSNMatchCode": "V"}),
    ("FPLS-ANSWER-CODE", "federal answer", {"ResponseCode": "99"}),
    ("CSE-LOCATE-SSN", "LO1 R", {"NoncustodialParent/PersonSSNIdentification": None}),
)
