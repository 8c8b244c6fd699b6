"""The second word on federal tax information: a partner file alone does not let a partner have it.

Source: Publication 1075 asks for approval by the agency's disclosure officer before tax information is shared; that two
people do it is our own rule (`docs/access.md`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.core.errors import Conflict
from gateway.core.four_eyes import Act
from gateway.core.model import Actor, Partner, TaxApproval
from gateway.foundation import Foundation
from gateway.partner_files import Applied
from gateway.web.approving import Person, SecondWords, Wish


@dataclass(frozen=True, slots=True)
class Agreed:
    """What may be applied now, and the requests that wait for somebody: (partner, request id)."""

    applied: Applied
    waiting: tuple[tuple[str, str], ...]


async def agreed(base: Foundation, actor: Actor, wanted: Applied) -> Agreed:
    """The partners as they may be set now. One whose approval for tax information is new or other than before keeps the
    old one until a second person has agreed to exactly the new one; then the permission is spent. Taking an approval
    away needs nobody."""
    present = (await base.stores.partners.directory()).partners
    words = SecondWords(base.stores.approvals, base.scribe, base.clock, base.mint)
    partners: list[Partner] = []
    waiting: list[tuple[str, str]] = []
    for partner in wanted.partners:
        before = present[partner.key].tax_approval if partner.key in present else TaxApproval()
        if partner.tax_approval in (before, TaxApproval()):
            partners.append(partner)
            continue
        try:
            await words.use(actor, _wish(partner))
            partners.append(partner)
        except Conflict:
            request = await words.pending_or_asked(Person(actor, None), _wish(partner), "partner file")
            waiting.append((partner.key, request.id))
            partners.append(replace(partner, tax_approval=before))
    return Agreed(replace(wanted, partners=tuple(partners)), tuple(waiting))


def _wish(partner: Partner) -> Wish:
    approval = partner.tax_approval
    days = {"from": approval.since, "until": approval.until}
    terms: dict[str, str | int] = {name: day.isoformat() for name, day in days.items() if day is not None}
    return Wish(Act.APPROVE_TAX, f"partner:{partner.key}", terms | {"reference": approval.reference})
