"""New deliveries with their running numbers: for each partner, sender and kind in the order of the commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.core.model import Delivery
from gateway.store.insertion import Insertion, Row
from gateway.store.rows import delivery_row
from gateway.store.tables import deliveries, numbers

_DELIVERIES = Insertion(deliveries, without=("lease_owner", "lease_until", "edition"))
_NUMBERS = Insertion(
    numbers,
    conflict="ON CONFLICT (partner, sender, kind) DO UPDATE SET last = numbers.last + excluded.last",
    returning=("partner", "sender", "kind", "last"),
)

_Triple = tuple[str, str, str]
"""Partner, sender and kind: what running numbers belong to."""


async def numbered(
    connection: AsyncConnection, owed: Sequence[Delivery], announce_grace: timedelta = timedelta()
) -> tuple[Insertion, Iterable[Row]]:
    """New deliveries with their running numbers."""
    numbering = await _numbering(connection, owed)
    rows = (
        {**delivery_row(one, announce_at=one.due_at + announce_grace), "number": next(numbering[triple(one)])}
        for one in owed
    )
    return _DELIVERIES, rows


async def _numbering(connection: AsyncConnection, owed: Sequence[Delivery]) -> Mapping[_Triple, Iterator[int]]:
    """The next running numbers of each triple, one statement however many there are; the locks that it takes on the
    counters last until the commit, which keeps the numbers in the order of the commits."""
    wanted = Counter(map(triple, owed))
    rows = [
        {"partner": partner, "sender": sender, "kind": kind, "last": wanted[partner, sender, kind]}
        for partner, sender, kind in sorted(wanted)
    ]
    given = await _NUMBERS.returning(connection, rows)
    last = {(row.partner, row.sender, row.kind): row.last for row in given}
    return {triple: iter(range(last[triple] - number + 1, last[triple] + 1)) for triple, number in wanted.items()}


def triple(delivery: Delivery) -> _Triple:
    """What the running number of a delivery belongs to."""
    return delivery.partner, delivery.sender, delivery.kind
