"""The words of the gateway as values: partners, submissions, records, findings, deliveries, attempts.

Ids are UUIDv7 text (36 characters), times are timezone-aware UTC, digests are lower-case hex SHA-256.
Values that hold personal data are typed :class:`Secret` or kept out of ``repr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType

from gateway.core.caller import KEYS_ONLY, Caller, Tier
from gateway.core.outline import Outline, outline
from gateway.core.protection import PLAIN, Protection
from gateway.core.swift import swift

PartnerKey = NewType("PartnerKey", str)
AgreementKey = NewType("AgreementKey", str)
SubmissionId = NewType("SubmissionId", str)
RecordId = NewType("RecordId", str)
DeliveryId = NewType("DeliveryId", str)
EntryId = NewType("EntryId", str)
JobId = NewType("JobId", str)
Kind = NewType("Kind", str)
"""What a record is: ``case-transfer``, ``locate``, ``new-hire``, ... one XSD each; the catalog names them."""
FormatName = NewType("FormatName", str)
"""How a partner writes a kind: ``xml``, ``json``, ``csenet``, ``w4``, ``newhire-csv-nc``, ..."""
RuleCode = NewType("RuleCode", str)
Digest = NewType("Digest", str)
Path = NewType("Path", str)
"""Where a value stands in the canonical form: ``Participant[2]/PersonName/PersonSurName``; repeated elements always
carry their 1-based index."""


class Severity(StrEnum):
    """How bad a finding is. Fatal ends what it is about (the file, or the one record), error refuses the record,
    warning and notice do not block."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def blocks(self) -> bool:
        return self in (Severity.FATAL, Severity.ERROR)


class Role(StrEnum):
    """What a partner is."""

    STATE = "state"
    TRIBE = "tribe"
    EMPLOYER = "employer"
    AGENCY = "agency"
    DIRECTORY = "directory"


