"""One record that may not leave any more does not hold the others: it stays behind, they go on, nothing goes twice."""

import re
from datetime import timedelta

import pytest

import gateway.store.apart
import gateway.work.clearing
from gateway.core.audit_entry import Scribe
from gateway.core.disclosure import Withheld
from gateway.core.errors import Transient
from gateway.core.model import Actor, Batching, BatchMode, DeliveryState
from gateway.core.why import why_delivery
from gateway.work.disclosures import DisclosureDesk
from gateway.work.gather import Gatherer
from gateway.work.verdict import Parter
from tests.unit.test_work_protection import BETWEEN, MARK, owed
from tests.unit.work_site import CASE, MICHIGAN, OHIO, agreement, open_site, partner, transfers

BATCHED = partner(OHIO, "39", program="IV-A", batching={CASE: Batching(BatchMode.COUNT, count=100, age=timedelta(1))})
CASE_ID = re.compile(rb"MI2000(\d{4})")
PENDING, HELD, WITHHELD = DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.WITHHELD
DELIVERED = DeliveryState.DELIVERED


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        opened.know(BATCHED, agreements=(agreement(MICHIGAN, OHIO),))
        yield opened


def family(number, serial, mark=BETWEEN):
    """A case of persons of its own."""
    body = transfers(serial, case=f"MI2000{number:04}").replace(BETWEEN, mark, 1)
    return re.sub(rb">900\d00(\d{3})<", rb">9%04d\g<1>0<" % number, body)


async def batch(site, *numbers):
    """Cases in one delivery, which is due."""
    for number in numbers:
        await owed(site, family(number, number))
    site.wait(days=1)
    gatherer = Gatherer(
        site.stores.deliveries, lambda: site.directory, site.scribe, site.clock, site.mint, site.router.bridging
    )
    await gatherer.step()
    ((delivery,),) = site.rows(
        "SELECT DISTINCT delivery FROM items WHERE delivery IN (SELECT id FROM deliveries WHERE state = 'pending')"
    )
    return delivery


async def danger(site, number):
    """A later record of the family says that somebody of it is in danger; the id of that record."""
    await owed(site, family(number, 5_000 + number, MARK))
    return site.rows("SELECT record FROM notices ORDER BY revision DESC LIMIT 1")[0][0]


async def dispatch(site):
    """Everything that is due, until nothing is; a split makes the rest due again."""
    async with site.dispatching():
        for _ in range(3):
            await site.come_to_rest()


def sent(site):
    """Case numbers by delivery, in the order in which the partner took them."""
    return [(parcel.delivery, sorted(map(int, set(CASE_ID.findall(parcel.body))))) for parcel in site.door.taken]


def apart(site):
    """Case numbers of what was taken out, with state and reason."""
    return site.rows("SELECT id, state, cause, records FROM deliveries WHERE state = 'withheld' ORDER BY id")


def whole(site, count):
    """Every record is owed once, and every delivery carries as many as it says."""
    routed = "SELECT id FROM records WHERE state = 'routed'"
    owed_of = f"SELECT COUNT(*), COUNT(DISTINCT record) FROM items WHERE record IN ({routed})"  # noqa: S608 - our own words
    assert site.rows(owed_of) == [(count, count)]
    wrong = "SELECT id FROM deliveries d WHERE records <> (SELECT COUNT(*) FROM items WHERE delivery = d.id)"
    assert site.rows(wrong) == []
    assert site.rows("SELECT partner FROM deliveries GROUP BY partner, sender, kind, number HAVING COUNT(*) > 1") == []


@pytest.mark.claim("L08", "A22", control="test_without_taking_it_out_one_record_holds_all")
async def test_one_record_that_may_not_leave_stays_behind_and_the_others_go_on(site, claim):
    delivery = await batch(site, 1, 2, 3)
    await danger(site, 2)
    await dispatch(site)
    assert sent(site) == [(delivery, [1, 3])]
    ((own, state, cause, _),) = apart(site)
    assert (state, cause) == (WITHHELD, Withheld.PROTECTED_PERSON)
    assert await site.actions(f"delivery:{own}") == ["delivery.withheld"]
    assert await site.actions(f"delivery:{delivery}") == ["delivery.created", "delivery.split", "delivery.delivered"]
    (told,) = [entry for _, entry in await site.stores.audit.about(f"delivery:{own}")]
    assert (told.details["from"], told.details["rule"]) == (delivery, "L08")
    why = why_delivery(await site.stores.desk.get(own), site.guard.policy)
    assert (why.code, why.rule) == (Withheld.PROTECTED_PERSON, "L08")
    whole(site, 3)
    claim.measured("1 of 3 stayed behind, 2 left")


