"""The disclosure guard: what may leave, to whom. One pure function, deny by default.

Sources: 42 USC 653(b)(2) and 654(26) (family violence: nothing about whereabouts is disclosed; the requester is told
that there is such a notice), 45 CFR 303.21(d) and 307.13(a) (which programs may receive case data on request; what the
federal registries and the institutions tell stays with the IV-D program), 26 USC 6103(l)(6) and (8) (federal tax data),
42 USC 666(b)(6) and 45 CFR 303.100(e) (withholding orders go to employers, and what employers answer to the agency),
42 USC 666(a)(4) (liens).

Money: 45 CFR 307.13(a)(4) (what financial institutions say stays in the IV-D program), 42 USC 666(a)(17) (inquiries to
financial institutions), 42 USC 652(m) (insurance match), 42 USC 664 and 45 CFR 303.72 (federal offset), 42 USC 654b
(payments go to the disbursement unit).

Birth records and acknowledgements of paternity go to the IV-D program: 42 USC 666(a)(5)(C)(iv) and (M) (kept by the
birth registry, compared with the case registry), 652(a)(7) (the form's minimum data), 45 CFR 302.70(a)(5) and 303.5(g)
(establishing paternity by acknowledgement). Deaths go there because they close or change a case: 45 CFR 303.11(b).

Cash assistance: 42 USC 608(a)(2) and 654(29), 45 CFR 264.30 (referral and cooperation, between the two programs only),
42 USC 611(a) and 45 CFR 265.3 (the quarterly report, to the federal Office of Family Assistance).
Other agencies of a state: 42 USC 654(19), 666(a)(16) and 666(c)(1)(D), 45 CFR 302.65 and 303.3(b) (what a child support
agency asks labor, licences and funds; only it gets the answers). Courts: 42 USC 654b, 45 CFR 302.32 (collections).
Case status and reconciliation: 45 CFR 303.7(b)(4) (status inquiries between child support agencies), 42 USC 654a(f)
(comparison of cases between states and with the federal parent locator service).
Medical support: 42 USC 1396a(a)(25), 45 CFR 303.30 and 303.31 (for the Medicaid agency, which looks for liable third
parties).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.core.model import Facts, Kind
from gateway.core.routing import Route, of_federal_tax


class Withheld(StrEnum):
    """Why a record may not leave to a partner."""

    PROGRAM = "disclosure-program"
    """The partner's program may not receive this kind."""
    FEDERAL_TAX = "disclosure-federal-tax"
    """Federal tax data, and the agreement does not name them."""
    FAMILY_VIOLENCE = "disclosure-family-violence"
    NONDISCLOSURE = "disclosure-nondisclosure-finding"


CASE_TRANSFER, LOCATE, NEW_HIRE = Kind("case-transfer"), Kind("locate"), Kind("new-hire")
INCOME_WITHHOLDING, EMPLOYER_DIRECTORY, LIEN = Kind("income-withholding"), Kind("employer-directory"), Kind("lien")
ASSET_INQUIRY, INSURANCE_MATCH = Kind("asset-inquiry"), Kind("insurance-match")
FEDERAL_OFFSET, WITHHOLDING_PAYMENT = Kind("federal-offset"), Kind("withholding-payment")
PARENTAGE, DEATH_NOTICE = Kind("parentage"), Kind("death-notice")
REGISTRY_ENTRY, REGISTRY_ANSWER = Kind("registry-entry"), Kind("registry-answer")
LOCATE_ANSWER, MEDICAL_MATCH, ASSET_MATCH = Kind("locate-answer"), Kind("medical-match"), Kind("asset-match")
WAGE, DIRECTORY_CONTROL, TRANSACTION_ERROR = Kind("wage"), Kind("directory-control"), Kind("transaction-error")

IV_D, FPLS = "IV-D", "FPLS"

AGENCY_REQUEST, AGENCY_ANSWER = Kind("agency-request"), Kind("agency-answer")
COURT_PAYMENT = Kind("court-payment")
CASE_STATUS, CASE_RECONCILIATION = Kind("case-status"), Kind("case-reconciliation")
MEDICAL_SUPPORT, INTERCHANGE_ANSWER = Kind("medical-support"), Kind("interchange-answer")
ASSISTANCE_REFERRAL, ASSISTANCE_REPORT = Kind("assistance-referral"), Kind("assistance-report")

