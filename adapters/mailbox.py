"""The channel ``mailbox``: the parcel is sealed and laid down for a partner that pulls it over the API."""

from __future__ import annotations

import asyncio
from functools import partial

from adapters.kit import Kit
from adapters.options import Options, Table
from gateway.core.ids import Clock
from gateway.core.model import Partner
from gateway.core.ports.adapters import Handover, Parcel
from gateway.core.ports.keys import Sealer
from gateway.core.ports.mailbox import Shelf

OPTIONS: Table = {}
INLINE = 2**20
"""Bytes up to which a body is sealed on the event loop; bigger ones would hold it up."""


def context(delivery: str) -> str:
    """What the seal of a parcel is bound to; who fetches it opens it with the same words."""
    return f"mailbox.sealed:{delivery}"


def check(_options: Options) -> None:
    """Nothing to check: a mailbox has no options."""


class MailboxAdapter:
    """The port ``Adapter`` into our own store. Never final: the partner's acknowledgement is still to come."""

    def __init__(self, mailbox: Shelf, sealer: Sealer, clock: Clock) -> None:
        self._mailbox, self._sealer, self._clock = mailbox, sealer, clock

    @classmethod
    def of(cls, kit: Kit) -> MailboxAdapter:
        return cls(kit.mailbox, kit.sealer, kit.clock)

    async def hand_over(self, parcel: Parcel, partner: Partner) -> Handover:
        sealed = await self._seal(parcel)
        await self._mailbox.place(
            parcel.delivery,
            partner.key,
            parcel.name,
            parcel.media_type,
            parcel.digest,
            len(parcel.body),
            sealed,
            self._clock(),
        )
        return Handover(final=False, answer=parcel.name)

    async def _seal(self, parcel: Parcel) -> bytes:
        seal = partial(self._sealer.seal, parcel.label, context(parcel.delivery), parcel.body)
        return seal() if len(parcel.body) <= INLINE else await asyncio.to_thread(seal)

    async def close(self) -> None:
        """Nothing is held open."""
