"""Rehearsal: a dead delivery is written in its partner's format with amended content in it, before anybody agrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.core.loss import kept
from gateway.core.model import DeliveryId, RecordId
from gateway.core.ports.amendments import Cargoes, Tried
from gateway.core.ports.crew import Composition, Crew
from gateway.core.routing import Directory

MOST = 1_000
"""Records of a delivery that is written for a look: well under a second."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Implements :class:`gateway.core.ports.amendments.Rehearsals`."""

    cargoes: Cargoes
    crew: Crew
    """Writes plain payloads: nothing is protected or sent here."""
    directory: Callable[[], Directory]
    most: int = MOST

    async def tried(self, delivery: DeliveryId, record: RecordId, amendment: str, sealed: bytes) -> Tried | None:
        claimed = await self.cargoes.whole(delivery, self.most)
        if claimed is None:
            return None
        partners, owed = self.directory().partners, claimed.delivery
        sender, recipient = partners.get(owed.sender), partners.get(owed.partner)
        if sender is None or recipient is None:
            return None
        records = tuple([(one, sealed if one == record else body) for one, body in claimed.records])
        amended = {**claimed.amended, record: amendment}
        composed = await self.crew.compose(
            Composition(replace(claimed, records=records, amended=amended), sender, recipient)
        )
        return Tried(owed.format, kept(composed.findings))
