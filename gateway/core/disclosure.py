"""The disclosure guard: what may leave, to whom. One pure function, deny by default.

Sources: 42 USC 653(b)(2) and 654(26) (family violence: nothing about whereabouts is disclosed), 45 CFR 303.21(d) and
307.13(a)(3) (which programs may receive case data on request), 303.7(b)(4) (status inquiries between child-support
agencies), 42 USC 654a(f) (comparison of cases between states and with the federal parent locator service).
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
CASE_STATUS, CASE_RECONCILIATION = Kind("case-status"), Kind("case-reconciliation")

PROGRAMS: Mapping[Kind, frozenset[str]] = {
    CASE_TRANSFER: frozenset({"IV-D", "IV-A", "XIX", "vital-records"}),
    LOCATE: frozenset({"IV-D"}),
    NEW_HIRE: frozenset({"IV-D", "NDNH"}),
    CASE_STATUS: frozenset({"IV-D"}),
    CASE_RECONCILIATION: frozenset({"IV-D", "FPLS"}),
}
"""Kind -> programs that may receive it at all; everything else is refused."""

TELLING = frozenset({LOCATE, CASE_STATUS})
"""Kinds whose answers (action P) tell where somebody is or what a case holds."""

IV_D = "IV-D"


def decide(facts: Facts, route: Route) -> Withheld | None:
    """None when the record may leave on this route, else why not.

    A protected person's record goes to IV-D agencies only, and an answer about one, to a locate request or to a case
    status query, goes to nobody.
    """
    program = route.partner.program
    if program not in PROGRAMS.get(facts.kind, frozenset()):
        return Withheld.PROGRAM
    protected = facts.family_violence or facts.nondisclosure
    if not protected:
        return None
    tells = facts.kind in TELLING and (facts.transaction or "")[4:5] == "P"
    if program == IV_D and not tells:
        return None
    return Withheld.FAMILY_VIOLENCE if facts.family_violence else Withheld.NONDISCLOSURE
