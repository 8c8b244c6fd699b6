"""The disclosure guard: what may leave, to whom. One pure function, deny by default.

Sources: 42 USC 653(b)(2) and 654(26) (family violence: nothing about whereabouts is disclosed), 45 CFR 303.21(d) and
307.13(a)(3) (which programs may receive case data on request).

Birth records and acknowledgements of paternity go to the IV-D program: 42 USC 666(a)(5)(C)(iv) and (M) (kept by the
birth registry, compared with the case registry), 652(a)(7) (the form's minimum data), 45 CFR 302.70(a)(5) and 303.5(g)
(establishing paternity by acknowledgement). Deaths go there because they close or change a case: 45 CFR 303.11(b).
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
PARENTAGE, DEATH_NOTICE = Kind("parentage"), Kind("death-notice")

PROGRAMS: Mapping[Kind, frozenset[str]] = {
    CASE_TRANSFER: frozenset({"IV-D", "IV-A", "XIX", "vital-records"}),
    LOCATE: frozenset({"IV-D"}),
    NEW_HIRE: frozenset({"IV-D", "NDNH"}),
    PARENTAGE: frozenset({"IV-D"}),
    DEATH_NOTICE: frozenset({"IV-D"}),
}
"""Kind -> programs that may receive it at all; everything else is refused."""

IV_D = "IV-D"


def decide(facts: Facts, route: Route) -> Withheld | None:
    """None when the record may leave on this route, else why not.

    A protected person's record goes to IV-D agencies only, and a locate answer about one goes to nobody.
    """
    program = route.partner.program
    if program not in PROGRAMS.get(facts.kind, frozenset()):
        return Withheld.PROGRAM
    protected = facts.family_violence or facts.nondisclosure
    if not protected:
        return None
    answers_locate = facts.kind == LOCATE and (facts.transaction or "")[4:5] == "P"
    if program == IV_D and not answers_locate:
        return None
    return Withheld.FAMILY_VIOLENCE if facts.family_violence else Withheld.NONDISCLOSURE
