"""The foundation: what every process and every command stands on. Settings in, catalog, keys and stores out."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.audit.cosignature import WitnessKey
from gateway.clock import utc_now
from gateway.core.audit_entry import Scribe
from gateway.core.errors import Misconfigured
from gateway.core.ids import Clock, Mint, Random, drawn_ahead, minting
from gateway.core.policies import Policies
from gateway.fips import refuse_unfit
from gateway.floors import refuse_old_libraries
from gateway.heads import Heads
from gateway.key_secrets import passphrase, token_address
from gateway.logbook import Logbook
from gateway.policies import policies_in_force
from gateway.settings import Settings
from gateway.store.accounting import StoredAccounting
from gateway.store.amendments import StoredAmendments
from gateway.store.approvals import StoredApprovals
from gateway.store.audit import StoredAuditLog
from gateway.store.callers import StoredApiKeys
from gateway.store.danger_changes import StoredDangerChanges
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.devices import StoredDevices
from gateway.store.engine import Database, Limits, open_database
from gateway.store.factors import StoredFactors
from gateway.store.glass import StoredGlass
from gateway.store.health import StoredHealth
from gateway.store.held_bodies import StoredHeldBodies
from gateway.store.holds import StoredExtracts, StoredHolds
from gateway.store.incident_register import StoredIncidentRegister
from gateway.store.indexed import StoredIndexed
from gateway.store.intake import StoredIntake
from gateway.store.jobs import StoredJobs
from gateway.store.key_notices import StoredKeyNotices
from gateway.store.leases import StoredLeases
from gateway.store.login_failures import StoredLoginFailures
from gateway.store.mailbox import StoredMailbox
from gateway.store.nonces import StoredNonces
from gateway.store.operators import StoredOperators
from gateway.store.overrides import StoredOverrides
from gateway.store.partners import StoredPartners
from gateway.store.prohibitions import StoredProhibitions
from gateway.store.protection import StoredNotices
from gateway.store.readings import StoredReadings
from gateway.store.receipts import StoredReceipts
from gateway.store.records import StoredRecords
from gateway.store.retention import StoredRetention
from gateway.store.sealed import StoredSealed
from gateway.store.signs import StoredSigns
from gateway.store.spool import StoredSpool
from gateway.store.stamps import StoredStamps
from gateway.store.standings import StoredStandings
from gateway.store.submissions import StoredSubmissions
from gateway.store.times import StoredTimes
from gateway.store.turns import StoredTurns
from gateway.store.waits import StoredWaits
from gateway.store.wire_keys import StoredWireKeys
from gateway.store.wire_payloads import StoredPayloads
from gateway.tools import Speech, Tools, speech, tools
from gateway.transports import database_transport
from keys.files import FileKeys
from keys.head_file import FILE_NAME as HEAD_FILE
from keys.head_file import HeadFile
from keys.keyfile import Rounds, Stretch
from keys.sealing import EnvelopeSealer
from keys.snapshot import KeySnapshot

SECRET_LIMIT = 64 * 2**10
"""Bytes of one credential file."""


@dataclass(frozen=True, slots=True)
class Stores:
    """One object a noun, all over the same database."""

    database: Database
    intake: StoredIntake
    spool: StoredSpool
    held_bodies: StoredHeldBodies
    submissions: StoredSubmissions
    receipts: StoredReceipts
    records: StoredRecords
    deliveries: StoredDeliveries
    desk: StoredDesk
    mailbox: StoredMailbox
    jobs: StoredJobs
    partners: StoredPartners
    callers: StoredApiKeys
    nonces: StoredNonces
    operators: StoredOperators
    health: StoredHealth
    leases: StoredLeases
    audit: StoredAuditLog
    stamps: StoredStamps
    waits: StoredWaits
    signs: StoredSigns
    sealed: StoredSealed
    indexed: StoredIndexed
    key_notices: StoredKeyNotices
    wire_keys: StoredWireKeys
    wire_payloads: StoredPayloads
    approvals: StoredApprovals
    amendments: StoredAmendments
    retention: StoredRetention
    holds: StoredHolds
    extracts: StoredExtracts
    accounting: StoredAccounting
    factors: StoredFactors
    devices: StoredDevices
    login_failures: StoredLoginFailures
    notices: StoredNotices
    turns: StoredTurns
    danger_changes: StoredDangerChanges
    overrides: StoredOverrides
    prohibitions: StoredProhibitions
    readings: StoredReadings
    incidents: StoredIncidentRegister
    glass: StoredGlass
    times: StoredTimes
    standings: StoredStandings


def stores(database: Database, clock: Clock, announce_grace: timedelta) -> Stores:
    return Stores(
        database=database,
        intake=StoredIntake(database, announce_grace),
        spool=StoredSpool(database, clock, announce_grace),
        held_bodies=StoredHeldBodies(database),
        submissions=StoredSubmissions(database),
        receipts=StoredReceipts(database),
        records=StoredRecords(database, announce_grace),
        deliveries=StoredDeliveries(database),
        desk=StoredDesk(database),
        mailbox=StoredMailbox(database),
        jobs=StoredJobs(database),
        partners=StoredPartners(database, clock),
        callers=StoredApiKeys(database, clock),
        nonces=StoredNonces(database, clock),
        operators=StoredOperators(database),
        health=StoredHealth(database),
        leases=StoredLeases(database),
        audit=StoredAuditLog(database),
        stamps=StoredStamps(database),
        notices=StoredNotices(database),
        danger_changes=StoredDangerChanges(database),
        incidents=StoredIncidentRegister(database),
        glass=StoredGlass(database),
        overrides=StoredOverrides(database),
        prohibitions=StoredProhibitions(database),
        readings=StoredReadings(database),
        waits=StoredWaits(database),
        signs=StoredSigns(database),
        sealed=StoredSealed(database),
        indexed=StoredIndexed(database),
        key_notices=StoredKeyNotices(database),
        wire_keys=StoredWireKeys(database),
        wire_payloads=StoredPayloads(database),
        approvals=StoredApprovals(database),
        amendments=StoredAmendments(database, clock),
        retention=StoredRetention(database),
        holds=StoredHolds(database),
        extracts=StoredExtracts(database),
        accounting=StoredAccounting(database),
        factors=StoredFactors(database),
        devices=StoredDevices(database),
        login_failures=StoredLoginFailures(database),
        turns=StoredTurns(database),
        times=StoredTimes(database),
        standings=StoredStandings(database),
    )


@dataclass(frozen=True, slots=True)
class Foundation:
    settings: Settings
    clock: Clock
    random: Random
    mint: Mint
    scribe: Scribe
    speech: Speech
    policies: Policies
    keys: FileKeys
    sealer: EnvelopeSealer
    tools: Tools
    stores: Stores
    logbook: Logbook
    heads: Heads

    def snapshot(self) -> KeySnapshot:
        """The keys as they are now, for worker processes."""
        return self.keys.snapshot()


class SecretFolder:
    """Credentials that partner files name: one file each in one private directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def secret(self, name: str) -> bytes:
        """The bytes of the credential, without a final line end. Raises Misconfigured when there is none."""
        if not name or Path(name).name != name or name.startswith("."):
            raise Misconfigured("A credential is named by a plain file name.", code="secret-name")
        try:
            with (self._directory / name).open("rb") as file:
                return file.read(SECRET_LIMIT).rstrip(b"\r\n")
        except OSError as error:
            raise Misconfigured(f"There is no credential {name} ({error.strerror}).", code="secret-missing") from None
        except ValueError:  # a NUL, or what no file system can write
            raise Misconfigured("A credential is named by a plain file name.", code="secret-name") from None


