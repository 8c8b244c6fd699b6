"""For each rule about the agencies of a state: a valid record and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Content
from tests.unit.assistance_rules import Broken
from tests.unit.assistance_rules import records as of_file
from tests.unit.fixed_width_samples import EXAMPLES


def records(name: str) -> list[Content]:
    """The records of the example of a format."""
    return of_file(EXAMPLES / "fixed" / f"{name}.txt", name)


BASES: Mapping[str, Content] = {
    "intercept": records("ks-ui-intercept")[0],
    "debt": records("ks-offset-cases")[0],
    "taken": records("ks-ui-withholding")[0],
    "driver": records("ks-licence-query")[0],
    "not found": records("ks-licence-nonmatch")[0],
    "collection": records("ks-court-payments")[0],
    "payer": records("ks-court-payments")[1],
    "adjustment": records("ks-court-payments")[2],
}
"""Valid records by what the rows below call them."""

BROKEN: tuple[Broken, ...] = (
    ("SA-PERSON", "driver", {"PersonSSNIdentification": None, "PersonID": None}),
    ("SA-SENDER", "driver", {"SenderLocatorID": None}),
    ("SA-RECIPIENT", "not found", {"RecipientLocatorID": None}),
    ("SA-INTERCEPT", "intercept", {"Intercept/InterceptAmount": None}),
    ("SA-OFFSET", "debt", {"Offset/DebtAmount": None}),
    ("SA-COLLECTED", "taken", {"Collection/CollectionAmount": None}),
    ("SA-PERCENT", "intercept", {"Intercept/MaximumPercent": "101"}),
    ("SA-BIRTH", "not found", {"PersonBirthDate": "2025-04-02"}),
    ("SA-ANSWER", "not found", {"StatusCode": None, "ProblemText": None}),
    ("CP-NUMBER", "collection", {"CourtSystemID": None}),
    ("CP-COLLECTION-DAY", "collection", {"Collection/CollectionDate": None}),
    ("CP-PAYER", "payer", {"Obligor/PersonSSNIdentification": None, "Obligor/PersonName": None}),
    ("CP-ADJUSTED", "adjustment", {"Adjustment/OriginalCourtSystemID": None}),
    ("CP-FUTURE", "collection", {"Collection/CollectionDate": "2025-04-02"}),
)
