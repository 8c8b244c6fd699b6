"""For each rule about confirmations by a second source: a valid record and the change that breaks the rule."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.model import Content, Kind
from tests.unit.assistance_rules import Broken

_BLOCK = "IndependentVerification"
CONFIRMED = Content(
    Kind("wage"),
    {
        "PersonSSNIdentification": "900010002",
        f"{_BLOCK}/SenderLocatorID": "39",
        f"{_BLOCK}/RecipientLocatorID": "XIX-OH",
        f"{_BLOCK}/SecondSourceCode": "EMPL",
        f"{_BLOCK}/VerifiedDate": "2025-03-05",
    },
)
BASES: Mapping[str, Content] = {"confirmed wage": CONFIRMED}
"""Valid records by what the rows below call them."""

BROKEN: tuple[Broken, ...] = (
    ("VER-SOURCE", "confirmed wage", {f"{_BLOCK}/SecondSourceCode": "NDNH"}),
    ("VER-FUTURE", "confirmed wage", {f"{_BLOCK}/VerifiedDate": "2025-04-02"}),
)