def stretch(settings: Settings) -> Stretch | Rounds:
    """How a passphrase becomes the key of the key file."""
    return Rounds() if settings.crypto.restricted else Stretch()


def open_keys(settings: Settings, clock: Clock) -> FileKeys:
    return FileKeys.load(
        settings.keys.directory,
        passphrase(settings.keys),
        clock=clock,
        random=secrets.token_bytes,
        stretch=stretch(settings),
        token=token_address(settings.keys),
    )


def _heads(settings: Settings, stored: Stores) -> Heads:
    """Raises Misconfigured when the key of a witness is none."""
    chosen = settings.audit
    keys = tuple(WitnessKey.parse(text) for one in chosen.witnesses for text in (one.key, one.post_quantum_key) if text)
    patience = timedelta(seconds=chosen.witness_patience_seconds)
    return Heads(stored.audit, keys, chosen.witnesses_needed, patience)


@asynccontextmanager
async def foundation(
    settings: Settings, *, announce_grace: timedelta = timedelta(), clock: Clock = utc_now, warm: bool = False
) -> AsyncIterator[Foundation]:
    """Everything opened, closed again in the end. Raises Misconfigured when libraries are too old,
    when keys, catalog or database are not ready, and when too few signed the policies (``policy-not-signed``)."""
    refuse_old_libraries()
    refuse_unfit(settings)
    spoken = speech(warm=warm, drafts=settings.drafts)
    policies = policies_in_force(settings, spoken)
    keys = open_keys(settings, clock)
    sealer = keys.sealer()
    database = open_database(settings.db.url, Limits(pool_size=settings.db.pool), database_transport(settings))
    ahead = drawn_ahead(os.urandom)
    mint = minting(clock, ahead)
    stored = stores(database, clock, announce_grace)
    heads = _heads(settings, stored)
    memory = HeadFile(settings.audit.head_file or settings.keys.directory / HEAD_FILE)
    try:
        yield Foundation(
            settings=settings,
            clock=clock,
            random=os.urandom,
            mint=mint,
            scribe=Scribe(clock, mint, ahead),
            speech=spoken,
            policies=policies,
            keys=keys,
            sealer=sealer,
            tools=tools(spoken, sealer, keys.indexer()),
            stores=stored,
            logbook=Logbook(stored.audit, keys.signer(settings.log_name), keys.public_keys, memory, heads),
            heads=heads,
        )
    finally:
        await stored.intake.close()
        await database.dispose()
