"""Persons in danger, approvals that end, data that grow old: what the guard says when a delivery is about to leave."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from adapters.cleared import Cleared
from gateway.core.audit_entry import Scribe
from gateway.core.disclosure import Clearance, Withheld
from gateway.core.errors import Tampered
from gateway.core.model import Actor, DeliveryState, Fault, PartnerKey, RecordState
from gateway.store.protection import StoredNotices
from gateway.work.protection import RegisterWatch
from tests.contract.test_adapter_contract import parcel
from tests.contract.test_adapter_contract import partner as adapter_partner
from tests.unit.guarding import APPROVED, cleared
from tests.unit.test_work_registry import FEDERAL, FPLS, answer, posted
from tests.unit.test_work_registry import OHIO as STATE
from tests.unit.work_site import MICHIGAN, OHIO, TEXAS, agreement, open_site, partner, transfers

JANE, JAMIE = b"900100002", b"900100003"
BETWEEN = b"<ParticipantStatusCode>O</ParticipantStatusCode>"
MARK = BETWEEN + b"<FamilyViolenceIndicator>Y</FamilyViolenceIndicator>"
NO_MARK = BETWEEN + b"<FamilyViolenceIndicator>N</FamilyViolenceIndicator>"
ASSISTANCE = partner(OHIO, "39", program="IV-A")


@pytest.fixture
async def site(sqlite_url, tmp_path):
    """Michigan and Texas send cases to an agency of another program, which gets nothing about protected persons."""
    async with open_site(sqlite_url, tmp_path) as opened:
        opened.know(ASSISTANCE, agreements=(agreement(MICHIGAN, OHIO), agreement(TEXAS, OHIO)))
        yield opened


def case(serial, mark=BETWEEN, case="MI10000001"):
    return transfers(serial, case=case).replace(BETWEEN, mark, 1)


def of_texas(body):
    return body.replace(b"<LocatorStateCode>26<", b"<LocatorStateCode>48<").replace(b"MI1000", b"TX1000")


async def owed(site, body, sender=MICHIGAN):
    """The deliveries that a body makes, and what became of its records."""
    before = len(site.told)
    submission = await posted(site, sender, "xml", body)
    return site.told[before:], submission.counts


async def kept(site, delivery):
    found = await site.found(delivery)
    return found.state, found.cause


# --- the person, in every case ---------------------------------------------------------------------------------------


@pytest.mark.claim("L08", "V05", "V06", control="test_without_a_register_the_other_cases_of_the_person_leave")
async def test_a_notice_on_a_person_in_one_case_holds_in_every_other_case(site, claim):
    _, counts = await owed(site, case(1, MARK))
    assert counts.withheld == 1
    for number in range(2, 6):
        made, counts = await owed(site, case(number, case=f"MI1000000{number}"))
        assert (made, counts.withheld) == ([], 1), "absence says nothing, and N is no removal either"
    _, counts = await owed(site, case(6, NO_MARK))
    assert counts.withheld == 1
    made, counts = await owed(site, of_texas(case(7, NO_MARK)), TEXAS)
    assert (made, counts.withheld) == ([], 1), "one state says yes, another no: yes"
    claim.measured("1 notice, 5 cases of the person and one of another state: none left")


async def test_without_a_register_the_other_cases_of_the_person_leave(site):
    await owed(site, case(1, MARK))
    site.router.register._fresh.clear()
    made, counts = await owed(site, case(2, case="MI10000002"))
    assert (len(made), counts.withheld) == (1, 0)


async def test_whoever_is_not_named_in_the_notice_is_not_protected_by_it(site):
    await owed(site, case(1, MARK))
    stranger = case(2).replace(JANE, b"900100012").replace(JAMIE, b"900100013")
    made, _ = await owed(site, stranger)
    assert len(made) == 1


async def test_a_notice_that_comes_after_routing_and_before_sending_stops_the_delivery(site):
    made, _ = await owed(site, case(1))
    await owed(site, case(2, MARK, case="MI10000002"))
    async with site.dispatching():
        await site.come_to_rest()
    assert await kept(site, made[0]) == (DeliveryState.HELD, Withheld.PROTECTED_PERSON)
    assert (site.door.begun, (await site.found(made[0])).fault) == ([], Fault.GATEWAY)
    ((_, entry),) = await site.stores.audit.about(f"delivery:{made[0].id}")
    assert (entry.action, entry.outcome) == ("delivery.withheld", Withheld.PROTECTED_PERSON)
    assert (entry.details["rule"], entry.details["policy"]) == ("L08", site.guard.policy.version)


async def test_a_notice_of_another_process_counts_from_its_commit_on(site):
    """The claim reads how new the register is, and the dispatcher catches up before it decides."""
    made, _ = await owed(site, case(1))
    await owed(site, case(2, MARK, case="MI10000002"))
    site.protection = RegisterWatch(site.stores.notices, site.stores.overrides)
    async with site.dispatching():
        await site.come_to_rest()
    assert site.protection.register.revision == 1
    assert await kept(site, made[0]) == (DeliveryState.HELD, Withheld.PROTECTED_PERSON)


class HeldBack(StoredNotices):
    """The store's notices, told when the test lets them; counts how often somebody asks what is new."""

    def __init__(self, database):
        super().__init__(database)
        self.asked, self.read, self.told = 0, asyncio.Event(), asyncio.Event()

    async def since(self, revision):
        self.asked += 1
        found = await super().since(revision)
        self.read.set()
        await self.told.wait()
        return found


