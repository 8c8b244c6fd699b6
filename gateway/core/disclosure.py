"""The disclosure guard: what may leave, to whom. One pure function, deny by default.

Sources: 42 USC 653(b)(2) and 654(26) (family violence: nothing about whereabouts is disclosed), 45 CFR 303.21(d) and
307.13(a)(3) (which programs may receive case data on request), 42 USC 666(b)(6) and 45 CFR 303.100(e) (withholding
orders go to employers, and what employers answer to the agency), 42 USC 666(a)(4) (liens).

Money: 45 CFR 307.13(a)(4) (what financial institutions say stays in the IV-D program), 42 USC 666(a)(17) (inquiries to
financial institutions), 42 USC 652(m) (insurance match), 42 USC 664 and 45 CFR 303.72 (federal offset), 42 USC 654b
(payments go to the disbursement unit).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.core.model import Facts, Kind
from gateway.core.routing import Route


class Withheld(StrEnum):
    """Why a record may not leave to a partner."""

    PROGRAM = "disclosure-program"
    """The partner's program may not receive this kind."""
    FAMILY_VIOLENCE = "disclosure-family-violence"
    NONDISCLOSURE = "disclosure-nondisclosure-finding"


CASE_TRANSFER, LOCATE, NEW_HIRE = Kind("case-transfer"), Kind("locate"), Kind("new-hire")
INCOME_WITHHOLDING, EMPLOYER_DIRECTORY, LIEN = Kind("income-withholding"), Kind("employer-directory"), Kind("lien")
ASSET_INQUIRY, ASSET_MATCH, INSURANCE_MATCH = Kind("asset-inquiry"), Kind("asset-match"), Kind("insurance-match")
FEDERAL_OFFSET, WITHHOLDING_PAYMENT = Kind("federal-offset"), Kind("withholding-payment")

PROGRAMS: Mapping[Kind, frozenset[str]] = {
    CASE_TRANSFER: frozenset({"IV-D", "IV-A", "XIX", "vital-records"}),
    LOCATE: frozenset({"IV-D"}),
    NEW_HIRE: frozenset({"IV-D", "NDNH"}),
    INCOME_WITHHOLDING: frozenset({"IV-D", "employer", "e-IWO"}),
    EMPLOYER_DIRECTORY: frozenset({"IV-D"}),
    LIEN: frozenset({"lien-network"}),
    ASSET_INQUIRY: frozenset({"IV-D", "financial-institution"}),
    ASSET_MATCH: frozenset({"IV-D"}),
    INSURANCE_MATCH: frozenset({"IV-D"}),
    FEDERAL_OFFSET: frozenset({"IV-D", "federal-offset"}),
    WITHHOLDING_PAYMENT: frozenset({"IV-D"}),
}
"""Kind -> programs that may receive it at all; everything else is refused."""

IV_D = "IV-D"
WITHHOLDING_SIDES: Mapping[str, frozenset[str]] = {
    "I": frozenset({"employer", "e-IWO"}),
    "A": frozenset({IV_D, "e-IWO"}),
    "S": frozenset({IV_D}),
}
"""Document type of a withholding record (order, answer, result) -> who may receive it; e-IWO is the portal."""


def decide(facts: Facts, route: Route) -> Withheld | None:
    """None when the record may leave on this route, else why not.

    A protected person's record goes to IV-D agencies only, and a locate answer about one goes to nobody.
    """
    program = route.partner.program
    if program not in PROGRAMS.get(facts.kind, frozenset()):
        return Withheld.PROGRAM
    if facts.kind == INCOME_WITHHOLDING and program not in _withholding_side(facts):
        return Withheld.PROGRAM
    protected = facts.family_violence or facts.nondisclosure
    if not protected:
        return None
    answers_locate = facts.kind == LOCATE and (facts.transaction or "")[4:5] == "P"
    if program == IV_D and not answers_locate:
        return None
    return Withheld.FAMILY_VIOLENCE if facts.family_violence else Withheld.NONDISCLOSURE


def _withholding_side(facts: Facts) -> frozenset[str]:
    document_type = (facts.transaction or "").partition(" ")[0]
    return WITHHOLDING_SIDES.get(document_type, frozenset())