PROGRAMS: Mapping[Kind, frozenset[str]] = {
    # 45 CFR 303.7, 303.21(d)(1), 307.13(a)(3)
    CASE_TRANSFER: frozenset({IV_D, "IV-A", "XIX", "vital-records"}),
    # 45 CFR 302.35, 303.70
    LOCATE: frozenset({IV_D}),
    # 42 USC 653a(b), 653a(g)(2)
    NEW_HIRE: frozenset({IV_D, "NDNH"}),
    # 42 USC 653(h), 654a(e), 45 CFR 307.11(f)(1): a state tells the federal case registry
    REGISTRY_ENTRY: frozenset({FPLS}),
    # 42 USC 653(j)(2), 45 CFR 303.21(d)(3): what the registry tells stays in IV-D
    REGISTRY_ANSWER: frozenset({IV_D}),
    # 42 USC 653(a)(2), 653(c), 45 CFR 303.70, 307.13(a)(4)
    LOCATE_ANSWER: frozenset({IV_D}),
    # 42 USC 653(e)(2), 45 CFR 303.30 to 303.32
    MEDICAL_MATCH: frozenset({IV_D}),
    # 42 USC 652(l), 666(a)(17), 45 CFR 307.13(a)(4): account data never leave IV-D
    ASSET_MATCH: frozenset({IV_D}),
    # 42 USC 653(i), 653(j), 45 CFR 307.13(a)(4)
    WAGE: frozenset({IV_D}),
    # 42 USC 653a(g)(2): what became of a state's own file; nobody is named in it
    DIRECTORY_CONTROL: frozenset({IV_D}),
    # 45 CFR 303.7(a)(5): what is wrong with a state's own transaction
    TRANSACTION_ERROR: frozenset({IV_D}),
    # 42 USC 666(b)(6), 45 CFR 303.100(e): which side may have which document, see WITHHOLDING_SIDES
    INCOME_WITHHOLDING: frozenset({IV_D, "employer", "e-IWO"}),
    # 45 CFR 303.100(e): whom orders can be sent to; nobody is named in it
    EMPLOYER_DIRECTORY: frozenset({IV_D}),
    # 42 USC 666(a)(4)
    LIEN: frozenset({"lien-network"}),
    # 42 USC 666(a)(17): method two, the institution looks the person up
    ASSET_INQUIRY: frozenset({IV_D, "financial-institution"}),
    # 42 USC 652(m)
    INSURANCE_MATCH: frozenset({IV_D}),
    # 42 USC 664, 45 CFR 303.72
    FEDERAL_OFFSET: frozenset({IV_D, FPLS, "federal-offset"}),
    # 42 USC 654b: payments go to the disbursement unit
    WITHHOLDING_PAYMENT: frozenset({IV_D}),
    # 42 USC 666(a)(5), 652(a)(7), 45 CFR 302.70(a)(5), 303.5(g)
    PARENTAGE: frozenset({IV_D}),
    # 45 CFR 303.11(b)
    DEATH_NOTICE: frozenset({IV_D}),
    # 42 USC 608(a)(2), 654(29), 45 CFR 264.30
    ASSISTANCE_REFERRAL: frozenset({IV_D, "IV-A"}),
    # 42 USC 611(a), 45 CFR 265.3
    ASSISTANCE_REPORT: frozenset({"OFA"}),
    # 42 USC 654(19), 666(a)(16), 666(c)(1)(D), 45 CFR 302.65, 303.3(b)
    AGENCY_REQUEST: frozenset({"labor", "motor-vehicles", "wildlife", "dividend"}),
    AGENCY_ANSWER: frozenset({IV_D}),
    # 42 USC 654b, 45 CFR 302.32
    COURT_PAYMENT: frozenset({IV_D}),
    # 42 USC 1396a(a)(25), 45 CFR 303.30, 303.31
    MEDICAL_SUPPORT: frozenset({IV_D, "XIX"}),
    INTERCHANGE_ANSWER: frozenset({IV_D, "XIX"}),
    # 45 CFR 303.7(b)(4)
    CASE_STATUS: frozenset({IV_D}),
    # 42 USC 654a(f)
    CASE_RECONCILIATION: frozenset({IV_D, FPLS}),
}
"""Kind -> programs that may receive it at all; everything else is refused."""

WITHHOLDING_SIDES: Mapping[str, frozenset[str]] = {
    "I": frozenset({"employer", "e-IWO"}),
    "A": frozenset({IV_D, "e-IWO"}),
    "S": frozenset({IV_D}),
}
"""Document type of a withholding record (order, answer, result) -> who may receive it; e-IWO is the portal."""

ANSWERED = frozenset({LOCATE, CASE_STATUS})
"""Kinds whose answers (action P) tell where somebody is or what a case holds."""
MATCHES = frozenset({MEDICAL_MATCH, ASSET_MATCH, INSURANCE_MATCH, WAGE})
"""Kinds that say something new of a person in every record."""
FEDERAL_MATCH = "FT"
"""Record type of a query answer or proactive match; FD and FS give a state its own words back, some with a place."""


def decide(facts: Facts, route: Route) -> Withheld | None:
    """None when the record may leave on this route, else why not.

    A protected person's record goes to IV-D agencies only, or to the registry that the law tells of the danger. What
    was found about a protected person goes to nobody; that nothing may be told is told.
    """
    program = route.partner.program
    if program not in PROGRAMS.get(facts.kind, frozenset()):
        return Withheld.PROGRAM
    if facts.kind == INCOME_WITHHOLDING and program not in _withholding_side(facts):
        return Withheld.PROGRAM
    if not of_federal_tax(route.agreement, facts):
        return Withheld.FEDERAL_TAX
    protected = facts.family_violence or facts.nondisclosure
    if not protected:
        return None
    told_by_law = facts.kind == REGISTRY_ENTRY and program == FPLS
    if (program == IV_D or told_by_law) and not _tells(facts):
        return None
    return Withheld.FAMILY_VIOLENCE if facts.family_violence else Withheld.NONDISCLOSURE


def _withholding_side(facts: Facts) -> frozenset[str]:
    document_type = (facts.transaction or "").partition(" ")[0]
    return WITHHOLDING_SIDES.get(document_type, frozenset())


def _tells(facts: Facts) -> bool:
    """Whether the record says what was found about a person, more than was asked."""
    transaction = facts.transaction or ""
    if facts.kind in ANSWERED:
        return transaction[4:5] == "P"
    if facts.kind == REGISTRY_ANSWER and transaction[:2] == FEDERAL_MATCH:
        return True
    return facts.kind in MATCHES or "told" in facts.tags