async def test_however_many_deliveries_begin_at_once_what_is_new_is_read_once(site):
    await owed(site, case(1, MARK))
    notices = HeldBack(site.database)
    notices.told.set()
    watch = RegisterWatch(notices, site.stores.overrides)
    assert {one.revision for one in await asyncio.gather(*(watch.at_least(1) for _ in range(50)))} == {1}
    assert notices.asked == 1


async def test_a_notice_that_is_committed_while_another_is_read_is_not_missed(site):
    await owed(site, case(1, MARK))
    notices = HeldBack(site.database)
    watch = RegisterWatch(notices, site.stores.overrides)
    first = asyncio.create_task(watch.at_least(1))
    await notices.read.wait()
    await owed(site, of_texas(case(2, MARK)), TEXAS)
    later = asyncio.create_task(watch.at_least(2))
    await asyncio.sleep(0)
    notices.told.set()
    assert (await first) is (await later)
    assert watch.register.revision == 2


async def test_a_notice_of_a_record_that_is_refused_as_a_repeat_is_not_placed(site):
    await owed(site, case(1))
    _, counts = await owed(site, case(1, MARK))
    assert counts.refused == 1
    assert await site.stores.notices.since(0) == (0, ())


# --- the end of a notice ---------------------------------------------------------------------------------------------


async def lift(site, record, placed_by):
    entry = Scribe(site.clock, site.mint, bytes).entry(Actor("partner", placed_by), "notice.lifted", f"record:{record}")
    return await site.stores.notices.lift(record, placed_by, entry)


async def test_only_the_partner_that_placed_a_notice_takes_it_back(site):
    await owed(site, case(1, MARK))
    ((record,),) = site.rows("SELECT id FROM records WHERE state = 'withheld'")
    assert await lift(site, record, TEXAS) == 0
    assert len((await owed(site, case(2)))[0]) == 0
    assert await lift(site, record, MICHIGAN) == 1
    assert await lift(site, record, MICHIGAN) == 0, "once"
    await site.protection.refresh()
    assert len((await owed(site, case(3)))[0]) == 1
    assert await site.actions(f"record:{record}") == ["record.withheld", "notice.lifted"]


async def test_while_another_state_holds_a_notice_there_is_one(site):
    await owed(site, case(1, MARK))
    ((record,),) = site.rows("SELECT id FROM records")
    await owed(site, of_texas(case(2, MARK)), TEXAS)
    await lift(site, record, MICHIGAN)
    await site.protection.refresh()
    assert len((await owed(site, case(3)))[0]) == 0


