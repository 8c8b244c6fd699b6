"""A change of a family violence indicator gets to the federal case registry at once, or somebody is told in time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.business_days import ZONES, business_day, business_days_after, civil_date
from gateway.core.danger_clock import Change, Stage, due
from gateway.core.model import Actor, Batching, BatchMode, DeliveryState, PartnerKey, RecordId
from gateway.guarding import danger_watch
from gateway.work.gather import Gatherer
from tests.unit.test_work_registry import ENTRY, FPLS, OHIO, known, posted
from tests.unit.work_site import agreement, open_site

SENT = (Path(__file__).parents[2] / "examples" / "fixed" / "fcr-input.txt").read_bytes()
NIGHTLY = Batching(BatchMode.COUNT, count=10_000, age=timedelta(days=30))
"""A batch that does not leave by itself in these tests."""
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


# --- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "state", "third", "fifth"),
    [
        ("2026-03-02", "OH", "2026-03-05", "2026-03-09"),  # a Monday
        ("2026-03-06", "OH", "2026-03-11", "2026-03-13"),  # a Friday
        ("2026-03-07", "OH", "2026-03-11", "2026-03-13"),  # a Saturday
        ("2026-12-31", "OH", "2027-01-06", "2027-01-08"),  # New Year's Day is a Friday
        ("2026-07-01", "OH", "2026-07-07", "2026-07-09"),  # the 4th is a Saturday, observed on the 3rd
        ("2026-10-09", "OH", "2026-10-15", "2026-10-19"),  # Columbus Day is a holiday in Ohio
        ("2026-10-09", "CA", "2026-10-14", "2026-10-16"),  # and none in California
        ("2028-02-28", None, "2028-03-02", "2028-03-06"),  # a leap day
    ],
)
def test_days_counted_by_hand(received, state, third, fifth):
    start = date.fromisoformat(received)
    assert business_days_after(start, 3, state).isoformat() == third
    assert business_days_after(start, 5, state).isoformat() == fifth


@pytest.mark.parametrize(
    ("received", "third", "fifth"),
    [
        ("2026-02-27", "2026-03-04", "2026-03-06"),  # Texas Independence Day is on Monday
        ("2026-03-30", "2026-04-02", "2026-04-06"),  # Cesar Chavez Day and Good Friday are optional
        ("2026-04-20", "2026-04-23", "2026-04-27"),  # San Jacinto Day
        ("2026-06-18", "2026-06-23", "2026-06-25"),  # Emancipation Day
        ("2026-07-01", "2026-07-06", "2026-07-08"),  # the 4th is a Saturday, which closes no other day
        ("2026-08-26", "2026-08-31", "2026-09-02"),  # Lyndon Baines Johnson Day
        ("2026-11-25", "2026-12-02", "2026-12-04"),  # Thanksgiving Day and the Friday after it do close
        ("2027-01-15", "2027-01-21", "2027-01-25"),  # Martin Luther King Day does, Confederate Memorial Day does not
        ("2027-12-22", "2027-12-28", "2027-12-30"),  # the 24th does, and the 25th and 26th are a weekend
        ("2027-12-29", "2028-01-03", "2028-01-05"),  # New Year's Day is a Saturday
    ],
)
def test_a_holiday_on_which_texas_keeps_people_on_duty_is_a_business_day_there(received, third, fifth):
    start = date.fromisoformat(received)
    assert [business_days_after(start, count, "TX").isoformat() for count in (3, 5)] == [third, fifth]


def test_every_day_that_closes_texas_is_in_its_calendar_by_that_name():
    """A name that the library no longer uses would open the offices on that day."""
    days = (date(2025, 1, 1) + timedelta(days=n) for n in range(365))
    assert {day.isoformat() for day in days if day.weekday() < 5 and not business_day(day, "TX")} == {
        "2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26", "2025-07-04", "2025-09-01", "2025-11-11",
        "2025-11-27", "2025-11-28", "2025-12-24", "2025-12-25", "2025-12-26",
    }  # fmt: skip


@given(DAYS, st.integers(1, 10), st.sampled_from(sorted(ZONES)))
def test_a_due_day_is_a_business_day_so_many_of_them_later(day, count, state):
    last = business_days_after(day, count, state)
    between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert (sum(business_day(one, state) for one in between), business_day(last, state)) == (count, True)
    assert business_days_after(day + timedelta(days=1), count, state) >= last


def test_the_date_is_the_states_own():
    late = datetime(2026, 3, 6, 3, 30, tzinfo=UTC)
    assert [civil_date(late, state).isoformat() for state in ("OH", "GU", "HI", None)] == [
        "2026-03-05",
        "2026-03-06",
        "2026-03-05",
        "2026-03-05",
    ]


def test_the_stage_turns_at_the_third_and_after_the_fifth_business_day():
    change = Change(RecordId("r"), OHIO, datetime(2026, 3, 2, 15, tzinfo=UTC), "pending")
    stages = [due(change, change.received_at + timedelta(days=days), "OH").stage for days in range(10)]
    assert stages == [Stage.OPEN] * 3 + [Stage.NEAR] * 5 + [Stage.OVERDUE] * 2


# --- the way ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def site(sqlite_url, tmp_path):
    """Ohio tells the registry, which takes one file in a month."""
    async with open_site(sqlite_url, tmp_path) as opened:
        known(opened)
        fpls = opened.directory.partners[FPLS]
        opened.know(
            *[one for key, one in opened.directory.partners.items() if key != FPLS],
            replace(fpls, batching={ENTRY: NIGHTLY}),
            agreements=opened.directory.agreements,
        )
        yield opened


def watch(site):
    return danger_watch(site, lambda: site.directory)


async def gathered(site, **given):
    gatherer = Gatherer(
        site.deliveries, lambda: site.directory, site.scribe, site.clock, site.mint, site.router.bridging, **given
    )
    await gatherer.step()
    return site.rows("SELECT records FROM deliveries ORDER BY id")


def entries(number=1, indicator=b"FV", action=b"C"):
    """The example's file, its persons changed; without the indicator in some."""
    lines = SENT.replace(b"012345", b"01234%d" % number).replace(b"CPFV", b"CP" + indicator).splitlines(keepends=True)
    return b"".join(line.replace(b"FPA", b"FP" + action) for line in lines)


