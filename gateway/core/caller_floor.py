"""How strong a proof a partner's data need: the agreements decide, and the partner's own file may ask for more.

Federal tax data and what the federal parent locator service tells never go to a caller with nothing but an API key or
a bearer token (Publication 1075, IA-2 and SC-8: replay-resistant authentication, both ends proven).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.core.caller import Tier, strongest
from gateway.core.model import Agreement, Kind, PartnerKey
from gateway.core.routing import FEDERAL_TAX, Directory

FEDERAL_KINDS: Mapping[Kind, str] = {
    Kind("registry-answer"): "42 USC 653(j)(2)",
    Kind("locate-answer"): "42 USC 653(c), 26 USC 6103(l)(6)",
    Kind("medical-match"): "42 USC 653(e)(2)",
    Kind("asset-match"): "42 USC 652(l)",
    Kind("wage"): "42 USC 653(i), 653(j)",
    Kind("insurance-match"): "42 USC 652(m)",
    Kind("federal-offset"): "42 USC 664, 26 USC 6103(l)(6)",
}
"""Kinds that carry federal tax data or what the federal parent locator service tells -> their source."""
FEDERAL_FLOOR = Tier.SIGNATURE


def floor_of(agreement: Agreement, *, synthetic: bool = False) -> Tier:
    """The weakest proof that both sides of an agreement may call with. ``synthetic``: no data here are of real people,
    so federal kinds ask for nothing by themselves."""
    if synthetic:
        return agreement.tier
    federal = any(kind in FEDERAL_KINDS for kind in agreement.kinds) or "Y" in agreement.filters.get(FEDERAL_TAX, ())
    return strongest([agreement.tier, *([FEDERAL_FLOOR] if federal else [])])


def floors(directory: Directory, today: date, *, synthetic: bool = False) -> Mapping[PartnerKey, Tier]:
    """Partner -> the weakest proof it may call with today. Agreements still to come count already, since a key outlives
    the day on which it was made; those that are over do not."""
    asked: dict[PartnerKey, list[Tier]] = {key: [one.caller.tier] for key, one in directory.partners.items()}
    for agreement in directory.agreements:
        if agreement.valid_until is None or today <= agreement.valid_until:
            floor = floor_of(agreement, synthetic=synthetic)
            for key in (*agreement.senders, agreement.recipient):
                asked.setdefault(key, []).append(floor)
    return {key: strongest(tiers) for key, tiers in asked.items()}
