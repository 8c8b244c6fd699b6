"""Channels that take nothing without the word of the disclosure guard: every one of the table is behind this."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.errors import Tampered
from gateway.core.model import Partner
from gateway.core.ports.adapters import Adapter, Handover, Parcel
from gateway.core.ports.queries import Asked, QueryLine, Reply


@dataclass(frozen=True, slots=True)
class Cleared:
    """The port ``Adapter`` over another one."""

    adapter: Adapter

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        """Raises Tampered when the parcel was cleared for another partner or as another delivery."""
        if not parcel.clearance.covers(parcel.delivery, partner.key):
            raise Tampered("The parcel is not cleared for this partner.", code="not-cleared")
        return await self.adapter.hand_over(parcel, partner)

    async def close(self) -> None:
        await self.adapter.close()


@dataclass(frozen=True, slots=True)
class ClearedLine:
    """The port ``QueryLine`` over another one."""

    line: QueryLine

    async def ask(self, asked: Asked, partner: Partner) -> Reply:
        """Raises Tampered when the query was cleared for another partner or as another query."""
        if not asked.clearance.covers(asked.id, partner.key):
            raise Tampered("The query is not cleared for this partner.", code="not-cleared")
        return await self.line.ask(asked, partner)

    async def close(self) -> None:
        await self.line.close()
