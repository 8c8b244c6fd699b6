"""For each rule about locate requests: a valid record and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Content
from tests.unit.agency_rules import records
from tests.unit.assistance_rules import Broken

_ENTRIES = records("fcr-input")

BASES: Mapping[str, Content] = {
    "federal locate": next(one for one in _ENTRIES if "LocateRequestTypeCode" in one.fields),
    "federal person": next(one for one in _ENTRIES if one.fields["RecordTypeCode"] == "FP"),
}
"""Valid records by what the rows below call them."""

BROKEN: tuple[Broken, ...] = (
    ("FPLS-NAME", "federal locate", {"PersonName/PersonGivenName": None}),
    ("FPLS-NAME", "federal person", {"LocateRequestTypeCode": "CS", "PersonName": None}),
    ("FPLS-SSN", "federal locate", {"PersonSSNIdentification": None}),
    ("FPLS-SSN", "federal person", {"LocateRequestTypeCode": "CV", "PersonSSNIdentification": None}),
    ("CSE-LOCATE-SSN", "LO1 R", {"NoncustodialParent/PersonSSNIdentification": None}),
)
