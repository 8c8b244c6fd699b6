"""Protected persons: on whom a notice of danger is held, and by whom it was placed.

The law speaks of persons, not of records (42 USC 654(26); L08): a notice that one record places protects the person in
every other record and case. It ends when the partner that placed it takes it back, and only then: a later record
without it says nothing (V05), and while one of several partners holds one, there is one (V06).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.court_orders import CourtOrders
from gateway.core.model import PartnerKey, RecordId
from gateway.core.people import unpacked

_NONE: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of danger about a person, as a record placed it."""

    person: bytes = field(repr=False)
    """Blind index of the social security number."""
    placed_by: PartnerKey
    record: RecordId
    at: datetime
    index_key: str | None = None
    """The key of the index; None: the first one that this gateway had."""
    renewed: str | None = None
    """The key under which the same notice is placed as well, when that is the newer one."""
    known: bool = False
    """As far as the register knows it stands already: it is placed only where it was taken back in between, and else
    becomes that of this record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a partner's notice about a person stands."""

    person: bytes = field(repr=False)
    placed_by: PartnerKey
    stands: bool


class Register:
    """The notices that stand, in memory: what the store had at ``revision``, and what was judged here since."""

    def __init__(self) -> None:
        self.revision = 0
        self.orders = CourtOrders()
        """What courts ordered about protected persons; a change of them is a change of the register."""
        self._placers: dict[bytes, frozenset[PartnerKey]] = {}
        self._fresh: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._placers)

    def held(self, persons: bytes | None) -> frozenset[bytes]:
        """Those of the persons on whom a notice is held. ``persons`` are packed blind indexes."""
        if not persons or not (self._placers or self._fresh):
            return _NONE
        return frozenset([one for one in unpacked(persons) if one in self._placers or one in self._fresh])

    def placed_by(self, persons: bytes | None, sender: PartnerKey) -> bool:
        """Whether a notice of the sender on one of the persons stands, as far as the store has told."""
        if not persons or not self._placers:
            return False
        return any(sender in self._placers.get(one, ()) for one in unpacked(persons))

    def unplaced(self, endangered: bytes | None, sender: PartnerKey) -> tuple[bytes, ...]:
        """Those about whom the sender's notice is not known to the store yet; they are protected here from now on,
        whether or not the record that says so is ever committed."""
        if not endangered:
            return ()
        new = tuple([one for one in unpacked(endangered) if sender not in self._placers.get(one, ())])
        self._fresh.update(new)
        return new

    def learn(self, revision: int, standings: Iterable[Standing]) -> None:
        """Take up what changed in the store up to a revision."""
        for one in standings:
            placers = self._placers.get(one.person, frozenset())
            left = placers | {one.placed_by} if one.stands else placers - {one.placed_by}
            if left:
                self._placers[one.person] = left
            else:
                self._placers.pop(one.person, None)
            self._fresh.discard(one.person)
        self.revision = max(self.revision, revision)
