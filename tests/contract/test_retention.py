"""What is due is erased and nothing of it can be had back; what is not due, held or being sent stays; proofs hold."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import delete, select, update

from gateway.audit.proof import check_proof
from gateway.comparing import compare
from gateway.core.erasure import Erasure, Run, RunScope, RunState, Tally
from gateway.core.errors import Conflict, GatewayError
from gateway.core.labels import open_record
from gateway.core.model import (
    Actor,
    AdapterName,
    AgreementKey,
    Delivery,
    DeliveryId,
    DeliveryState,
    Digest,
    Endpoint,
    FormatName,
    Partner,
    RecordState,
    Role,
)
from gateway.core.ports.retention import Span
from gateway.core.ports.wire_keys import Payload
from gateway.core.retention import HoldScope, later
from gateway.core.routing import Directory
from gateway.retaining import eraser, local_desk
from gateway.store.tables import (
    attempts,
    audit_entries,
    deliveries,
    items,
    records,
    serials,
    submissions,
    wire_payloads,
)
from gateway.store.wire_payloads import StoredPayloads
from gateway.work.retention import Pace, Rounds
from tests.contract.archive import BEGIN, IOWA, LOCATE, LOCATE_ANSWER, OHIO, OPERATOR, TANF, TRANSFER, WAGE, archive

DAY = timedelta(days=1)
AFTER = later(BEGIN, 24) + DAY
"""24 months after entry and a day: 42 USC 653(i)(2)(A)."""


@pytest.fixture
async def site(tmp_path, sqlite_url):
    async with archive(tmp_path, sqlite_url) as opened:
        yield opened


@pytest.fixture
async def either(tmp_path, database_url):
    async with archive(tmp_path, database_url) as opened:
        yield opened


async def ids_left(site):
    """Records that still have a body."""
    async with site.base.stores.database.read() as connection:
        return set((await connection.execute(select(records.c.id).where(records.c.sealed.is_not(None)))).scalars())


KEYS_OF_INDEXES = ("blind index", "serial number")
"""What a page of an index that SQLite arranged anew may keep until the file is written anew (docs/retention.md)."""
ENDS = 12
"""Bytes at the end of a value by which it is looked for; all of them are random."""


def met(files, values):
    """Those of the values that stand in the files: one look at every place for how any of them ends."""
    ends = {value[-ENDS:] for value in values}
    there = ends.intersection(files[at : at + ENDS] for at in range(len(files)))
    return {value for value in values if value[-ENDS:] in there and value in files}


async def traces(site, kept):
    """What of these records, as they were stored, can still be found: bodies that open, and bytes in the files."""
    files = b"".join(site.files().values())
    derived = {
        "wrapped data key": [one.sealed[20:60] for one in kept],
        "blind index": [one.case_index for one in kept],
        "digest": [one.digest.encode() for one in kept],
        "indexes of persons": [one.persons for one in kept],
        "serial number": [one.serial.encode() for one in kept],
    }
    bodies = [record.sealed for record in kept]
    left = met(files, {*bodies, *chain.from_iterable(derived.values())})
    openable = 0
    for record in kept:
        stored = await site.base.stores.records.get(record.id)
        try:
            body = stored.sealed or (record.sealed if record.sealed in left else b"")
            openable += bool(open_record(site.base.sealer, record.id, body))
        except GatewayError:
            pass
    found = {name: sum(value in left for value in values) for name, values in derived.items()}
    return {"openable": openable} | {name: count for name, count in found.items() if count}


async def proof_of(site, record):
    await site.integrate()
    return await site.base.logbook.proof(record.id)


def holds(site, proof):
    return check_proof(proof, *(str(key) for key in site.base.logbook.verify_keys)).ok


@pytest.mark.claim("A31", "L10", "F09", control="test_without_a_run_everything_can_be_had_back")
async def test_after_retention_no_body_can_be_had_back_and_proofs_hold(site, claim):
    count = claim.size(push=1_000, night=10_000)
    kept = await site.fill(count)
    early = [await proof_of(site, record) for record in kept[:20]]
    site.now = AFTER
    erasing = eraser(site.base)
    done = await erasing.run(OPERATOR)
    left = await traces(site, kept)
    late = [await proof_of(site, record) for record in kept[:20]]
    claim.measured(f"{left['openable']} of {count} recoverable, {len(early) + len(late)} proofs hold")
    assert done.records == count
    assert left["openable"] == 0
    assert left.keys() <= {"openable", *KEYS_OF_INDEXES}
    await erasing.retention.vacuum()
    assert await traces(site, kept) == {"openable": 0}
    assert all(holds(site, proof) for proof in (*early, *late))
    report = await site.base.logbook.verify()
    assert not report.faults


async def test_without_a_run_everything_can_be_had_back(site):
    kept = await site.fill(20)
    site.now = AFTER
    outlook = await eraser(site.base).plan()
    assert outlook.due["ndnh"].records == 20
    found = await traces(site, kept)
    assert set(found.values()) == {20}


async def test_a_late_proof_keeps_the_details_closed_and_the_early_one_shows_them(site):
    (record,) = await site.fill(1)
    early = await proof_of(site, record)
    site.now = AFTER
    await eraser(site.base).run(OPERATOR)
    late = await proof_of(site, record)
    assert json.loads(early)["entries"][0]["details"]["sha256"] == record.digest
    shown = json.loads(late)["entries"]
    assert shown[0]["leaf"] == json.loads(early)["entries"][0]["leaf"]
    assert (shown[0]["details"], shown[0]["salt"]) == (None, None)


async def test_what_is_derived_goes_and_what_stays_is_what_is_stated(either):
    (record,) = await either.fill(1)
    either.now = AFTER
    await eraser(either.base).run(OPERATOR)
    async with either.base.stores.database.read() as connection:
        row = (await connection.execute(select(records))).one()
        posted = (await connection.execute(select(submissions))).one()
        carried = (await connection.execute(select(deliveries))).one()
        tried = (await connection.execute(select(attempts))).one()
        assert (await connection.execute(select(serials))).all() == []
        entries = (await connection.execute(select(audit_entries))).all()
    assert (row.sealed, row.case_index, row.serial, row.digest) == (None, None, None, None)
    assert (row.bearing, row.persons) == (None, None)
    assert (row.id, row.kind, row.sender, row.recipient) == (record.id, WAGE, OHIO, IOWA)
    assert (posted.receipt, posted.body_digest, posted.idempotency_key) == (b"", "", f"erased:{record.submission}")
    assert (carried.lane, carried.digest, carried.answer, tried.answer) == (None, None, None, None)
    closed = [entry.object.partition(":")[0] for entry in entries if not entry.salt]
    assert sorted(closed) == ["delivery", "record", "submission"]
    await either.integrate()
    assert (await compare(either.base.stores.standings, either.base.stores.audit)).first == (), "the log says why"
    assert record.digest not in "".join(entry.details for entry in entries)


async def test_no_digest_of_a_protected_payload_stays_when_its_last_record_is_erased(either):
    """Whoever knows the rest of a record can try by the digest of its bytes what the one value was."""
    old, *_ = await either.fill(1)
    either.now = BEGIN + DAY
    young, *_ = await either.fill(1)
    digests = ["1" * 64, "2" * 64]
    async with either.base.stores.database.read() as connection:
        ids = (await connection.execute(select(deliveries.c.id).order_by(deliveries.c.id))).scalars().all()
    for id_, digest in zip(ids, digests, strict=True):
        payload = Payload(id_, "wire:1", Digest(digest), Digest(digest[::-1]), 9, "text/plain", ".txt", b"sealed")
        await StoredPayloads(either.base.stores.database).keep(payload)
    either.now = later(BEGIN, 24) + timedelta(hours=1)
    await eraser(either.base).run(OPERATOR)
    assert await ids_left(either) == {young.id} != {old.id}
    async with either.base.stores.database.read() as connection:
        query = select(wire_payloads.c.inner, wire_payloads.c.digest).order_by(wire_payloads.c.delivery)
        assert [tuple(row) for row in await connection.execute(query)] == [("", ""), ("2" * 64, "2" * 64)]


async def test_the_desk_says_when_by_which_rule_and_which_policy_a_record_was_erased(site):
    (record,) = await site.fill(1)
    desk = await local_desk(site.base)
    assert await desk.erased(record.id) is None
    site.now = AFTER
    run = await eraser(site.base).run(OPERATOR)
    erasure = await desk.erased(record.id)
    assert (erasure.rule, erasure.policy, erasure.at, erasure.run) == ("ndnh", desk.schedule.version, AFTER, run.id)
    told = [step for step in await site.base.stores.records.trace(record.id) if step.action == "record.erased"]
    assert [(step.outcome, step.actor) for step in told] == [("ndnh", str(OPERATOR))]


async def test_nothing_goes_a_day_too_early(site):
    kept = await site.fill(3)
    site.now = later(BEGIN, 24) - DAY
    assert (await eraser(site.base).run(OPERATOR)).records == 0
    assert await ids_left(site) == {record.id for record in kept}


@pytest.mark.claim("L12", "H02", control="test_a_shorter_floor_lets_records_go_on_the_same_day")
@pytest.mark.parametrize(("kind", "months"), [(LOCATE, 36), (TRANSFER, 72), ("medical-support", 72)])
async def test_floors_are_kept(site, kind, months, claim):
    await site.fill(3, kind)
    site.now = later(BEGIN, months) - DAY
    early = (await eraser(site.base).run(OPERATOR)).records
    site.now = later(BEGIN, months) + DAY
    late = (await eraser(site.base).run(OPERATOR)).records
    claim.measured(f"{kind}: {early} of 3 before and {late} of 3 after {months} months")
    assert (early, late) == (0, 3)


async def test_a_shorter_floor_lets_records_go_on_the_same_day(site):
    await site.fill(3, LOCATE)
    site.now = later(BEGIN, 36) - DAY
    made = eraser(site.base)
    shorter = tuple(replace(rule, months=30) for rule in made.schedule.rules)
    assert (await replace(made, schedule=replace(made.schedule, rules=shorter)).run(OPERATOR)).records == 3


async def test_a_hold_keeps_what_it_covers_until_it_is_released(either):
    by_record, by_case, by_partner, other = [(await either.fill(1, to=(to,)))[0] for to in (IOWA, IOWA, TANF, IOWA)]
    known = Partner(TANF, "Tanf", Role.AGENCY, "IV-A", frozenset(), Endpoint(AdapterName.MAILBOX))
    desk = replace(await local_desk(either.base), directory=lambda: Directory([known], []))
    wanted = {HoldScope.RECORD: by_record.id, HoldScope.CASE: by_case.case_index.hex(), HoldScope.PARTNER: TANF}
    holds = [await desk.hold(OPERATOR, scope, what, "litigation") for scope, what in wanted.items()]
    either.now = AFTER
    outlook = await eraser(either.base).plan()
    assert (outlook.due["ndnh"].records, outlook.held["ndnh"].records) == (1, 3)
    await eraser(either.base).run(OPERATOR)
    assert await ids_left(either) == {by_record.id, by_case.id, by_partner.id}
    assert await desk.erased(other.id)
    for hold in holds:
        await desk.release(OPERATOR, hold.id, "settled")
    assert (await eraser(either.base).run(OPERATOR)).records == 3
    with pytest.raises(Conflict, match="nothing of it is left"):
        await desk.hold(OPERATOR, HoldScope.RECORD, other.id, "too late")


@pytest.mark.parametrize(
    ("scope", "what"), [(HoldScope.RECORD, "none"), (HoldScope.CASE, "not hex"), (HoldScope.PARTNER, "nobody")]
)
async def test_a_hold_on_what_there_is_not_is_refused(site, scope, what):
    desk = await local_desk(site.base)
    with pytest.raises(GatewayError, match="no such"):
        await desk.hold(OPERATOR, scope, what, "litigation")
    assert await desk.holds() == ()


async def test_a_ceiling_ends_deliveries_that_never_ended(either):
    (record,) = await either.accept()
    either.now = AFTER
    await eraser(either.base).run(OPERATOR)
    (delivery,) = await either.base.stores.records.deliveries(record.id)
    assert (delivery.state, delivery.cause) == (DeliveryState.WITHDRAWN, "retention")
    steps = [step.action for step in await either.base.stores.records.trace(record.id)]
    assert sorted(steps[-2:]) == ["delivery.withdrawn", "record.erased"]


async def test_a_record_that_is_being_handed_over_stays_until_the_next_run(site):
    (record,) = await site.accept()
    site.now = AFTER
    claimed = await site.claim()
    assert (await eraser(site.base).run(OPERATOR)).records == 0
    assert await ids_left(site) == {record.id}
    assert len(claimed) == 1


@asynccontextmanager
async def waiting_for_a_batch(site):
    """A record that is due and in no delivery yet; gives what erases it, as it was chosen."""
    (record,) = await site.accept()
    async with site.base.stores.database.write() as connection:
        await connection.execute(update(items).values(delivery=None))
        await connection.execute(delete(deliveries))
    site.now = AFTER
    retention = site.base.stores.retention
    run = Run(site.base.mint(), "p", "0" * 64, "test", AFTER, RunState.RUNNING, None, 0)
    await retention.begin(run, site.base.scribe.entry(OPERATOR, "retention.begun", f"retention:{run.id}"))
    erasure = Erasure(record.id, "ndnh", "p", run.id, AFTER, record.received_at)
    yield record, lambda: retention.erase(run, [erasure], [], [])


def batch_of(site, record):
    """A delivery that takes up what waits for it."""
    return Delivery(
        id=DeliveryId(site.base.mint()),
        partner=IOWA,
        sender=OHIO,
        kind=record.kind,
        format=FormatName("json"),
        agreement=AgreementKey("all"),
        state=DeliveryState.PENDING,
        created_at=AFTER,
        due_at=AFTER,
        records=1,
    )


async def test_a_record_that_came_into_a_delivery_since_it_was_chosen_stays_until_the_next_run(either):
    """Its bytes were gone and the delivery was pending: it was claimed, found nothing to send and died."""
    async with waiting_for_a_batch(either) as (record, erase):
        made = batch_of(either, record)
        assert await either.base.stores.deliveries.gather(IOWA, OHIO, record.kind, made, 10, []) == 1
        assert await erase() == ()
        assert await ids_left(either) == {record.id}
    await eraser(either.base).run(OPERATOR)
    (delivery,) = await either.base.stores.records.deliveries(record.id)
    assert (delivery.id, delivery.state, await ids_left(either)) == (made.id, DeliveryState.WITHDRAWN, set())


async def test_a_record_that_waits_for_its_batch_is_erased_and_owed_no_more(either):
    """The control: with nobody gathering it goes, and no delivery can take it up."""
    async with waiting_for_a_batch(either) as (record, erase):
        assert await erase() == (record.id,)
        made = batch_of(either, record)
        assert await either.base.stores.deliveries.gather(IOWA, OHIO, record.kind, made, 10, []) == 0


async def test_a_record_that_is_just_being_put_into_a_delivery_stays(tmp_path, postgres_url):
    async with archive(tmp_path, postgres_url) as site, waiting_for_a_batch(site) as (record, erase):
        async with site.base.stores.database.write() as gathering:
            await gathering.execute(select(items).with_for_update())
            assert await asyncio.wait_for(erase(), 60) == ()
        assert await ids_left(site) == {record.id}
        assert await erase() == (record.id,)


async def test_a_record_whose_delivery_is_just_being_claimed_stays(tmp_path, postgres_url):
    """It was erased while its bytes were on their way to the partner."""
    async with archive(tmp_path, postgres_url) as site:
        (record,) = await site.accept()
        (delivery,) = await site.base.stores.records.deliveries(record.id)
        site.now = AFTER
        run = Run(site.base.mint(), "p", "0" * 64, "test", AFTER, RunState.RUNNING, None, 0)
        erasure = Erasure(record.id, "ndnh", "p", run.id, AFTER, record.received_at)
        erase = site.base.stores.retention.erase
        async with site.base.stores.database.write() as claiming:
            claimed = update(deliveries).values(state=DeliveryState.CLAIMED.value)
            await claiming.execute(claimed)
            assert await asyncio.wait_for(erase(run, [erasure], [delivery.id], []), 60) == ()
        assert await erase(run, [erasure], [delivery.id], []) == (), "it is claimed now"
        async with site.base.stores.database.write() as connection:
            await connection.execute(update(deliveries).values(state=DeliveryState.PENDING.value))
        assert await erase(run, [erasure], [delivery.id], []) == (record.id,), "the control"


async def test_a_parked_record_that_was_erased_leaves_the_final_receipt_to_the_others(either):
    """It was parked for ever in the eyes of the receipt, which was never given."""
    parked, kept = await either.accept(count=2)
    async with either.base.stores.database.write() as connection:
        await connection.execute(delete(items).where(items.c.record == parked.id))
        unroutable = update(records).where(records.c.id == parked.id)
        await connection.execute(unroutable.values(state=RecordState.UNROUTABLE.value))
        await connection.execute(update(submissions).values(unroutable=1))
    await either.deliver()
    desk = await local_desk(either.base)
    await desk.hold(OPERATOR, HoldScope.RECORD, kept.id, "litigation")
    receipts = either.base.stores.receipts
    assert await receipts.open(parked.submission)
    assert await receipts.ended([parked.submission]) == {}
    either.now = AFTER
    assert (await eraser(either.base).run(OPERATOR)).records == 1
    assert not await receipts.open(parked.submission)
    ended = (await receipts.ended([parked.submission]))[parked.submission]
    assert (ended.records, ended.erased, [one.delivered for one in ended.shares]) == (2, 1, [1])


async def test_the_same_hold_set_twice_by_one_person_is_one(either):
    (record,) = await either.fill(1)
    desk = await local_desk(either.base)
    said = (OPERATOR, HoldScope.RECORD, record.id, "litigation")
    first, *again = await asyncio.gather(*(desk.hold(*said) for _ in range(3)))
    assert [one.id for one in again] == [first.id] * 2
    assert [one.id for one in await desk.holds()] == [first.id]
    told = [entry.action for _, entry in await either.base.stores.audit.about(f"hold:{first.id}")]
    assert told == ["hold.set"]
    other = await desk.hold(Actor("operator", "ben"), HoldScope.RECORD, record.id, "litigation")
    another = await desk.hold(OPERATOR, HoldScope.RECORD, record.id, "audit")
    assert len({first.id, other.id, another.id}) == len(await desk.holds()) == 3
    await desk.release(OPERATOR, first.id, "settled")
    assert (await desk.hold(*said)).id != first.id


async def test_a_floor_waits_for_what_is_on_its_way(site):
    await site.accept(LOCATE)
    site.now = later(BEGIN, 40)
    assert (await eraser(site.base).plan()).due == {}
    await site.deliver()
    site.now = later(site.now, 36) + DAY
    assert (await eraser(site.base).plan()).due["program"].records == 1


async def test_a_closed_case_goes_three_years_after_its_closing(site):
    case = b"k" * 16
    await site.fill(2, TRANSFER, case=case)
    site.now = BEGIN + 10 * DAY
    await site.fill(1, TRANSFER, case=case, transaction="MSC P GSC05")
    site.now = later(BEGIN + 10 * DAY, 36) - DAY
    assert (await eraser(site.base).plan()).due == {}
    site.now += 2 * DAY
    outlook = await eraser(site.base).plan()
    assert sum(tally.records for tally in outlook.due.values()) == 3


async def cut_off_after(number, site, chosen):
    """A run of somebody who dies after so many records."""

    class Cut(Exception):
        pass

    def cut(count):
        if count >= number:
            raise Cut

    with pytest.raises(Cut):
        await replace(chosen, pace=Pace(looked_at=10, batch=5)).run(OPERATOR, cut)
    (cut_off,) = await site.base.stores.retention.runs(5)
    return cut_off


async def test_a_run_that_was_cut_off_is_gone_on_with_and_has_one_certificate(either):
    kept = await either.fill(30)
    either.now = AFTER

    cut_off = await cut_off_after(10, either, eraser(either.base))
    assert cut_off.certificate is None
    assert len(await ids_left(either)) == 20
    ended = await eraser(either.base).run(OPERATOR)
    assert (ended.id, ended.records) == (cut_off.id, 30)
    certificate = json.loads(ended.certificate)
    assert certificate["classes"]["ndnh"]["records"] == certificate["records"] == len(kept)
    assert len(await either.base.stores.retention.runs(5)) == 1


async def test_two_runs_at_once_are_one_run_and_a_refusal(site):
    await site.fill(1)
    site.now = AFTER
    now = site.now
    await site.base.stores.leases.take("retention", "somebody else", now, now + DAY)
    with pytest.raises(Conflict, match="Another process"):
        await eraser(site.base).run(OPERATOR)


async def test_the_scheduler_erases_once_a_day(site):
    await site.fill(1)
    rounds = Rounds(eraser(site.base), DAY)
    site.now = AFTER
    for _ in range(3):
        await rounds.step()
    assert len(await site.base.stores.retention.runs(9)) == 1
    site.now += DAY
    await rounds.step()
    assert len(await site.base.stores.retention.runs(9)) == 2


async def test_a_submission_with_a_living_record_keeps_its_answer(site):
    first, second = await site.accept(count=2)
    await site.deliver()
    desk = await local_desk(site.base)
    await desk.hold(OPERATOR, HoldScope.RECORD, second.id, "litigation")
    site.now = AFTER
    await eraser(site.base).run(OPERATOR)
    assert await desk.erased(first.id)
    assert (await site.base.stores.submissions.get(second.submission)).receipt


# --- delivered and destroyed ------------------------------------------------------------------------------------------

CUSTODY = {"kind": LOCATE_ANSWER, "bearing": "FPLS for:custody"}


@pytest.mark.claim("L11", control="test_an_answer_for_another_purpose_stays")
async def test_a_locate_answer_in_a_custody_case_is_destroyed_once_the_requester_has_it(site, claim):
    count = claim.size(push=20, night=1_000)
    kept = await site.accept(count=count, **CUSTODY)
    await site.deliver(DeliveryState.WAITING)
    rounds = Rounds(eraser(site.base), DAY)
    await rounds.step()
    assert await ids_left(site) == {record.id for record in kept}
    await acknowledged(site, kept)
    await rounds.step()
    left = await traces(site, kept)
    claim.measured(f"{left['openable']} of {count} recoverable after the acknowledgement")
    assert left == {"openable": 0}
    assert (await (await local_desk(site.base)).erased(kept[0].id)).rule == "custody"


def switched_off(site):
    """What the scheduler does while retention is switched off."""
    everything = eraser(site.base)
    return Rounds(replace(everything, only=everything.schedule.at_once), None)


async def test_with_retention_switched_off_a_run_of_a_person_that_was_cut_off_is_left_for_that_person(either):
    await either.fill(30)
    either.now = AFTER
    cut_off = await cut_off_after(10, either, eraser(either.base))
    kept = await either.accept(count=2, **CUSTODY)
    await either.deliver()
    await switched_off(either).step()
    urgent, left = await either.base.stores.retention.runs(5)
    assert (urgent.records, urgent.scope, urgent.state) == (2, RunScope.AT_ONCE, RunState.DONE)
    assert await traces(either, kept) == {"openable": 0}
    assert (left.id, left.state, left.certificate) == (cut_off.id, RunState.RUNNING, None)
    ended = await eraser(either.base).run(OPERATOR)
    assert (ended.id, ended.records, ended.scope) == (cut_off.id, 30, RunScope.ALL)


async def test_with_retention_switched_off_the_scheduler_ends_a_run_of_its_own_that_was_cut_off(site):
    await site.accept(count=12, **CUSTODY)
    await site.deliver()
    rounds = switched_off(site)
    cut_off = await cut_off_after(5, site, rounds.eraser)
    await rounds.step()
    await rounds.step()
    (ended,) = await site.base.stores.retention.runs(5)
    assert (ended.id, ended.records, ended.state) == (cut_off.id, 12, RunState.DONE)
    assert json.loads(ended.certificate)["records"] == 12


async def test_a_run_of_all_goes_on_with_one_of_what_goes_at_once_and_makes_it_one_of_all(site):
    await site.accept(count=12, **CUSTODY)
    await site.deliver()
    cut_off = await cut_off_after(5, site, switched_off(site).eraser)
    ended = await eraser(site.base).run(OPERATOR)
    assert (ended.id, ended.records, ended.scope) == (cut_off.id, 12, RunScope.ALL)
    assert [run.scope for run in await site.base.stores.retention.runs(5)] == [RunScope.ALL]


async def test_what_names_the_usual_purpose_is_not_looked_at_every_minute(either):
    await either.fill(5, LOCATE_ANSWER, bearing="FPLS for:support")
    (custody,) = await either.fill(1, LOCATE_ANSWER, bearing="FPLS for:custody")
    retention = either.base.stores.retention
    found = await retention.candidates(Span(None, either.now, frozenset({"custody"})), frozenset(), 100)
    assert [one.candidate.id for one in found] == [custody.id]
    both = await retention.candidates(Span(None, either.now, frozenset({"custody", "support"})), frozenset(), 100)
    assert len(both) == 6
    assert await retention.candidates(Span(None, either.now, frozenset()), frozenset(), 100) == ()


async def acknowledged(site, kept):
    """The partner's word on everything that it got."""
    for record in kept:
        for one in await site.base.stores.records.deliveries(record.id):
            entry = site.base.scribe.entry(Actor("partner", IOWA), "delivery.acknowledged", f"delivery:{one.id}")
            await site.base.stores.desk.acknowledge(one.id, IOWA, accepted=True, reason="", now=site.now, entry=entry)


async def test_an_answer_for_another_purpose_stays(site):
    (record,) = await site.fill(1, LOCATE_ANSWER, bearing="FPLS for:support")
    await Rounds(eraser(site.base), DAY).step()
    assert await traces(site, [record]) == {
        "openable": 1,
        "wrapped data key": 1,
        "blind index": 1,
        "digest": 1,
        "indexes of persons": 1,
        "serial number": 1,
    }


async def test_what_came_from_the_directory_of_new_hires_is_told_by_its_label(site):
    await site.fill(1, LOCATE_ANSWER, bearing="FPLS NDNH")
    await site.fill(1, LOCATE_ANSWER, bearing="FPLS")
    site.now = AFTER
    assert (await eraser(site.base).plan()).due == {"ndnh": Tally(1, BEGIN, BEGIN)}
