"""Findings on deliveries, what a delivery carries, and which record answers which: the same on both databases."""

from dataclasses import replace

import pytest

from gateway.core.model import DeliveryState, Finding, Kind, Path, RecordState, RuleCode, Settlement, Severity
from gateway.store.deliveries import StoredDeliveries
from gateway.store.desk import StoredDesk
from gateway.store.intake import StoredIntake
from gateway.store.records import StoredRecords
from tests.contract.owed import Town, ids
from tests.contract.store_samples import IOWA, OHIO, one_record

LOST = Finding(RuleCode("FIX-NOT-CARRIED"), Severity.NOTICE, path=Path("Case/X"), note="2 times")
WIDE = Finding(RuleCode("FIX-WIDTH"), Severity.ERROR, record=2, field="Name", start=10, length=25, note="expected 25")


@pytest.fixture
def town():
    return Town()


@pytest.fixture
def store(database):
    return StoredDeliveries(database)


@pytest.fixture
def desk(database):
    return StoredDesk(database)


async def test_findings_come_back_in_their_order_and_belong_to_their_delivery(store, desk, town, database):
    first, second = await town.owe(database, 2)
    await store.claim(ids([first, second]), "a", town.now, town.later())
    lossy = replace(town.delivered(second, "a"), findings=(WIDE, LOST))
    await store.settle([town.delivered(first, "a"), lossy], [])
    assert await desk.findings(first.id) == ()
    assert await desk.findings(second.id) == (WIDE, LOST)


async def test_findings_of_a_delivery_that_is_not_held_any_more_are_not_written(store, desk, town, database):
    (owed,) = await town.owe(database)
    await store.claim([owed.id], "a", town.now, town.later())
    late = Settlement(owed.id, "somebody else", DeliveryState.DELIVERED, town.now, None, findings=(LOST,))
    assert await store.settle([late], []) == ()
    assert await desk.findings(owed.id) == ()


async def test_what_is_found_when_it_is_composed_anew_takes_the_place_of_what_was_found_before(
    store, desk, town, database
):
    (owed,) = await town.owe(database)
    for found in ((WIDE, LOST), (LOST,)):
        await store.claim([owed.id], "a", town.now, town.later())
        again = Settlement(owed.id, "a", DeliveryState.PENDING, town.now, None, findings=found)
        await store.settle([again], [])
    assert await desk.findings(owed.id) == (LOST,)


async def test_a_delivery_tells_the_first_records_that_it_carries_with_their_bodies(desk, town, database):
    owed, _other = await town.owe(database, 2, records=3)
    carried = await desk.carried(owed.id, 2)
    assert len(carried) == 2
    assert [one.id for one in carried] == sorted(one.id for one in carried)
    assert all(one.sealed == f"sealed {one.id}".encode() for one in carried)


async def test_an_answer_knows_the_question_that_was_found_for_it(database):
    intake, records = StoredIntake(database), StoredRecords(database)
    asked, told, other = (one_record(key, to=(IOWA,), sender=OHIO) for key in ("asked", "told", "other"))
    (question,), (answer,), (stranger,) = asked.judged, told.judged, other.judged
    told = replace(told, judged=(replace(answer, question=question.record.id),))
    for offer in (asked, told, other):
        await intake.accept(offer)
    found = await records.questions([answer.record.id, stranger.record.id])
    assert found == {answer.record.id: (question.record.id, question.record.sealed)}


async def test_routed_records_are_found_by_any_of_their_cases_the_newest_first(database):
    intake, records = StoredIntake(database), StoredRecords(database)
    cases = [bytes([n]) * 16 for n in range(3)]
    offers = [one_record(f"key-{n}", to=(IOWA,), case=case) for n, case in enumerate((*cases, cases[0]))]
    parked = one_record("parked", state=RecordState.UNROUTABLE, case=cases[0])
    for offer in (*offers, parked):
        await intake.accept(offer)
    first, second, _third, again = (offer.judged[0].record for offer in offers)
    many = [index.to_bytes(16, "big") for index in range(1, 6_000)]
    found = await records.of_cases(first.kind, [*many, *cases[:2]])
    assert [one.id for one in found] == [again.id, second.id, first.id]
    assert await records.of_cases(Kind("wage"), cases) == ()
    assert await records.of_cases(first.kind, []) == ()
