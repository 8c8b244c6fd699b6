"""A partner's word on a delivery: it counts when it comes with the digest of the bytes that we sent.

A word that does not fit is refused and raises an alarm: an entry in the audit log, a figure, a line among the troubles
of the console. Either the partner has other bytes than we think, or somebody speaks for it who has none.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from gateway.core import lifecycle
from gateway.core.causes import PROCESS_DIED
from gateway.core.errors import Conflict, NotFound, Unprocessable
from gateway.core.lifecycle import Event
from gateway.core.model import Actor, Delivery, DeliveryId, DeliveryState, Page, PartnerKey
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.health import Sample
from gateway.core.reasons import fit_code
from gateway.web.parts import Parts

log = structlog.get_logger()
CASE_UNKNOWN = "case-unknown"
"""The reason by which a partner says that it has no such case."""
ALARMS = "acknowledgements.unfit"
"""Series of the samples that the console reads."""
LOOKED_AT = 500
"""Newest deliveries of the partner among which the bytes of another one are looked for."""

UNFIT: Mapping[str, str] = {
    "digest-missing": "An acknowledgement comes with the SHA-256 of the bytes as they were received.",
    "digest-mismatch": "The digest is not that of the bytes that were sent.",
    "digest-replayed": "The digest is that of another delivery.",
}
"""Why a word does not fit -> what the partner is told."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A partner's word on one delivery."""

    delivery: DeliveryId
    partner: PartnerKey
    accepted: bool
    reason: str = ""
    """Why it is refused: a short code such as ``record-unreadable``; dead letters are grouped by it."""
    digest: str | None = None
    """SHA-256 of the bytes as the partner has them, lower-case hex; only a refusal of a parcel may come without."""
    unread: bool = False
    """The partner refuses a parcel, perhaps without having opened it: no digest is no fault."""


async def acknowledge(parts: Parts, word: Acknowledged) -> Delivery:
    """Take a partner's word on a delivery that is waiting for it or delivered. The same word once more changes nothing.

    Raises NotFound (a delivery of somebody else does not exist for the caller), Unprocessable (one of :data:`UNFIT`, or
    an unfit reason) and Conflict, also for a delivery that is still on its way."""
    found = await parts.desk.get(word.delivery)
    if found is None or found.partner != word.partner:
        raise NotFound
    unfit = await _unfit(parts, found, word)
    if unfit == "digest-mismatch" and _may_be_known(found):
        raise Conflict("The delivery is just being handed over: say it again in a moment.", code="delivery-state")
    if unfit is not None:
        await _alarm(parts, word, unfit)
        raise Unprocessable(UNFIT[unfit], code=unfit)
    reason = "" if word.accepted else fit_code(word.reason)
    return found if await _said_before(parts, found, word, reason) else await _take(parts, found, word, reason)


async def _take(parts: Parts, found: Delivery, word: Acknowledged, reason: str) -> Delivery:
    if reason == CASE_UNKNOWN and lifecycle.may(found.state, Event.REJECT):
        # Before the word is written: a partner that gets no answer repeats it, and that rejection is the same one.
        await parts.case_unknown(found)
    details = {"reason": reason} if reason else {}
    details |= {"sha256": word.digest} if word.digest else {}
    entry = parts.scribe.entry(
        Actor("partner", word.partner), _action(word), f"delivery:{word.delivery}", "ok", details
    )
    changed = await parts.desk.acknowledge(
        word.delivery, word.partner, accepted=word.accepted, reason=reason, now=parts.clock(), entry=entry
    )
    if not changed:
        raise Conflict(f"A delivery that is {found.state.value} cannot be acknowledged.", code="delivery-state")
    return await parts.desk.get(word.delivery) or found


def _may_be_known(found: Delivery) -> bool:
    """Whether there is nothing to compare with yet, though the partner may have all: a quick one speaks before its
    answer to the delivery itself is written down, and a process may end just then."""
    if found.digest is not None:
        return False
    cut_short = found.state is DeliveryState.PENDING and found.cause == PROCESS_DIED
    return cut_short or found.state is DeliveryState.CLAIMED


def _action(word: Acknowledged) -> str:
    return "delivery.acknowledged" if word.accepted else "delivery.rejected"


async def _unfit(parts: Parts, found: Delivery, word: Acknowledged) -> str | None:
    """Why the word does not fit what was sent; None when it does."""
    if word.digest is None:
        return None if word.unread else "digest-missing"
    if found.digest is not None and hmac.compare_digest(found.digest.encode(), word.digest.encode()):
        return None
    others = await parts.desk.list(DeliveryQuery(partner=word.partner), Page(LOOKED_AT))
    replayed = any(one.digest == word.digest for one in others.rows if one.id != found.id)
    return "digest-replayed" if replayed else "digest-mismatch"


async def _said_before(parts: Parts, found: Delivery, word: Acknowledged, reason: str) -> bool:
    """Whether the delivery is as this word leaves it, because the partner said the same before: its answer got lost."""
    settled = found.state is DeliveryState.DELIVERED if word.accepted else found.state is DeliveryState.DEAD
    if not settled or (not word.accepted and found.cause != reason):
        return False
    said = [entry.action for _, entry in await parts.audit.about(f"delivery:{found.id}")]
    return _action(word) in said


async def _alarm(parts: Parts, word: Acknowledged, unfit: str) -> None:
    details = {"sha256": word.digest} if word.digest else {}
    obj = f"delivery:{word.delivery}"
    entry = parts.scribe.entry(Actor("partner", word.partner), "acknowledgement.refused", obj, unfit, details)
    await parts.audit.write([entry])
    await parts.health.add_samples([Sample(parts.clock(), ALARMS, word.partner, 1.0)])
    parts.unfit(word.partner, unfit)
    log.error("acknowledgement.refused", partner=word.partner, id=word.delivery, code=unfit)