async def test_without_taking_it_out_one_record_holds_all(site, monkeypatch):
    kept = gateway.work.clearing.KeptBack
    monkeypatch.setattr(gateway.work.clearing, "KeptBack", lambda decisions, **_: kept(decisions, whole=True))
    await batch(site, 1, 2, 3)
    await danger(site, 2)
    await dispatch(site)
    assert (sent(site), apart(site)) == ([], [])


async def test_a_delivery_of_which_nothing_may_leave_is_held_as_it_is(site):
    delivery = await batch(site, 1, 2)
    for number in (1, 2):
        await danger(site, number)
    await dispatch(site)
    found = await site.stores.desk.get(delivery)
    assert (found.state, found.records, found.cause) == (HELD, 2, Withheld.PROTECTED_PERSON)
    assert (sent(site), apart(site)) == ([], [])


async def test_after_an_attempt_the_rest_goes_under_the_same_id_with_bytes_of_its_own(site):
    """A partner that had it after all drops the repeat by its id."""
    delivery = await batch(site, 1, 2, 3)
    site.door.failure = lambda: Transient("Away.", code="http-503")
    await dispatch(site)
    before = (await site.stores.desk.get(delivery)).digest
    await danger(site, 3)
    site.door.failure = None
    site.wait(minutes=1)
    await dispatch(site)
    assert sent(site) == [(delivery, [1, 2])]
    found = await site.stores.desk.get(delivery)
    assert (found.state, found.attempts) == (DELIVERED, 2)
    assert found.digest not in (None, before)
    whole(site, 3)


async def lifted(site, record):
    desk = DisclosureDesk(
        site.clearing(), site.stores.notices, site.stores.audit, site.scribe, Parter(site.scribe, site.mint)
    )
    assert await desk.lift(record, MICHIGAN, "it is over") > 0
    await site.protection.refresh()


async def retried(site, delivery):
    entry = Scribe(site.clock, site.mint, bytes).entry(
        Actor("operator", "pat"), "delivery.retried", f"delivery:{delivery}"
    )
    assert await site.stores.desk.retry(delivery, site.now, entry)
    await dispatch(site)


async def test_what_stayed_behind_goes_when_the_notice_is_taken_back_and_not_before(site):
    delivery = await batch(site, 1, 2)
    notice = await danger(site, 2)
    await dispatch(site)
    ((own, *_),) = apart(site)
    await retried(site, own)
    assert (await site.stores.desk.get(own)).state is HELD
    await lifted(site, notice)
    await retried(site, own)
    assert sent(site) == [(delivery, [1]), (own, [2])]


async def test_what_stayed_behind_can_be_given_up(site):
    await batch(site, 1, 2)
    await danger(site, 2)
    await dispatch(site)
    ((own, *_),) = apart(site)
    entry = site.scribe.entry(Actor("operator", "pat"), "delivery.withdrawn", f"delivery:{own}")
    assert await site.stores.desk.withdraw(own, site.now, entry)


async def killed(site, monkeypatch):
    """A process that dies in the middle of writing what it took out; its lease runs out."""

    def dies(*_):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(gateway.store.apart, "write_together", dies)
        await dispatch(site)
    site.wait(minutes=6)
    await site.stores.deliveries.release_expired(site.now)


@pytest.mark.claim("L08", control="test_without_taking_it_out_one_record_holds_all")
async def test_whatever_comes_between_each_record_goes_once_or_stays_behind(site, claim, monkeypatch):
    """Batches of any size, any of their persons in danger, with failed attempts and a killed process between."""
    dice, total, all_kept = claim.dice(), 0, 0
    for _ in range(claim.size(push=3, night=200)):
        site.door.taken.clear()
        numbers = [total + place + 1 for place in range(dice.randint(2, 6))]
        total += len(numbers)
        before = {own for own, *_ in apart(site)}
        delivery = await batch(site, *numbers)
        kept = set(dice.sample(numbers, dice.randint(1, len(numbers) - 1)))
        steps = [("danger", number) for number in kept] + dice.sample([("fails", 0), ("killed", 0)], dice.randint(0, 2))
        dice.shuffle(steps)
        for step, number in steps:
            if step == "danger":
                await danger(site, number)
            elif step == "fails":
                site.door.failure = lambda: Transient("Away.", code="http-503")
                await dispatch(site)
                site.door.failure = None
                site.wait(minutes=10)
            else:
                await killed(site, monkeypatch)
        await dispatch(site)
        whole(site, total)
        gone = [number for id_, found in sent(site) for number in found]
        assert len(gone) == len(set(gone)), "nothing twice"
        stayed = {own for own, *_ in apart(site)} - before
        assert len(gone) + len(stayed) == len(numbers), "nothing lost"
        assert all(id_ == delivery for id_, _ in sent(site))
        all_kept += len(stayed)
    claim.measured(f"{total} records: {all_kept} stayed behind, the others left once")
