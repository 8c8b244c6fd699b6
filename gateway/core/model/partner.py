"""Somebody we exchange records with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.core.caller import KEYS_ONLY, Caller
from gateway.core.model.batching import AT_ONCE, Batching, BatchMode
from gateway.core.model.endpoint import Endpoint
from gateway.core.model.names import FormatName, Kind, PartnerKey
from gateway.core.model.retry import NO_RETRIES, USUAL_BREAKER, BreakerPolicy, RetrySchedule
from gateway.core.protection import PLAIN, Protection


class Role(StrEnum):
    """What a partner is."""

    STATE = "state"
    TRIBE = "tribe"
    EMPLOYER = "employer"
    AGENCY = "agency"
    DIRECTORY = "directory"


class Follow(StrEnum):
    """What is asked of the files of one format, each against those of the sender that were taken before."""

    ANY = "any"
    ONCE = "once"
    """No number in a header comes a second time."""
    NOT_OLDER = "not-older"
    """As once, and no file is from before the last one."""


class Ordering(StrEnum):
    NONE = "none"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    email: str
    purpose: str = "operations"


@dataclass(frozen=True, slots=True)
class TaxApproval:
    """Approval of IRS Safeguards to receive federal tax information, from one day to another; both count (UTC days).
    Not given unless both days and the reference are."""

    since: date | None = None
    until: date | None = None
    reference: str = ""

    def in_force(self, today: date) -> bool:
        return bool(self.since and self.until and self.reference and self.since <= today <= self.until)


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody we exchange records with; one TOML file."""

    key: PartnerKey
    name: str
    role: Role
    program: str
    """The program it acts for: ``IV-D``, ``IV-A``, ``XIX``, ``vital-records``, ``employer``, ``NDNH``,
    ``financial-institution``, ``federal-offset``, ..."""
    locators: frozenset[str]
    """State FIPS (2 digits), tribal locator (5), FEIN (9 digits) or agency code that records may name."""
    endpoint: Endpoint
    formats: Mapping[Kind, FormatName] = field(default_factory=dict)
    """The format it receives, by kind."""
    accepts: frozenset[FormatName] = frozenset()
    """The formats it may post; empty: all."""
    file_order: Mapping[FormatName, Follow] = field(default_factory=dict)
    """What is asked of the order of its files, where it is not what the format says."""
    batching: Mapping[Kind, Batching] = field(default_factory=dict)
    retry: RetrySchedule = NO_RETRIES
    breaker: BreakerPolicy = USUAL_BREAKER
    ordering: Ordering = Ordering.NONE
    rate_per_second: float | None = None
    concurrency: int = 8
    body_limit: int = 256 * 2**20
    contacts: tuple[Contact, ...] = ()
    queries: Endpoint | None = None
    """Where it answers case status queries over https; None: it answers none."""
    tax_approval: TaxApproval = TaxApproval()
    locate_attested_until: date | None = None
    """It is the central parent locator service of a state, attested until then (45 CFR 303.70); None: it is none."""
    attests_each_locate: bool = False
    """Each of its requests to find a person comes with an attestation (:mod:`gateway.core.attestation`)."""
    caller: Caller = KEYS_ONLY
    protection: Protection = PLAIN
    """How payloads to and from it are protected beyond TLS."""
    paused: bool = False
    version: int = 1

    def batching_of(self, kind: Kind) -> Batching:
        return self.batching.get(kind, AT_ONCE)

    @property
    def batches(self) -> bool:
        """Whether its deliveries may hold many records, and some of them few."""
        return any(one.mode is not BatchMode.IMMEDIATE for one in self.batching.values())
