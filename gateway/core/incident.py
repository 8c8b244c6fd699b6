"""What is told of an incident: who, what, when and how many, and by when it has to be told to whom (O01, H03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.model import Kind, PartnerKey

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "disclosed": ("delivery.delivered", "delivery.placed", "query.answered", "override.used"),
    "read": ("record.read",),
    "copied": ("extract.made", "backup.made"),
    "turned away": ("access.refused", "operator.refused", "query.refused", "submission.refused"),
    "alarms": (
        "acknowledgement.refused",
        "audit.pruned",
        "deadline.missed",
        "delivery.held",
        "glass.broken",
        "message.refused",
        "notice.lifted",
        "override.undelivered",
        "policy.changed",
        "submission.held",
    ),
    "keys": (
        "apikey.added",
        "apikey.revoked",
        "key.converted",
        "key.created",
        "key.destroyed",
        "key.expiring",
        "key.prepared",
        "key.reindexed",
        "key.rewrapped",
        "key.rotated",
        "wirekey.added",
        "wirekey.confirmed",
        "wirekey.retired",
        "wirekey.tested",
    ),
    "changes of access": (
        "approval.used",
        "device.found",
        "device.lost",
        "job.started",
        "operator.added",
        "operator.device",
        "operator.enrolled",
        "override.entered",
        "partner.applied",
        "partner.paused",
        "partner.resumed",
        "record.amended",
    ),
}
"""What somebody asks first after an incident -> the actions that answer; the ids of these are listed."""
DISCLOSED, READ = SECTIONS["disclosed"], SECTIONS["read"]


class Data(StrEnum):
    """Sorts of data whose loss has duties of its own."""

    TAX = "tax-data"
    HEALTH = "health-data"


@dataclass(frozen=True, slots=True)
class Duty:
    """Who has to be told of an incident, and within which time of its discovery."""

    code: str
    """One word for it."""
    whom: str
    within: timedelta
    when: str
    """Which incidents it is for."""
    rule: str
    data: Data | None = None
    """Only where data of this sort are concerned; None: always."""


DUTIES: tuple[Duty, ...] = (
    Duty(
        "ocss",
        "OCSS",
        timedelta(hours=1),
        "any incident with data under the security agreement",
        "OCSS data-security agreement of the state",
    ),
    Duty(
        "irs",
        "TIGTA and the IRS Office of Safeguards",
        timedelta(hours=24),
        "federal tax data",
        "IRS Publication 1075",
        Data.TAX,
    ),
    Duty(
        "persons",
        "the persons concerned",
        timedelta(days=60),
        "health data that was not secured",
        "45 CFR 164.404",
        Data.HEALTH,
    ),
    Duty(
        "covered-entity",
        "the covered entity, when the gateway's site is a business associate",
        timedelta(days=60),
        "health data that was not secured",
        "45 CFR 164.410",
        Data.HEALTH,
    ),
)
"""The longest times; a contract may have shorter ones, and none of these is a time to wait for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """From ``begin`` to ``end`` (not included); what concerns one partner, or None: everything."""

    begin: datetime
    end: datetime
    partner: PartnerKey | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Entries of one action by one actor with one outcome."""

    action: str
    actor: str
    outcome: str
    entries: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """The objects of one section, as ``delivery:<id>``: how many, and the first of them by id."""

    section: str
    objects: int
    ids: tuple[str, ...]

    @property
    def rest(self) -> int:
        """How many are not listed."""
        return self.objects - len(self.ids)


@dataclass(frozen=True, slots=True)
class Sent:
    """What of one kind went from one partner to another."""

    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    deliveries: int
    records: int


@dataclass(frozen=True, slots=True)
class Concerned:
    """Of the records that went out or were read: how many, how many of them were erased since, and how many persons
    the others name. A person counts twice when its index was made under two keys: it is at most so many."""

    records: int
    erased: int
    persons: int


@dataclass(frozen=True, slots=True)
class Log:
    """What the report rests on."""

    size: int
    """Entries under the newest checkpoint."""
    pruned: int
    """Entries before this number were pruned and are not counted."""
    checkpoint: str
    """The signed note; empty while there is none."""
    state: str
    """``holds``, or what the self-check found."""


@dataclass(frozen=True, slots=True)
class Incident:
    """The report."""

    scope: Scope
    made_at: datetime
    discovered_at: datetime
    tallies: tuple[Tally, ...]
    """Most entries first; no more than were asked for."""
    more_tallies: int
    objects: Mapping[str, int]
    """Kind of object -> how many of them have an entry in the scope."""
    listed: tuple[Listed, ...]
    sent: tuple[Sent, ...]
    concerned: Concerned
    log: Log
    entries: int
    first: datetime | None
    last: datetime | None

    def due(self) -> tuple[tuple[Duty, datetime], ...]:
        """Who has to be told, with the last moment for it."""
        return tuple((duty, self.discovered_at + duty.within) for duty in DUTIES)