@pytest.mark.claim("L07", control="test_without_the_hurry_it_waits_for_its_batch")
async def test_a_change_takes_the_batch_along_in_which_it_waits(site, claim):
    """What came before it goes first: a change must not overtake the person that it is about."""
    await posted(site, OHIO, "fcr-input", entries(indicator=b"  "))
    assert await gathered(site, hurry=watch(site).hurry) == []
    await posted(site, OHIO, "fcr-input", entries(2))
    assert await gathered(site, hurry=watch(site).hurry) == [(10,)]
    claim.measured("in the next round of the scheduler, which is a second away")


async def test_without_the_hurry_it_waits_for_its_batch(site):
    await posted(site, OHIO, "fcr-input", entries())
    assert await gathered(site) == []


async def test_an_indicator_that_is_said_no_more_is_a_change_when_its_sender_had_placed_it(site):
    await posted(site, OHIO, "fcr-input", entries(1))
    await site.protection.refresh()
    assert len(await watch(site).due()) == 1
    await posted(site, OHIO, "fcr-input", entries(2, indicator=b"  "))
    assert len(await watch(site).due()) == 2


@pytest.mark.claim("L07", "T25", control="test_what_was_sent_is_not_told_of")
async def test_the_alarm_is_given_on_the_third_business_day_and_after_the_fifth_once_each(site, claim):
    await posted(site, OHIO, "fcr-input", entries())
    ((change,),) = site.rows("SELECT id FROM records WHERE bearing LIKE '%danger-change%'")
    told = []
    for _ in range(9):  # from Thursday, 5 March 2026
        for _ in range(2):
            await watch(site).step()
        told.append([action for action in await site.actions(f"record:{change}") if action.startswith("deadline")])
        site.wait(days=1)
    assert [len(one) for one in told] == [0, 0, 0, 0, 0, 1, 1, 1, 2]
    assert told[-1] == ["deadline.near", "deadline.missed"]
    ((one),) = await watch(site).due()
    assert (one.stage, one.due_on, one.change.where) == (Stage.OVERDUE, date(2026, 3, 12), "gathering")
    claim.measured("alarm on business day 3 and after business day 5, once each")


async def test_what_was_sent_is_not_told_of(site):
    await posted(site, OHIO, "fcr-input", entries())
    await gathered(site, hurry=watch(site).hurry)
    async with site.dispatching():
        await site.come_to_rest()
    site.wait(days=30)
    await watch(site).step()
    assert await watch(site).due() == ()
    assert site.rows("SELECT * FROM alarms") == []


async def test_a_change_that_no_agreement_lets_go_is_told_of_with_its_reason(site):
    site.know(*site.directory.partners.values(), agreements=(agreement(PartnerKey("texas"), OHIO),))
    await posted(site, OHIO, "fcr-input", entries())
    site.wait(days=5)
    ((one),) = await watch(site).due()
    assert (one.stage, one.change.where, one.change.cause) == (Stage.NEAR, "unroutable", "agreement-missing")


async def test_a_change_that_was_given_up_by_a_person_is_not_told_of(site):
    await posted(site, OHIO, "fcr-input", entries())
    await gathered(site, hurry=watch(site).hurry)
    ((delivery,),) = site.rows("SELECT id FROM deliveries")
    entry = site.scribe.entry(Actor("operator", "pat"), "delivery.withdrawn", f"delivery:{delivery}")
    assert await site.stores.desk.withdraw(delivery, site.now, entry)
    assert (await site.stores.desk.get(delivery)).state is DeliveryState.WITHDRAWN
    assert await watch(site).due() == ()
