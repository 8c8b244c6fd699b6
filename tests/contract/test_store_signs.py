"""The signs of work that a lookout reads, on both databases: each is there when its loop would find something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from gateway.core.ids import first_id
from gateway.core.model import DeliveryState, Digest, FormatName, JobId, Submission, SubmissionId, SubmissionState
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.jobs import Job
from gateway.core.ports.signs import GROWING, Sign
from gateway.store.audit import StoredAuditLog
from gateway.store.insertion import Insertion
from gateway.store.jobs import StoredJobs
from gateway.store.protection import grow
from gateway.store.receipts import StoredReceipts
from gateway.store.rows import ONLY_OF_BIG_BODIES, submission_row
from gateway.store.signs import StoredSigns
from gateway.store.spool import StoredSpool
from gateway.store.tables import audit_checkpoints, revisions, submissions
from tests.contract.owed import MINUTE, OHIO, Town

_SUBMISSIONS = Insertion(submissions, without=ONLY_OF_BIG_BODIES)
EVERY = frozenset(Sign)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def signs(database):
    return StoredSigns(database)


async def post(database, state, at):
    id_ = SubmissionId(first_id(at))
    row = submission_row(Submission(id_, OHIO, id_, Digest("0" * 64), 1, FormatName("xml"), at, state, b""))
    async with database.write() as connection:
        await _SUBMISSIONS.write(connection, [row])
    return id_


async def a_directory(database, _town):
    async with database.write() as connection:
        await connection.execute(insert(revisions).values(name="directory", value=7))


async def a_notice(database, _town):
    async with database.write() as connection:
        await grow(connection)


async def a_checkpoint(database, town):
    async with database.write() as connection:
        row = {"size": 9, "root": b"r", "note": "n", "at": town.now}
        await connection.execute(insert(audit_checkpoints).values(row))


async def an_entry(database, town):
    await StoredAuditLog(database).write([town.entry("record.read", "record:1")])


async def a_due_delivery(database, town):
    await town.owe(database)


async def a_claim_that_ran_out(database, town):
    (delivery,) = await town.owe(database, state=DeliveryState.CLAIMED)
    async with database.write() as connection:
        await connection.execute(
            text("UPDATE deliveries SET lease_until = 1, lease_owner = 'a' WHERE id = :id"), {"id": delivery.id}
        )


async def a_record_that_waits(database, town):
    await town.wait_for_batch(database, 1)


async def a_body(database, town):
    await post(database, SubmissionState.RECEIVED, town.now)


async def a_job(database, town):
    store, job = StoredJobs(database), JobId(town.mint())
    plan = Job(job, "retry", "ticket 7", "operator:pat", "planned", town.now, 0, 0, 0)
    await store.plan(plan, DeliveryQuery(), [], town.entry("job.planned", f"job:{job}"))
    await store.start(job, town.entry("job.started", f"job:{job}"))


async def an_old_submission(database, town):
    await post(database, SubmissionState.JUDGED, town.now - 16 * MINUTE)


async def a_receipt_that_is_owed(database, town):
    id_ = await post(database, SubmissionState.JUDGED, town.now)
    await StoredReceipts(database).looked({id_: town.now}, None)


@pytest.mark.parametrize(
    ("sign", "happens"),
    [
        (Sign.DIRECTORY, a_directory),
        (Sign.REGISTER, a_notice),
        (Sign.HEAD, a_checkpoint),
        (Sign.ENTRIES, an_entry),
        (Sign.DUE, a_due_delivery),
        (Sign.EXPIRED, a_claim_that_ran_out),
        (Sign.GATHERING, a_record_that_waits),
        (Sign.RECEIVED, a_body),
        (Sign.JOBS, a_job),
        (Sign.RECEIPTS, an_old_submission),
        (Sign.RECEIPTS, a_receipt_that_is_owed),
    ],
)
async def test_a_sign_is_there_once_its_loop_has_something_to_do(database, town, signs, sign, happens):
    before = await signs.read(EVERY, town.now)
    assert before == dict.fromkeys(EVERY, 0)
    await happens(database, town)
    after = await signs.read(EVERY, town.now)
    beside = {Sign.ENTRIES} if happens is a_job else set()  # its start is an entry
    assert {one for one, value in after.items() if value} == {sign} | beside
    assert after[sign] > 1 or sign not in {Sign.DIRECTORY, Sign.HEAD}


async def test_what_nobody_may_take_yet_is_no_sign(database, town, signs):
    await town.owe(database, due_at=town.later())
    (paused,) = await town.owe(database, state=DeliveryState.CLAIMED)
    later = (town.later() - town.now) // timedelta(microseconds=1)
    async with database.write() as connection:
        claim = text("UPDATE deliveries SET lease_until = announce_at + :later, lease_owner = 'a' WHERE id = :id")
        await connection.execute(claim, {"id": paused.id, "later": later})
    await post(database, SubmissionState.RECEIVED, town.now)
    await StoredSpool(database, town.clock).claim("a", town.now, town.later())
    assert not any((await signs.read(EVERY, town.now)).values())
    assert {one for one, value in (await signs.read(EVERY, town.later())).items() if value} == {
        Sign.DUE,
        Sign.EXPIRED,
        Sign.RECEIVED,
    }


async def test_only_what_is_wanted_is_read(town, signs):
    assert await signs.read(GROWING, town.now) == dict.fromkeys(GROWING, 0)
