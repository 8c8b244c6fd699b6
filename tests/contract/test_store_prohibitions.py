"""Answers that were kept back because of danger, and about which nothing was told yet, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from gateway.core.disclosure import DANGER, Withheld
from gateway.core.model import DeliveryState, Kind, RecordId, RecordState
from gateway.core.ports.prohibitions import TOLD
from gateway.store.intake import StoredIntake
from gateway.store.prohibitions import StoredProhibitions
from gateway.store.tables import deliveries
from tests.contract.store_samples import LOCATE, TANF, acceptance, judged_record, one_record, submission

OTHER = Kind("new-hire")
BEGINNING = RecordId("")


@pytest.fixture
def store(database):
    return StoredProhibitions(database)


async def kept(database, key, reason=Withheld.PROTECTED_PERSON, state=RecordState.WITHHELD):
    """The id of a record in this state for this reason."""
    posted = submission(key)
    one = judged_record(posted.id, state=state)
    one = replace(one, record=replace(one.record, reason=str(reason)))
    await StoredIntake(database).accept(acceptance(posted, one))
    return one.record.id


async def leaving(database, key, state, cause):
    """The same of a record that was routed, and whose delivery ended so."""
    posted = one_record(key)
    await StoredIntake(database).accept(posted)
    (one,) = posted.judged
    async with database.write() as connection:
        mine = update(deliveries).where(deliveries.c.id == one.deliveries[0].id)
        await connection.execute(mine.values(state=state.value, cause=str(cause)))
    return one.record.id


async def test_what_was_kept_because_of_danger_is_found_by_its_kind_in_order_and_page_by_page(store, database):
    found = [await kept(database, f"k-{reason}", reason) for reason in sorted(DANGER)]
    found.append(await leaving(database, "l-1", DeliveryState.HELD, Withheld.FAMILY_VIOLENCE))
    found.append(await leaving(database, "l-2", DeliveryState.WITHHELD, Withheld.PROTECTED_PERSON))
    assert await store.untold({LOCATE, OTHER}, BEGINNING, 10) == tuple(found)
    assert await store.untold({LOCATE}, BEGINNING, 2) == tuple(found[:2])
    assert await store.untold({LOCATE}, found[1], 2) == tuple(found[2:4])
    assert await store.untold({OTHER}, BEGINNING, 10) == ()


async def test_other_reasons_and_states_are_not_found(store, database):
    await kept(database, "label", Withheld.LABEL)
    await kept(database, "parked", "agreement-missing", RecordState.UNROUTABLE)
    await leaving(database, "delivered", DeliveryState.DELIVERED, Withheld.PROTECTED_PERSON)
    await leaving(database, "held", DeliveryState.HELD, "payload-changed")
    await StoredIntake(database).accept(one_record("routed"))
    assert await store.untold({LOCATE}, BEGINNING, 10) == ()


async def test_what_its_sender_was_said_to_tell_is_found_no_more_and_another_senders_word_is_none(store, database):
    record = await kept(database, "k")
    await StoredIntake(database).accept(one_record(f"{TOLD}{record}", sender=TANF))
    assert await store.untold({LOCATE}, BEGINNING, 10) == (record,)
    await StoredIntake(database).accept(one_record(f"{TOLD}{record}"))
    assert await store.untold({LOCATE}, BEGINNING, 10) == ()