async def test_a_notice_that_was_taken_back_can_be_placed_again(site):
    await owed(site, case(1, MARK))
    ((record,),) = site.rows("SELECT id FROM records")
    await lift(site, record, MICHIGAN)
    await site.protection.refresh()
    await owed(site, case(2, MARK))
    fresh = RegisterWatch(site.stores.notices, site.stores.overrides)
    await fresh.refresh()
    assert len(fresh.register) == 1


async def test_a_record_that_comes_right_after_a_notice_was_taken_back_places_it_again(site):
    """Whoever corrects a record takes its notice back and posts the next one, and no process knows yet of the first."""
    await owed(site, case(1, MARK))
    await site.protection.refresh()
    ((record,),) = site.rows("SELECT id FROM records")
    assert await lift(site, record, MICHIGAN) == 1
    await owed(site, case(2, MARK))
    await site.protection.refresh()
    made, counts = await owed(site, case(3, case="MI10000003"))
    assert (made, counts.withheld) == ([], 1)
    ((later,),) = site.rows("SELECT record FROM notices WHERE stands = 1")
    assert await lift(site, later, MICHIGAN) == 1
    await site.protection.refresh()
    assert len((await owed(site, case(4, case="MI10000004")))[0]) == 1


async def test_a_notice_that_a_later_record_repeats_is_that_records_and_costs_no_revision(site):
    """Who takes the word of the earlier record back has still said so since."""
    await owed(site, case(1, MARK))
    await site.protection.refresh()
    ((person, first, revision),) = site.rows("SELECT person, record, revision FROM notices")
    await owed(site, case(2, MARK, case="MI10000002"))
    ((same, later, unchanged),) = site.rows("SELECT person, record, revision FROM notices")
    assert (same, unchanged, later > first) == (person, revision, True)
    assert await site.stores.notices.revision() == revision == 1
    assert await lift(site, first, MICHIGAN) == 0
    await site.protection.refresh()
    made, counts = await owed(site, case(3, case="MI10000003"))
    assert (made, counts.withheld) == ([], 1)
    assert await lift(site, later, MICHIGAN) == 1
    await site.protection.refresh()
    assert len((await owed(site, case(4, case="MI10000004")))[0]) == 1


async def test_the_store_holds_no_number_of_a_person(site):
    await owed(site, case(1, MARK))
    for table in ("notices", "records"):
        for row in site.rows(f"SELECT * FROM {table}"):  # noqa: S608 - names of tables
            assert not any(JANE in (cell if isinstance(cell, bytes) else str(cell).encode()) for cell in row)


# --- what ends between routing and sending ---------------------------------------------------------------------------


@pytest.mark.claim("F07", control="test_with_the_approval_in_force_the_same_tax_answer_leaves")
async def test_an_approval_that_ends_while_a_tax_answer_waits_stops_it(sqlite_url, tmp_path, claim):
    async with open_site(sqlite_url, tmp_path) as site:
        made = await tax_answer_waits(site)
        site.wait(days=1)
        async with site.dispatching():
            await site.come_to_rest()
        assert await kept(site, made) == (DeliveryState.HELD, Withheld.FEDERAL_TAX_APPROVAL)
        assert site.door.begun == []
        taxed(site, replace(APPROVED, until=site.now.date()))
        entry = site.scribe.entry(Actor("operator", "pat"), "delivery.retried", f"delivery:{made.id}")
        await site.stores.desk.retry(made.id, site.now, entry)
        async with site.dispatching():
            await site.come_to_rest()
        assert (await site.found(made)).state is DeliveryState.DELIVERED
    claim.measured("an approval is looked at when each attempt begins: none left after its last day")


def taxed(site, approval):
    site.know(
        partner(FPLS, "FPLS", program="FPLS"),
        partner(STATE, "39", tax_approval=approval),
        agreements=(agreement(FPLS, STATE, kinds=FEDERAL, filters={"federal_tax": frozenset({"Y"})}),),
    )


async def tax_answer_waits(site):
    taxed(site, replace(APPROVED, until=site.now.date()))
    body = answer(b"A01", 60, b"C01")
    await posted(site, FPLS, "fpls-answers", body[:700] + b" " * 100 + body[800:])
    (made,) = site.told
    ((bearing,),) = site.rows("SELECT bearing FROM records")
    assert set(bearing.split()) >= {"FPLS", "IRS"}
    return made


