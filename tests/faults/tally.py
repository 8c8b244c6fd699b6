"""Counts what a sender was promised and what its partner got: lost, unexpected, duplicated, recovered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.journeys import samples
from tests.journeys.partner_server import Arrival


@dataclass(frozen=True, slots=True)
class Verdict:
    lost: int
    """Accepted with 202 and never arrived."""
    unexpected: int
    """Arrived though nobody posted it, under two delivery ids, or with other bytes under the same id."""
    duplicated: int
    """Deliveries that came again with the same id and the same bytes: at least once on the wire is allowed that."""
    recovered: int
    """Accepted before a crash, arrived after it."""

    def __str__(self) -> str:
        return (
            f"lost {self.lost}, unexpected {self.unexpected}, duplicated {self.duplicated}, recovered {self.recovered}"
        )


@dataclass(slots=True)
class Tally:
    """``posted`` are all serials that were ever sent, ``accepted`` maps those answered with 202 to the number of
    crashes before."""

    posted: set[bytes] = field(default_factory=set)
    accepted: dict[bytes, int] = field(default_factory=dict)
    crashes: int = 0
    seen_before: dict[bytes, int] = field(default_factory=dict)

    def crashed(self, arrivals: Iterable[Arrival]) -> None:
        """A crash: what has arrived until now did so before it."""
        for serial in {serial_of(one) for one in arrivals}:
            self.seen_before.setdefault(serial, self.crashes)
        self.crashes += 1

    def missing(self, arrivals: Iterable[Arrival]) -> set[bytes]:
        return set(self.accepted) - {serial_of(one) for one in arrivals}

    def judge(self, arrivals: list[Arrival]) -> Verdict:
        wire = Counter(one.delivery for one in arrivals)
        effects = {(one.delivery, serial_of(one), one.digest) for one in arrivals}
        ids = Counter(delivery for delivery, _, _ in effects)
        serials = Counter(serial for _, serial, _ in effects)
        return Verdict(
            lost=len(self.missing(arrivals)),
            unexpected=len(set(serials) - self.posted)
            + sum(count - 1 for count in ids.values())
            + sum(count - 1 for count in serials.values()),
            duplicated=sum(count - 1 for count in wire.values()),
            recovered=sum(
                1
                for serial, crashes in self.accepted.items()
                if serial in serials and crashes < self.seen_before.get(serial, self.crashes)
            ),
        )


def serial_of(arrival: Arrival) -> bytes:
    """The serial number of a CSENet delivery of one transaction."""
    return arrival.body[samples.SERIAL]
