"""Rows beside the entries that speak of them, on both stores: a state that somebody changed by hand is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.comparing import compare
from gateway.core.model import RecordState
from gateway.core.ports.audit_log import Checkpoint
from gateway.core.standing import Contradiction
from gateway.store import standings as module
from gateway.store.audit import StoredAuditLog
from gateway.store.engine import open_database
from gateway.store.erasing import close_details
from gateway.store.intake import StoredIntake
from gateway.store.standings import StoredStandings
from tests.contract.store_samples import (
    ACTOR,
    IOWA,
    NOW,
    TANF,
    acceptance,
    judged_record,
    one_record,
    scribe,
    submission,
)


@pytest.fixture
async def database(database_url):
    database = open_database(database_url)
    yield database
    await database.dispose()


async def filled(database, count=3):
    """So many submissions of a record, and one with a record of each other state, all numbered."""
    intake = StoredIntake(database)
    made = [one_record(f"key-{number}") for number in range(count)]
    posted = submission("mixed")
    others = (RecordState.REFUSED, RecordState.UNROUTABLE, RecordState.WITHHELD)
    made.append(acceptance(posted, *(judged_record(posted.id, n, state=state) for n, state in enumerate(others, 1))))
    for one in made:
        await intake.accept(one)
    await integrated(StoredAuditLog(database))
    return made


async def integrated(log):
    """Number what is written; what their hashes are plays no part here."""
    head = await log.head()
    first, entries = head.size if head else 0, [entry.id for entry in await log.unsequenced(1_000)]
    closed = Checkpoint(first + len(entries), bytes(32), "note", NOW)
    await log.integrate(first, entries, [bytes(32)] * len(entries), (), closed)


async def told(database):
    return await compare(StoredStandings(database), StoredAuditLog(database))


async def change(database, statement, **values):
    async with database.write() as connection:
        await connection.execute(text(statement), values)


async def test_rows_that_nobody_touched_agree_with_the_log(database, monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 2)  # so that there are several pieces
    await filled(database)
    found = await told(database)
    assert (found.rows, found.contradictions, found.first) == (4 + 6 + 3, 0, ())


@pytest.mark.parametrize(
    ("statement", "action", "state"),
    [
        ("UPDATE records SET state = 'withheld' WHERE id = :record", "record.accepted", "withheld"),
        ("UPDATE deliveries SET state = 'delivered' WHERE id = :delivery", None, "delivered"),
        ("UPDATE submissions SET state = 'held' WHERE id = :submission", "submission.judged", "held"),
        ("DELETE FROM deliveries WHERE id = :delivery", "record.accepted", None),
        ("DELETE FROM records WHERE id = :record", "record.accepted", None),
        ("DELETE FROM submissions WHERE id = :submission", "submission.judged", None),
    ],
)
async def test_a_row_that_was_changed_or_deleted_by_hand_is_told(database, statement, action, state):
    first, *_ = await filled(database)
    (judged,) = first.judged
    (delivery,) = judged.deliveries
    names = {"record": judged.record.id, "delivery": delivery.id, "submission": first.submission.id}
    used = {name: id_ for name, id_ in names.items() if f":{name}" in statement}
    await change(database, statement, **used)
    ((name, id_),) = used.items()
    found = await told(database)
    assert found.first == (Contradiction(f"{name}:{id_}", action, state),)
    assert found.contradictions == 1


@pytest.mark.parametrize(
    ("statement", "of"),
    [
        ("UPDATE records SET state = x'ff' WHERE id = :record", "record:{record}"),
        ("UPDATE submissions SET state = x'ff' WHERE id = :submission", "submission:{submission}"),
        ("UPDATE records SET id = x'ff' WHERE id = :record", "record:{record}"),
        ("UPDATE items SET partner = x'ff' WHERE record = :record", "record:{record} to ?b'\\xff'"),
    ],
)
async def test_a_value_of_another_type_is_told_and_does_not_end_the_comparison(sqlite_url, statement, of):
    """SQLite takes a value of any type in any column; PostgreSQL does not."""
    database = open_database(sqlite_url)
    first, *_ = await filled(database)
    names = {"record": first.judged[0].record.id, "submission": first.submission.id}
    await change(database, "PRAGMA foreign_keys = OFF")
    await change(database, statement, **{name: id_ for name, id_ in names.items() if f":{name}" in statement})
    found = await told(database)
    await database.dispose()
    assert of.format(**names) in [one.object for one in found.first]
    assert json.dumps([(one.object, one.action, one.state) for one in found.first])


async def test_a_delivery_that_was_made_and_then_deleted_by_hand_is_told_once(database):
    first, *_ = await filled(database)
    (delivery,) = first.judged[0].deliveries
    await speak(database, delivery.id)
    await change(database, "DELETE FROM deliveries WHERE id = :id", id=delivery.id)
    assert (await told(database)).first == (Contradiction(f"delivery:{delivery.id}", "delivery.delivered", None),)


@pytest.mark.parametrize("batched", [False, True])
async def test_what_is_owed_and_was_taken_out_by_hand_is_told_before_any_delivery_has_an_entry(database, batched):
    """Nobody would ever send it: it stands in no queue and in no list."""
    await filled(database)
    posted = submission("owed")
    judged = [judged_record(posted.id, n, to=(IOWA, TANF), batched=batched) for n in (1, 2)]
    await StoredIntake(database).accept(acceptance(posted, *judged))
    await integrated(StoredAuditLog(database))
    assert (await told(database)).contradictions == 0
    record = judged[0].record.id
    await change(database, "DELETE FROM items WHERE record = :id AND partner = :to", id=record, to=TANF)
    assert (await told(database)).first == (Contradiction(f"record:{record} to {TANF}", "record.accepted", None),)


async def test_what_somebody_made_owed_to_another_partner_by_hand_is_told(database):
    """It would be sent as everything is, to whoever has an agreement on records of the kind."""
    first, *_ = await filled(database)
    record = first.judged[0].record.id
    copied = "SELECT record, :to, sender, kind, agreement, NULL, owed_at FROM items WHERE record = :id"
    columns = "record, partner, sender, kind, agreement, delivery, owed_at"
    await change(database, f"INSERT INTO items ({columns}) {copied}", id=record, to=TANF)
    assert (await told(database)).first == (Contradiction(f"record:{record} to {TANF}", "record.accepted", "owed"),)


@pytest.mark.parametrize("details", ["no JSON", "[]", "7", "{}"])
async def test_details_that_somebody_spoiled_do_not_end_the_comparison(database, details):
    await filled(database)
    await change(database, "UPDATE audit_entries SET details = :details", details=details)
    assert (await told(database)).contradictions == 0, "the leaves of the log say it"


@pytest.mark.parametrize("kind", ["record", "submission", "partner"])
async def test_details_that_somebody_destroyed_by_hand_are_told(database, kind):
    """The commitment stays, so leaf and proofs hold as after an erasing; but nothing was erased."""
    first, *_ = await filled(database)
    log = StoredAuditLog(database)
    await log.write([scribe.entry(ACTOR, "partner.applied", "partner:iowa", details={"sha256": "ab"})])
    await integrated(log)
    names = {"record": first.judged[0].record.id, "submission": first.submission.id, "partner": "iowa"}
    object_ = f"{kind}:{names[kind]}"
    ((_, entry),) = await log.about(object_)
    async with database.write() as connection:
        await close_details(connection, [object_])
    assert (await told(database)).first == (Contradiction(object_, entry.action, "closed"),)


async def speak(database, delivery):
    """The log says that it was delivered, and so does its row."""
    log = StoredAuditLog(database)
    await change(database, "UPDATE deliveries SET state = 'delivered' WHERE id = :id", id=delivery)
    await log.write([scribe.entry(ACTOR, "delivery.delivered", f"delivery:{delivery}")])
    await integrated(log)


async def test_an_entry_that_somebody_took_away_is_told_by_its_row(database):
    first, *_ = await filled(database)
    record = first.judged[0].record.id
    await change(database, "DELETE FROM audit_entries WHERE object = :object", object=f"record:{record}")
    assert (await told(database)).first == (Contradiction(f"record:{record}", None, "routed"),)


async def test_more_contradictions_than_are_named_are_counted(database, monkeypatch):
    monkeypatch.setattr("gateway.comparing.MOST_TOLD", 2)
    await filled(database, 5)
    await change(database, "UPDATE records SET state = 'withheld' WHERE state = 'routed'")
    found = await told(database)
    assert (found.contradictions, len(found.first)) == (5, 2)
    assert replace(found.first[0], object="") == Contradiction("", "record.accepted", "withheld")
