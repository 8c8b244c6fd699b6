"""Protecting what leaves: a crew whose payloads are signed and encrypted as the partner's file says.

Encryption never gives the same bytes twice, and a delivery keeps its bytes through every retry. So the first protected
payload is kept, sealed, until the partner has it, and its digest is the delivery's. Only when the key that it is for is
no longer the partner's is it made anew, under the same delivery id: nobody could open the old one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog

from gateway.core.errors import Misconfigured, Permanent, Tampered, Unavailable
from gateway.core.ids import Clock
from gateway.core.labels import open_labelled
from gateway.core.model import Delivery, DeliveryId, Digest, Partner
from gateway.core.ports.crew import Composed, Composition, Crew, Examination, Examined
from gateway.core.ports.keys import Sealer
from gateway.core.ports.protection import Wire
from gateway.core.ports.wire_keys import Payload, Payloads
from gateway.core.protection import Ends, Note, Profile, Protected, Stage, WireKey, recipient_key, signing_keys
from gateway.core.routing import Directory
from gateway.work.wire_book import WireBook

log = structlog.get_logger()
T = TypeVar("T")
INLINE = 64 * 2**10
"""Bytes up to which a payload is protected on the event loop; bigger ones would hold it up."""


def payload_context(delivery: DeliveryId) -> str:
    """What a kept payload is bound to."""
    return f"wire_payloads.sealed:{delivery}"


@dataclass(frozen=True, slots=True)
class ProtectingCrew:
    crew: Crew
    wire: Wire
    book: WireBook
    payloads: Payloads
    sealer: Sealer
    directory: Callable[[], Directory]
    clock: Clock
    name: str
    """The gateway's name in messages."""

    async def examine(self, task: Examination) -> tuple[Examined, ...]:
        return await self.crew.examine(task)

    async def compose(self, task: Composition) -> Composed:
        """Raises Unavailable (``plain-not-allowed``, ``wire-key-missing``) while settings do not let it leave,
        Permanent (``message-too-large``), Tampered when the records are not what they were."""
        composed = await self.crew.compose(task)
        if any(finding.severity.blocks for finding in composed.findings):
            return composed
        delivery = task.claimed.delivery
        if task.recipient.protection.profile is Profile.NONE:
            self._allowed(delivery)
            return composed
        return await self._protected(delivery, task.recipient, composed)

    async def close(self) -> None:
        await self.crew.close()

    def _allowed(self, delivery: Delivery) -> None:
        agreement = self.directory().agreement(delivery.agreement)
        if agreement is None or not agreement.plain:
            raise Unavailable(
                f"The agreement {delivery.agreement} does not allow payloads without protection.",
                code="plain-not-allowed",
            )

    async def _protected(self, delivery: Delivery, partner: Partner, composed: Composed) -> Composed:
        if len(composed.body) > partner.protection.limit:
            raise Permanent("The payload is larger than the partner's protection allows.", code="message-too-large")
        kept = await self.payloads.kept(delivery.id)
        _same(delivery, composed, kept)
        if kept is not None and kept.inner == composed.digest and self._opens(partner, kept):
            return await self._composed(composed, kept, None)
        kept = await self._keep(delivery, partner, composed, kept)
        return await self._composed(composed, kept, delivery.digest)

    def _opens(self, partner: Partner, kept: Payload) -> bool:
        """Whether the kept payload is there, and its key still the partner's."""
        valid = {key.id for key in self.book.of(partner.key) if key.stage is Stage.VALID}
        return kept.sealed is not None and kept.key in valid

    async def _keep(self, delivery: Delivery, partner: Partner, composed: Composed, old: Payload | None) -> Payload:
        profile, now = partner.protection.profile, self.clock()
        try:
            to = recipient_key(profile, self.book.of(partner.key), now)
            by = signing_keys(profile, self.book.ours, now)
        except Misconfigured as error:
            raise Unavailable(error.detail, code=error.problem) from None
        note = Note(Ends(self.name, partner.key), delivery.known_as, now, composed.media_type)
        made = await _aside(composed.body, partial(self.wire.protect, profile, composed.body, note, to, by))
        if old is not None:
            log.info("delivery.protected_anew", id=delivery.id, partner=partner.key)
        fresh = await self._payload(delivery.id, to, composed, made)
        return await self.payloads.keep(fresh, None if old is None else old.digest)

    async def _payload(self, delivery: DeliveryId, to: WireKey, composed: Composed, made: Protected) -> Payload:
        seal = partial(self.sealer.seal, composed.label, payload_context(delivery), made.body)
        return Payload(
            delivery=delivery,
            key=to.id,
            inner=composed.digest,
            digest=Digest(hashlib.sha256(made.body).hexdigest()),
            size=len(made.body),
            media_type=made.media_type,
            extension=f"{composed.extension}{made.extension}",
            sealed=await _aside(made.body, seal),
        )

    async def _composed(self, composed: Composed, kept: Payload, replaces: Digest | None) -> Composed:
        if kept.sealed is None:
            raise Unavailable("The protected payload is gone.", code="unavailable")
        opening = partial(open_labelled, self.sealer, payload_context(kept.delivery), kept.sealed)
        body = await _aside(kept.sealed, opening)
        return replace(
            composed,
            body=body,
            media_type=kept.media_type,
            extension=kept.extension,
            digest=kept.digest,
            replaces=replaces,
        )


def _same(delivery: Delivery, composed: Composed, kept: Payload | None) -> None:
    """The records of a delivery do not change between attempts, protected or not before, unless a person let the new
    bytes go (its digest is forgotten then). Raises Tampered."""
    before = delivery.digest if kept is None else kept.inner
    if delivery.digest is not None and before not in (composed.digest, composed.replaces):
        raise Tampered("The payload is not what was sent before.", code="payload-changed")


async def _aside(size: bytes, work: Callable[[], T]) -> T:
    return work() if len(size) <= INLINE else await asyncio.to_thread(work)