async def test_with_the_approval_in_force_the_same_tax_answer_leaves(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as site:
        made = await tax_answer_waits(site)
        async with site.dispatching():
            await site.come_to_rest()
        assert (await site.found(made)).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    "now",
    [
        (agreement(MICHIGAN, OHIO, valid_until=date(2026, 3, 5)),),
        (agreement(MICHIGAN, OHIO, kinds=frozenset()),),
        (agreement(MICHIGAN, TEXAS, key="michigan-ohio"),),
        (),
    ],
    ids=["ended", "without the kind", "with somebody else", "gone"],
)
async def test_an_agreement_that_ends_while_a_record_waits_stops_it(site, now):
    made, _ = await owed(site, case(1))
    site.know(ASSISTANCE, agreements=now)
    site.wait(days=1)
    async with site.dispatching():
        await site.come_to_rest()
    assert await kept(site, made[0]) == (DeliveryState.HELD, Withheld.AGREEMENT)


async def test_data_past_their_ceiling_are_not_sent(site):
    site.know(ASSISTANCE, agreements=(agreement(MICHIGAN, OHIO),))
    made, _ = await owed(site, case(1))
    site.rows("UPDATE records SET bearing = 'NDNH STATE'")
    site.wait(days=732)
    async with site.dispatching():
        await site.come_to_rest()
    assert await kept(site, made[0]) == (DeliveryState.HELD, Withheld.RETENTION)


@pytest.mark.parametrize(("mark", "ends"), [(BETWEEN, DeliveryState.DELIVERED), (MARK, DeliveryState.HELD)])
async def test_a_record_from_before_bearings_were_kept_is_read_once_more(site, mark, ends):
    site.know(agreements=(agreement(MICHIGAN, OHIO),))
    made, _ = await owed(site, case(1, mark))
    site.rows("UPDATE records SET bearing = NULL, persons = NULL")
    site.rows("DELETE FROM notices")
    site.know(ASSISTANCE, agreements=(agreement(MICHIGAN, OHIO),))
    async with site.dispatching():
        await site.come_to_rest()
    assert (await site.found(made[0])).state is ends


async def test_a_delivery_of_which_a_record_is_missing_is_not_sent(site):
    made, _ = await owed(site, case(1))
    site.rows("UPDATE deliveries SET records = 2")
    async with site.dispatching():
        await site.come_to_rest()
    assert await kept(site, made[0]) == (DeliveryState.HELD, Withheld.UNKNOWN)


# --- no way around ---------------------------------------------------------------------------------------------------


def test_nobody_but_the_guard_makes_its_word():
    with pytest.raises(TypeError):
        Clearance("d", PartnerKey("ohio"), "v")
    with pytest.raises(TypeError):
        replace(cleared("d", PartnerKey("ohio")), partner=PartnerKey("texas"), maker=None)


async def test_a_channel_takes_no_parcel_that_was_cleared_for_somebody_else(site):
    given, endpoint = parcel(), adapter_partner(ASSISTANCE.endpoint)
    channel = Cleared(site.door)
    assert await channel.hand_over(given, endpoint)
    for wrong in (
        replace(given, clearance=cleared(given.delivery, PartnerKey("texas"))),
        replace(given, clearance=cleared("another", endpoint.key)),
    ):
        with pytest.raises(Tampered):
            await channel.hand_over(wrong, endpoint)
    assert len(site.door.taken) == 1


def test_no_records_no_word(site):
    with pytest.raises(ValueError, match="may not leave"):
        site.guard.clear("d", PartnerKey("ohio"), {})


async def test_the_refused_record_keeps_neither_bearing_nor_persons(site):
    await owed(site, case(1))
    await owed(site, case(1))
    rows = site.rows(f"SELECT bearing IS NULL, persons IS NULL FROM records WHERE state = '{RecordState.ROUTED}'")  # noqa: S608 - our own word
    assert rows == [(0, 0)]
