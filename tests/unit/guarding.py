"""The disclosure guard under the policy that is shipped, asked about one record and one route."""

from datetime import date
from functools import cache

import schemas
from gateway.core.disclosure import Decision, Guard, Passage
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Endpoint,
    Partner,
    PartnerKey,
    RecordId,
    Role,
    TaxApproval,
)
from gateway.core.routing import Route

POLICY = schemas.load(drafts=True).policy
GUARD = Guard(POLICY)
NOTHING = TaxApproval()
TODAY = date(2026, 11, 1)
APPROVED = TaxApproval(date(2026, 1, 1), date(2026, 12, 31), "SSR-2026-0001")


@cache
def to(program, role=Role.AGENCY, *, approval=NOTHING, tax=False, purpose="", requester="agency"):
    """A route to a partner of the program, under an agreement that is in force in 2026."""
    partner = Partner(
        PartnerKey("x"),
        "X",
        role,
        program,
        frozenset({"39"}),
        Endpoint(AdapterName.MAILBOX),
        tax_approval=approval,
    )
    agreement = Agreement(
        AgreementKey("a"),
        AgreementMode.DIRECT,
        frozenset(),
        partner.key,
        frozenset(),
        "law",
        date(2026, 1, 1),
        filters={"federal_tax": frozenset({"Y"})} if tax else {},
        purpose=purpose,
        requester=requester,
    )
    return Route(partner, agreement)


def cleared(delivery, partner):
    """The guard's word for a delivery whose one record may leave."""
    return GUARD.clear(delivery, partner, {RecordId("r"): Decision(None, "allowed", POLICY.version)})


def decide(facts, route, day=TODAY, **passage):
    """Why the record may not go on this route; None when it may."""
    return GUARD.decide(Passage(GUARD.bearing(facts), route, day, **passage)).withheld