@swift
class Content:
    """One record in the canonical form: its kind and its leaf values by path, in document order.

    Personal data: never printed. Values are text exactly as in the XML document (dates ``2026-01-31``, money
    ``123.45``). An absent path is an absent element; an empty value is never kept.
    """

    kind: Kind
    fields: Mapping[str, str] = field(repr=False)
    _outline: Outline | None = field(default=None, init=False, repr=False, compare=False)
    plain: bool = field(default=False, init=False, repr=False, compare=False)
    """Whether its reader looked and found no character that XML writes otherwise (``& < >`` and line ends)."""

    @classmethod
    def outlined(cls, kind: Kind, fields: Mapping[str, str], outline: Outline, *, plain: bool) -> Content:
        """For a reader that knows what the others would have to find out."""
        made = cls(kind, fields)
        made._outline = outline  # type: ignore[misc] # frozen to others; this is one of its makers
        made.plain = plain  # type: ignore[misc] # as above
        return made

    def get(self, path: str) -> str | None:
        return self.fields.get(path)

    @property
    def outline(self) -> Outline:
        """Which fields are filled, in order; the same object for all contents with the same ones."""
        found = self._outline
        if found is None:
            found = outline(tuple(self.fields))
            self._outline = found  # type: ignore[misc] # what it would always say, remembered
        return found


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one place, never its value.

    ``record`` is the 1-based ordinal in the submission (None: the file as a whole). ``start`` and ``length`` are bytes
    in the record as it came (1-based), ``line`` a 1-based line, ``path`` the canonical path or JSON pointer.
    """

    rule: RuleCode
    severity: Severity
    record: int | None = None
    field: str | None = None
    path: str | None = None
    start: int | None = None
    length: int | None = None
    line: int | None = None
    note: str | None = None
    """What was expected (``expected 801 bytes, found 799``): lengths and counts, never content."""


@swift
class Facts:
    """What routing, rules and search need to know of a record. Personal or identifying members are not printed."""

    kind: Kind
    sender: str
    """The locator, FEIN or agency code that the record names as its sender."""
    recipient: str | None = None
    """The locator that the record is addressed to; None when the kind has no addressee (new hires), empty when the kind
    has one and the record does not name it."""
    transaction: str | None = None
    """Function, action and reason as ``LO1 R`` or ``ENF R ERALL``; None outside case transfers and locates."""
    serial: str | None = None
    """The sender's own serial number, unique for each sender; None when the format has none."""
    case_id: str | None = field(default=None, repr=False)
    other_case_id: str | None = field(default=None, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values that agreement filters may name (``case_type``, ``function``, ``state_of_hire``, ``medical`` ...)."""
    family_violence: bool = False
    nondisclosure: bool = False

    @property
    def function(self) -> str | None:
        return self.transaction[:3] if self.transaction else None


# --- partners and agreements -----------------------------------------------------------------------------------------


class AdapterName(StrEnum):
    HTTPS = "https"
    SFTP = "sftp"
    MAILBOX = "mailbox"
    FOLDER = "folder"


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
class Endpoint:
    """Where and how a partner takes its deliveries. ``options`` are the adapter's own keys, checked by the adapter."""

    adapter: AdapterName
    options: Mapping[str, str | int | bool] = field(default_factory=dict, repr=False)


class BatchMode(StrEnum):
    IMMEDIATE = "immediate"
    COUNT = "count"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Batching:
    """When owed records become a delivery.

    immediate: each record at once. count: when ``count`` are waiting or the oldest is ``age`` old. window: at the times
    of ``cron`` in ``timezone`` (skipping federal holidays when ``working_days``). A delivery never exceeds ``limit``.
    """

    mode: BatchMode = BatchMode.IMMEDIATE
    count: int = 1
    age: timedelta = timedelta(minutes=5)
    cron: str | None = None
    timezone: str = "America/New_York"
    working_days: bool = False
    limit: int = 10_000


_AT_ONCE = Batching()


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Waits between attempts; after the last one the delivery is dead. Jitter is a share of each wait (0 to 0.5)."""

    waits: tuple[timedelta, ...]
    jitter: float = 0.2
    longest_retry_after: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    failures: int = 5
    """Consecutive transient failures that open the breaker."""
    rest: timedelta = timedelta(seconds=30)
    """How long it stays open before one probe; doubles up to ``longest_rest`` while probes fail."""
    longest_rest: timedelta = timedelta(minutes=30)


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
    retry: RetrySchedule = RetrySchedule(waits=())
    breaker: BreakerPolicy = BreakerPolicy()
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
    caller: Caller = KEYS_ONLY
    protection: Protection = PLAIN
    """How payloads to and from it are protected beyond TLS."""
    paused: bool = False
    version: int = 1

    def batching_of(self, kind: Kind) -> Batching:
        return self.batching.get(kind, _AT_ONCE)


class AgreementMode(StrEnum):
    DIRECT = "direct"
    """The record goes to the addressee that it names, or to ``recipient`` when its kind names none."""
    SUBSCRIPTION = "subscription"
    """``recipient`` gets a copy of every directly routed record that one of ``senders`` sends or receives."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What may flow from whom to whom, on which legal basis, from when to when."""

    key: AgreementKey
    mode: AgreementMode
    senders: frozenset[PartnerKey]
    recipient: PartnerKey
    kinds: frozenset[Kind]
    legal_basis: str
    valid_from: date
    valid_until: date | None = None
    """The last day on which it holds."""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tag of the facts -> the values that pass; all must hold."""
    purpose: str = ""
    """What the recipient may use it for, a word of the disclosure policy; empty: the purpose of its program."""
    requester: str = "agency"
    """On whose behalf the recipient gets it, a word of the disclosure policy (45 CFR 302.35(c))."""
    plain: bool = True
    """Payloads under it may be without wire protection. A partner file has to say so; what was stored before files
    could say it keeps flowing until its file is applied again."""
    tier: Tier = Tier.API_KEY
    """The weakest proof that its parties may call with; federal kinds ask for more by themselves."""
    version: int = 1

    def in_force(self, today: date) -> bool:
        return self.valid_from <= today and (self.valid_until is None or today <= self.valid_until)


# --- submissions and records ------------------------------------------------------------------------------------------


class SubmissionState(StrEnum):
    RECEIVED = "received"
    """Durable, not yet judged to the end."""
    JUDGED = "judged"


class RecordState(StrEnum):
    REFUSED = "refused"
    """The sender must mend it; its body is not kept."""
    UNROUTABLE = "unroutable"
    """Valid, but no agreement in force lets it leave; parked until one does."""
    WITHHELD = "withheld"
    """The disclosure guard keeps it back."""
    ROUTED = "routed"
    """At least one delivery is owed for it."""


@dataclass(frozen=True, slots=True)
class Counts:
    records: int = 0
    accepted: int = 0
    warned: int = 0
    """Accepted records with at least one warning."""
    refused: int = 0
    unroutable: int = 0
    withheld: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.records + other.records,
            self.accepted + other.accepted,
            self.warned + other.warned,
            self.refused + other.refused,
            self.unroutable + other.unroutable,
            self.withheld + other.withheld,
        )


@swift
class Submission:
    id: SubmissionId
    sender: PartnerKey
    idempotency_key: str
    body_digest: Digest
    body_size: int
    format: FormatName
    received_at: datetime
    state: SubmissionState
    receipt: bytes = field(repr=False)
    """The JSON document that answered the post; a repeat gets it again byte for byte."""
    counts: Counts = Counts()
    judged_at: datetime | None = None
    progress: int = 0
    """Records judged so far."""
    told: int = 0
    """Records judged before the last chunk: of all up to here the sender has been told what it is to be told. Whoever
    judges on tells it of the last chunk first, since nobody knows how far the one before came."""


@swift
class Record:
    """One stored record. ``sealed`` is the canonical XML under its own data key; None for a refused record."""

    id: RecordId
    submission: SubmissionId
    ordinal: int
    kind: Kind | None
    sender: PartnerKey
    recipient: PartnerKey | None
    """The direct recipient; subscribers are seen in the deliveries."""
    state: RecordState
    reason: str | None
    """Why it is refused, unroutable or withheld: a rule code or one of ``core.routing.Reason``."""
    transaction: str | None
    case_index: bytes | None = field(repr=False)
    """Blind index (keyed HMAC) of sender and case id: equal cases meet, the id is not readable."""
    serial: str | None
    digest: Digest | None
    """SHA-256 of the canonical XML."""
    sealed: bytes | None = field(repr=False)
    received_at: datetime = field(kw_only=True)
    bearing: str | None = field(default=None, kw_only=True)
    """What the disclosure guard knows of it (:class:`gateway.core.bearing.Bearing`); None for a refused record."""
    persons: bytes | None = field(default=None, repr=False, kw_only=True)
    """Blind indexes of the persons in it, one after the other."""
    index_key: str | None = field(default=None, kw_only=True)
    """The key of its blind indexes; None: the first one that this gateway had."""


# --- deliveries -------------------------------------------------------------------------------------------------------


class DeliveryState(StrEnum):
    PENDING = "pending"
    """Owed; due at ``due_at``."""
    CLAIMED = "claimed"
    """A dispatcher works on it until its lease ends."""
    WAITING = "waiting"
    """In the partner's mailbox, or handed over and waiting for the partner's acknowledgement."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Needs a person."""
    HELD = "held"
    """Kept back on purpose: the disclosure guard keeps it, or its bytes changed between attempts."""
    WITHHELD = "withheld"
    """One record of several that the disclosure guard took out of their delivery, so that the others could go on."""
    WITHDRAWN = "withdrawn"


class Fault(StrEnum):
    """Who must act on a dead letter; the three never mix in a list."""

    PARTNER = "partner"
    RECORD = "record"
    GATEWAY = "gateway"


@swift
class Delivery:
    """Records owed to one partner in one payload. Its id and its bytes stay the same through every attempt."""

    id: DeliveryId
    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    format: FormatName
    agreement: AgreementKey
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    records: int
    lane: bytes | None = field(default=None, repr=False)
    """Records with the same lane arrive in order (blind index of the case); None: no order asked."""
    number: int = 0
    """Running number for each (partner, sender, kind): the batch number of file formats."""
    attempts: int = 0
    digest: Digest | None = None
    size: int | None = None
    cause: str | None = None
    """Stable code of the last failure; dead letters are grouped by it."""
    fault: Fault | None = None
    answer: str | None = field(default=None, repr=False)
    settled_at: datetime | None = None


@swift
class Cargo:
    """What the disclosure guard must know of one record that a delivery carries."""

    record: RecordId
    bearing: str | None
    persons: bytes | None = field(repr=False)
    received_at: datetime


@swift
class Claimed:
    """A delivery under a lease, with the sealed records that it carries, in order."""

    delivery: Delivery
    records: tuple[tuple[RecordId, bytes], ...] = field(repr=False)
    cargo: tuple[Cargo, ...] = ()
    """One for each record, in order. Without it nothing leaves."""
    register: int = 0
    """Revision of the register of protected persons in the moment of the claim."""
    amended: Mapping[RecordId, str] = field(default_factory=dict)
    """Records of which something else is carried: the ids of the amendments whose sealed content is in ``records``."""


class Outcome(StrEnum):
    DELIVERED = "delivered"
    WAITING = "waiting"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    OURS = "ours"
    """A fault on our side: the delivery goes back as it was and nothing is counted."""


@swift
class Attempt:
    """One try at handing a delivery over."""

    delivery: DeliveryId
    number: int
    begun_at: datetime
    ended_at: datetime
    outcome: Outcome
    code: str | None = None
    answer: str | None = field(default=None, repr=False)


@swift
class Settlement:
    """What becomes of a claimed delivery. ``attempt`` None: nothing is counted (a fault of ours)."""

    delivery: DeliveryId
    owner: str
    state: DeliveryState
    due_at: datetime
    attempt: Attempt | None
    digest: Digest | None = None
    size: int | None = None
    cause: str | None = None
    fault: Fault | None = None
    findings: tuple[Finding, ...] = ()
    """What the payload could not carry; only of the attempt that first composed it."""
    apart: tuple[Apart, ...] = ()
    """Records that are taken out of it; the rest goes on as the delivery."""


@swift
class Item:
    """One record owed to one partner. ``delivery`` None: it waits to be gathered into a batch."""

    record: RecordId
    partner: PartnerKey
    sender: PartnerKey
    kind: Kind
    agreement: AgreementKey
    delivery: DeliveryId | None
    owed_at: datetime


# --- audit ------------------------------------------------------------------------------------------------------------


@swift
class Actor:
    """Who did it: ``partner:ohio``, ``operator:pat``, ``gateway:dispatcher``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@swift
class AuditEntry:
    """One state change or refusal, written in the transaction of the change.

    The leaf of the Merkle log is ``core.audit_entry.leaf(entry)``. ``details`` are small facts without personal data
    (codes, counts, digests, ids); the leaf carries only their salted commitment.
    """

    id: EntryId
    at: datetime
    actor: Actor
    action: str
    """A word of ``core.audit_entry.ACTIONS``."""
    object: str
    """``record:<id>``, ``delivery:<id>``, ``submission:<id>``, ``partner:<key>`` ..."""
    outcome: str
    details: Mapping[str, str | int]
    salt: bytes = field(repr=False)
    commitment: str | None = None
    """What the leaf says of details that were destroyed with their salt; None: they are here."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A record that is taken out of its delivery: the delivery of its own in which it stays, and the entry of that."""

    record: RecordId
    delivery: Delivery
    """``withheld``, with the reason as its cause; its number is given when it is written."""
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller of the API. ``partner`` None: an operator's key."""

    key_id: str
    scopes: frozenset[str]
    partner: PartnerKey | None = None
    operator: str | None = None
    tier: Tier = Tier.API_KEY
    """How it proved itself."""

    @property
    def actor(self) -> Actor:
        return Actor("partner", self.partner) if self.partner else Actor("operator", self.operator or "unknown")


@dataclass(frozen=True, slots=True)
class Page:
    """How much of a list is wanted: at most ``limit`` rows (1 to 500) after ``cursor`` (None: from the start)."""

    limit: int = 50
    cursor: str | None = None
