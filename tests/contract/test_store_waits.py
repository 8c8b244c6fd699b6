"""What waits in the store, as admission control asks for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.core.admission import Owed, Waiting
from gateway.core.model import DeliveryState, Digest, FormatName, Submission, SubmissionId, SubmissionState
from gateway.store.insertion import Insertion
from gateway.store.rows import ONLY_OF_BIG_BODIES, delivery_row, submission_row
from gateway.store.spool import StoredSpool
from gateway.store.tables import deliveries, submissions
from gateway.store.waits import StoredWaits
from tests.contract.owed import INDIANA, MINUTE, OHIO, TEXAS, Town

_SUBMISSIONS = Insertion(submissions, without=ONLY_OF_BIG_BODIES)


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def waits(database):
    return StoredWaits(database)


async def test_nothing_waits_in_an_empty_store(waits):
    assert await waits.look() == Waiting(None, ())


async def test_the_oldest_due_delivery_of_each_partner_and_what_is_under_way(database, waits, town):
    early, late = town.now, town.later(5 * MINUTE)
    rows = [
        town.delivery(OHIO, due_at=late),
        town.delivery(OHIO, due_at=early),
        town.delivery(OHIO, due_at=early - MINUTE, state=DeliveryState.CLAIMED),
        town.delivery(OHIO, due_at=early - MINUTE, state=DeliveryState.DEAD),
        town.delivery(TEXAS, due_at=early - MINUTE, state=DeliveryState.CLAIMED),
        town.delivery(INDIANA, due_at=early - MINUTE, lane=b"case"),
        town.delivery(INDIANA, due_at=late),
    ]
    async with database.write() as connection:
        await Insertion(deliveries, without=("lease_owner", "lease_until", "edition")).write(
            connection, [delivery_row(row, row.due_at) for row in rows]
        )
    assert sorted((await waits.look()).owed, key=lambda one: one.partner) == [
        Owed(INDIANA, late, 0),
        Owed(OHIO, early, 1),
    ]


async def test_the_oldest_submission_that_nobody_has_judged(database, waits, town):
    def posted(state, minutes):
        at = town.now - timedelta(minutes=minutes)
        id_ = SubmissionId(town.mint())
        digest = Digest("0" * 64)
        return submission_row(Submission(id_, OHIO, id_, digest, 1, FormatName("xml"), at, state, b""))

    async with database.write() as connection:
        received, judged = SubmissionState.RECEIVED, SubmissionState.JUDGED
        await _SUBMISSIONS.write(connection, [posted(received, 3), posted(received, 7), posted(judged, 9)])
    assert (await waits.look()).unjudged_since == town.now - timedelta(minutes=7)
    await StoredSpool(database, town.clock).claim("a", town.now, town.later())
    assert (await waits.look()).unjudged_since == town.now - timedelta(minutes=3), (
        "what was begun closes the door to nobody"
    )
