"""For each rule about cash assistance: a valid record and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.core.model import Content, FormatName, Kind
from tests.unit.fixed_width_samples import CATALOG, EXAMPLES
from transforms import formats

Broken = tuple[str, str, Mapping[str, str | None]]

FORMATS = formats(CATALOG)
REPORT, REFERRAL = Kind("assistance-report"), Kind("assistance-referral")


def records(path: Path, name: str) -> list[Content]:
    """The records of an example file."""
    format_ = FORMATS[FormatName(name)]
    reader = format_.reader()
    frames = [*reader.feed(path.read_bytes()), *reader.finish()]
    found = [format_.decode(frame, reader.heading).content for frame in frames]
    return [content for content in found if content is not None]


FAMILY, ADULT, CHILDREN, *_ = records(EXAMPLES / "fixed" / "tanf-report.txt", "tanf-report")
(ASKED,) = records(EXAMPLES / "ohio-tanf-referral.json", "json")

BASES: Mapping[str, Content] = {
    "T1": FAMILY,
    "T2": ADULT,
    "T3": CHILDREN,
    "T4": Content(REPORT, {"RecordTypeCode": "T4", "CaseID": "SYN1", "ClosedFamily/ClosureReasonCode": "19"}),
    "T5": Content(REPORT, {"RecordTypeCode": "T5", "CaseID": "SYN1", "ClosedPerson/FamilyAffiliationCode": "5"}),
    "referral": ASKED,
}
"""Valid records by what the rows below call them."""

DECIDED = {
    "Cooperation/CooperationDetermination": "Cooperating",
    "Cooperation/CooperationDeterminationDate": "2025-03-03",
}
COLLECTED = {"Collection/CollectionDate": "2025-03-03", "Collection/CollectionAmount": "10.00"}
CLAIMED = {
    "GoodCause/GoodCauseClaimedIndicator": "Y",
    "GoodCause/GoodCauseClaimDate": "2025-03-02",
    "GoodCause/GoodCauseStatus": "Claimed",
}

BROKEN: tuple[Broken, ...] = (
    ("TANF-1-2", "T1", {"Family/ChildSupportNonCooperationSanctionCode": "0"}),
    ("TANF-0-2", "T2", {"Adult/WhiteCode": "3"}),
    ("TANF-0-3", "T2", {"Adult/EmploymentStatusCode": "4"}),
    ("TANF-1-3", "T1", {"Family/FamilyTypeCode": "4"}),
    ("TANF-0-5", "T2", {"Adult/MaritalStatusCode": "6"}),
    ("TANF-1-5", "T5", {"ClosedPerson/FamilyAffiliationCode": "6"}),
    ("TANF-0-2-9", "T2", {"Adult/ChildSupportCooperationCode": "3"}),
    ("TANF-1-2-9", "T3", {"Child[1]/CitizenshipStatusCode": "3"}),
    ("TANF-0-2-3", "T3", {"Child[2]/MinorParentCode": "1"}),
    ("TANF-1-2-3-5", "T2", {"Adult/FamilyAffiliationCode": "4"}),
    ("TANF-1-2-4", "T3", {"Child[2]/FamilyAffiliationCode": "3"}),
    ("TANF-9", "T1", {"Family/WaiverEvaluationCode": "8"}),
    ("TANF-0-10", "T3", {"Child[1]/HeadOfHouseholdRelationshipCode": "11"}),
    ("TANF-1-10", "T2", {"Adult/HeadOfHouseholdRelationshipCode": "00"}),
    ("TANF-EDUCATION", "T2", {"Adult/EducationLevelCode": "17"}),
    ("TANF-CLOSURE", "T4", {"ClosedFamily/ClosureReasonCode": "20"}),
    ("TANF-WORK-ELIGIBLE", "T2", {"Adult/WorkEligibleCode": "10"}),
    ("TANF-WORK-STATUS", "T2", {"Adult/WorkParticipationStatusCode": "03"}),
    ("TANF-TIME-LIMIT", "T1", {"Family/TimeLimitExemptionCode": "05"}),
    ("TANF-STRATUM", "T1", {"Family/StratumCode": "X"}),
    ("TANF-RECORD", "T1", {"RecordTypeCode": "M1"}),
    ("TANF-SECTION-CODE", "T1", {"Transmission/SectionCode": "B"}),
    ("TANF-PROGRAM", "T1", {"Transmission/ProgramTypeCode": "XYZ"}),
    ("TANF-QUARTER", "T1", {"Transmission/ReportQuarter": "5"}),
    ("TANF-YEAR", "T1", {"Transmission/ReportYear": "1999"}),
    ("TANF-EDIT", "T1", {"Transmission/EditCode": "3"}),
    ("TANF-ENCRYPTION", "T1", {"Transmission/EncryptionCode": "Y"}),
    ("TANF-BIRTH", "T3", {"Child[2]/PersonBirthDate": "2025-04-02"}),
    ("TANF-CHILD", "T3", {"Child[2]/PersonSSNIdentification": None}),
    ("TANF-CASE", "T1", {"CaseID": None}),
    ("AR-SENDER", "referral", {"SenderLocatorID": None}),
    ("AR-CASE", "referral", {"IVACaseID": None}),
    ("AR-REFERRAL-APPLICANT", "referral", {"Applicant/PersonName/PersonSurName": None}),
    ("AR-REFERRAL-CHILD", "referral", {"Child[1]/PersonName": None}),
    ("AR-REFERRAL-ASSIGNMENT", "referral", {"AssignmentOfRightsDate": None}),
    ("AR-DECISION", "referral", {"MessageType": "COOPERATION"}),
    ("AR-DECISION-DAY", "referral", {**DECIDED, "Cooperation/CooperationDeterminationDate": None}),
    ("AR-NONCOOPERATION-DAY", "referral", {**DECIDED, "Cooperation/CooperationDetermination": "NotCooperating"}),
    ("AR-AMOUNT", "referral", {"MessageType": "COLLECTION"}),
    ("AR-AMOUNT-DAY", "referral", {**COLLECTED, "Collection/CollectionDate": None}),
    ("AR-GOOD-CAUSE-DAY", "referral", {**CLAIMED, "GoodCause/GoodCauseClaimDate": None}),
    ("AR-GOOD-CAUSE-STATUS", "referral", {**CLAIMED, "GoodCause/GoodCauseStatus": None}),
    ("AR-FUTURE", "referral", {"AssignmentOfRightsDate": "2025-04-02"}),
)
