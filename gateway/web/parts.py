"""Everything that the web needs from the rest of the gateway, as one value; the composition root fills it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date

from gateway.core.attestation import NO_TEXT, Attestation
from gateway.core.audit_entry import Scribe
from gateway.core.bridge import Bridging
from gateway.core.crypto_module import UNKNOWN, ModuleReport
from gateway.core.ids import Clock, Mint, Random
from gateway.core.model import AuditEntry, Delivery, FormatName, Kind, PartnerKey, RecordId, Severity
from gateway.core.policies import Policies
from gateway.core.ports.accounts import ApiKeys, Operators
from gateway.core.ports.admission import Admission
from gateway.core.ports.amendments import AmendmentDesk
from gateway.core.ports.approvals import Approvals
from gateway.core.ports.audit_log import AuditLog
from gateway.core.ports.callers import Proofs
from gateway.core.ports.danger_changes import NO_CLOCKS, DangerClocks
from gateway.core.ports.deliveries import DeliveryDesk
from gateway.core.ports.devices import Devices
from gateway.core.ports.disclosures import Disclosures
from gateway.core.ports.factors import Factors
from gateway.core.ports.formats import CanonicalForm, FormatInfo
from gateway.core.ports.glass import GlassDesk
from gateway.core.ports.health import Health
from gateway.core.ports.held_bodies import HeldBodies
from gateway.core.ports.incidents import NO_INCIDENTS, IncidentClocks
from gateway.core.ports.intake import IntakeDesk
from gateway.core.ports.jobs import Jobs
from gateway.core.ports.key_report import KeyReport, no_keys
from gateway.core.ports.keys import Indexer, Sealer, TokenHasher
from gateway.core.ports.login_failures import LoginFailures
from gateway.core.ports.mailbox import Mailbox
from gateway.core.ports.overrides import CourtDesk
from gateway.core.ports.partners import Partners
from gateway.core.ports.protection import Messages, PartnerKeys
from gateway.core.ports.queries import Queries
from gateway.core.ports.readings import Readings
from gateway.core.ports.receipts import ReceiptDesk
from gateway.core.ports.records import Records
from gateway.core.ports.retention import RetentionDesk
from gateway.core.ports.stamps import Stamps
from gateway.core.ports.submissions import Submissions
from gateway.core.ports.turns import Turns
from gateway.core.routing import Directory
from gateway.web.readiness import Check

CurrentDirectory = Callable[[], Awaitable[Directory]]
"""The present picture of partners and agreements; cheap to call (kept in memory, refreshed by its owner)."""
ProofOf = Callable[[RecordId, Callable[[AuditEntry], bool]], Awaitable[str | None]]
"""The proof file of what the log says about a record, with the details of those entries that the second says; None
while the log has not numbered it yet."""


def _counts_nothing(_partner: PartnerKey, _why: str) -> None:
    """Where nobody counts."""


CaseUnknown = Callable[[Delivery], Awaitable[None]]
"""Answers the sender of a delivery in its partner's name: there is no such case."""


async def _says_nothing(_delivery: Delivery) -> None:
    """Where nobody answers in a partner's name."""


class Unbounded:
    """An :class:`~gateway.core.ports.admission.Admission` that lets everybody in: for where nobody submits."""

    def enter(self, caller: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the port's argument
        return nullcontext()

    async def check(self) -> None:
        """Always open."""


_UNBOUNDED = Unbounded()


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The published audit log; both give None for what there is not."""

    checkpoint: Callable[[], Awaitable[str | None]]
    """The newest checkpoint, a signed note."""
    file: Callable[[str], Awaitable[bytes | None]]
    """The path under the log's prefix (``tile/...``) -> its bytes."""
    stamps: Stamps | None = None
    """Time stamps of checkpoints; None: none are published."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """What people may read of one rule."""

    code: str
    title: str
    fix: str
    severity: Severity
    field: str | None = None
    source: str = ""
    kinds: tuple[str, ...] = ()
    """Kinds or formats to which it applies; empty: all."""
    since: date | None = None
    until: date | None = None
    """The last day on which it holds."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports that the API and the console speak to."""

    clock: Clock
    mint: Mint
    random: Random
    scribe: Scribe
    intake: IntakeDesk
    queries: Queries
    submissions: Submissions
    held_bodies: HeldBodies
    receipts: ReceiptDesk
    records: Records
    desk: DeliveryDesk
    mailbox: Mailbox
    jobs: Jobs
    partners: Partners
    directory: CurrentDirectory
    callers: ApiKeys
    proofs: Proofs
    operators: Operators
    factors: Factors
    devices: Devices
    login_failures: LoginFailures
    readings: Readings
    glass: GlassDesk
    approvals: Approvals
    amendments: AmendmentDesk
    health: Health
    audit: AuditLog
    retention: RetentionDesk
    sealer: Sealer
    indexer: Indexer
    hasher: TokenHasher
    canonical: CanonicalForm
    formats: Mapping[FormatName, FormatInfo]
    kinds: Mapping[Kind, str]
    """Kind -> its title."""
    rules: Mapping[str, RuleText]
    """Rule code -> its text."""
    proof: ProofOf
    log: LogFiles
    checks: Mapping[str, Check]
    """Name -> readiness check: ``store``, ``broker``, ``keys`` ..."""
    version: str
    messages: Messages
    partner_keys: PartnerKeys
    gateway_name: str
    """The gateway's name in protected messages."""
    disclosures: Disclosures
    court: CourtDesk
    turns: Turns | None = None
    """Which files were taken last; None: nobody asks for the order of files."""
    case_unknown: CaseUnknown = _says_nothing
    unfit: Callable[[PartnerKey, str], None] = _counts_nothing
    """Told of each acknowledgement that does not fit what was sent: whose, and why."""
    danger_clocks: DangerClocks = NO_CLOCKS
    incident_clocks: IncidentClocks = NO_INCIDENTS
    key_report: KeyReport = no_keys
    modules: ModuleReport = UNKNOWN
    bridging: Bridging = field(default_factory=Bridging)
    """By which the format of what is owed is chosen."""
    attestation: Attestation = NO_TEXT
    """What is attested with requests to find persons."""
    policies: Policies | None = None
    """Which policies are in force, and who signed them; None: not told here."""
    admission: Admission = _UNBOUNDED
