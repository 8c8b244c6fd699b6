"""A court orders the answer about a protected person: it leaves once, to that court, and nothing else does (V02)."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

import schemas
from gateway.cli.application import app
from gateway.core.court_orders import Ordered
from gateway.core.disclosure import Withheld
from gateway.core.erasure import RunState
from gateway.core.errors import Conflict, Forbidden, NotFound, Permanent, Transient, Unprocessable
from gateway.core.four_eyes import State
from gateway.core.model import (
    Actor,
    AgreementMode,
    Batching,
    BatchMode,
    DeliveryState,
    Page,
    PartnerKey,
    RecordId,
    RecordState,
)
from gateway.core.people import DOMAIN
from gateway.core.ports.adapters import Handover
from gateway.core.ports.records import RecordQuery
from gateway.core.protected import Notice
from gateway.core.roles import Role
from gateway.store.protection import write_notices
from gateway.store.pruning import StoredPruning
from gateway.web import overriding
from gateway.web.approving import Person, SecondWords
from gateway.web.overriding import Asking
from gateway.work import attempt
from gateway.work.clearing import KeptBack
from gateway.work.court_desk import OrderDesk
from gateway.work.court_orders import Asked, Orders
from gateway.work.gather import Gatherer
from gateway.work.protection import RegisterWatch
from gateway.work.releasing import Releaser
from gateway.work.retention import Eraser, Rounds
from tests.unit.guarding import APPROVED
from tests.unit.test_work_bridge import ANSWER, CASE, FPLS, LOCATE, SSN, answer, post, request
from tests.unit.work_site import MICHIGAN, OHIO, agreement, open_site, partner

TODAY = date(2026, 3, 5)
PAPER = Ordered("39-CP-0001", TODAY - timedelta(days=3), TODAY + timedelta(days=3))
PAT, KIM = Actor("operator", "pat"), Actor("operator", "kim")
STEWARD = Person(PAT, Role.DATA_STEWARD)
OTHER = b"900010007"


class Unmarked(Orders):
    """The safeguard off: an order is never used up."""

    async def spend(self, _order, _way):
        return True


class Court:
    """A site to which a state passes on what courts may have, and the people who enter their orders."""

    def __init__(self, site):
        self.site = site
        self.desk = OrderDesk(
            site.stores.overrides,
            Asked(site.stores.records, site.questions),
            site.stores.audit,
            site.protection,
            site.scribe,
            site.clock,
            site.mint,
            site.guard.policy.version,
        )
        self.words = SecondWords(site.stores.approvals, site.scribe, site.clock, site.mint)

    async def danger(self, ssn=SSN):
        """Somebody placed a notice on the person."""
        person = self.site.questions.indexer.index(DOMAIN, ssn.decode())
        async with self.site.database.write() as connection:
            await write_notices(connection, [Notice(person, MICHIGAN, "elsewhere", self.site.now)])
        await self.site.protection.refresh()

    async def asked(self, case=CASE, ssn=SSN, serial=None):
        """The request of Ohio: its record."""
        document = json.loads(request(case, ssn))
        document["Header"]["TransactionSerialNumber"] = (serial or case.removeprefix("OH")).zfill(12)
        submission = await post(self.site, OHIO, "json", json.dumps(document).encode())
        (record,) = (await self.site.stores.submissions.records(submission.id, None, Page())).rows
        return await self.site.stores.records.get(record.id)

    async def answered(self, *agencies, case=CASE, ssn=SSN, **more):
        """What federal agencies answer: whether each stays."""
        for agency in agencies or (b"A01",):
            texts = {"at_338": case.ljust(15).encode(), "at_314": ssn, **more}
            await post(self.site, FPLS, "fpls-answers", answer(agency, **texts))

    async def request(self, record, paper=PAPER, number=None, person=STEWARD, recipient=None):
        asking = Asking(record, number, paper, recipient)
        return await overriding.ask(self.desk, self.words, person, asking, "order of the court")

    async def order(self, record, paper=PAPER, number=None, recipient=None):
        """Asked by one, agreed to by another, entered."""
        wanted = await self.request(record, paper, number, recipient=recipient)
        agreed = await self.words.decide(KIM, Role.SECURITY_OFFICER, wanted.id, approved=True, reason="paper seen")
        await overriding.enter(self.desk, agreed, KIM)
        await self.site.protection.refresh()

    async def release(self):
        site, clearing = self.site, self.site.clearing()
        await Releaser(
            site.protection,
            site.stores.overrides,
            site.stores.records,
            site.stores.desk,
            clearing.orders.asked,
            clearing,
            site.router,
            site.scribe,
            lambda: site.directory,
            site.told.extend,
        ).step()

    async def sent(self):
        """Release, and send what may go: the answers that left."""
        await self.release()
        async with self.site.dispatching():
            await self.site.come_to_rest()
        return [parcel for parcel in self.site.door.taken if parcel.kind == ANSWER]

    async def only(self):
        """The one order that there is."""
        (stood,) = await self.desk.list(10)
        return stood.order

    async def answer(self):
        """The newest answer."""
        listing = await self.site.stores.records.search(RecordQuery(kind=ANSWER), Page())
        return await self.site.stores.records.get(listing.rows[0].id)

    async def stands(self):
        return [one.standing for one in await self.desk.list(10)]

    async def staying(self):
        query = RecordQuery(kind=ANSWER, state=RecordState.WITHHELD)
        return [record.reason for record in (await self.site.stores.records.search(query, Page())).rows]


@pytest.fixture
async def court(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as site:
        site.know(
            partner(FPLS, "FPLS", program="FPLS"),
            partner(OHIO, "39", tax_approval=APPROVED),
            agreements=(
                agreement(OHIO, MICHIGAN, kinds=frozenset({LOCATE})),
                agreement(FPLS, OHIO, kinds=frozenset({ANSWER}), purpose="support", requester="court"),
            ),
        )
        yield Court(site)


@pytest.fixture
async def withheld(court):
    """A request about a protected person, whose answer stays."""
    await court.danger()
    record = await court.asked()
    await court.answered()
    assert await court.staying() == [Withheld.PROTECTED_PERSON]
    assert await court.sent() == []
    return record


# --- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.claim("V02", control="test_without_the_mark_of_use_two_answers_leave_by_one_order")
async def test_by_an_order_one_answer_leaves_once(court, withheld, claim):
    await court.order(withheld)
    (parcel,) = await court.sent()
    await court.answered()
    assert await court.sent() == [parcel], "a second answer to the same request needs a second order"
    assert await court.staying() == [Withheld.PROTECTED_PERSON]
    order = await court.only()
    assert (order.used.delivery, (await court.desk.get(order.id)).standing) == (parcel.delivery, "used")
    claim.measured("1 order, 2 answers to its request: 1 left")


async def test_of_two_answers_that_are_claimed_at_once_one_leaves(court, withheld):
    """Two processes, each with its own memory, have both decided before either marks the order."""
    await court.answered()
    await court.order(withheld)
    assert await raced(court) == [True, False]


async def test_without_the_mark_of_use_two_answers_leave_by_one_order(court, withheld):
    await court.answered()
    await court.order(withheld)
    assert await raced(court, Unmarked) == [True, True]


async def raced(court, kind=Orders):
    """Whether two deliveries that two dispatchers claim may leave; those that may first."""
    await court.release()
    site = court.site
    owed = [delivery.id for delivery in site.told if delivery.kind == ANSWER]
    assert len(owed) == 2

    async def cleared(delivery, owner):
        watch = RegisterWatch(site.stores.notices, site.stores.overrides)
        orders = kind(site.stores.overrides, Asked(site.stores.records, site.questions), site.scribe)
        (claimed,) = await site.deliveries.claim([delivery], owner, site.now, site.now + timedelta(minutes=5))
        clearing = replace(site.clearing(), watch=watch, orders=orders)
        try:
            return (await clearing.clear(await clearing.decided(claimed))).covers(delivery, OHIO)
        except KeptBack:
            return False

    found = await asyncio.gather(*(cleared(one, owner) for one, owner in zip(owed, "ab", strict=True)))
    return sorted(found, reverse=True)


async def test_an_attempt_that_failed_is_repeated_under_the_same_order_until_its_last_day(court, withheld):
    await court.order(withheld)
    site = court.site
    site.door.failure = lambda: Transient("Out of order.", code="http-503")
    assert await court.sent() == []
    order = await court.only()
    assert order.used is not None, "used before anything is handed over"
    site.wait(days=3, minutes=1)
    assert await court.sent() == []
    assert len(site.door.begun) == 2 + len([p for p in site.door.taken if p.kind == LOCATE])
    assert (await site.actions(f"delivery:{order.used.delivery}")).count("override.used") == 1
    site.wait(days=1)
    site.door.failure = None
    assert await court.sent() == []
    assert (await site.stores.desk.get(order.used.delivery)).state is DeliveryState.HELD


async def test_a_parcel_that_lies_ready_is_fetched_under_its_order_while_that_holds(court, withheld):
    court.site.door.handover = Handover(final=False)
    await court.order(withheld)
    (parcel,) = await court.sent()
    fetched = court.site.clearing()
    assert await fetched.kept_back(parcel.delivery) is None
    assert await fetched.kept_back(parcel.delivery) is None, "as often as it is asked for"
    court.site.wait(days=4)
    _, back = await fetched.kept_back(parcel.delivery)
    assert back.first.withheld is Withheld.PROTECTED_PERSON


async def test_an_order_that_comes_when_a_parcel_lies_ready_is_used_up_by_its_fetching(court):
    court.site.door.handover = Handover(final=False)
    record = await court.asked()
    await court.answered()
    (parcel,) = await court.sent()
    await court.danger()
    assert await court.site.clearing().kept_back(parcel.delivery) is not None
    await court.order(record)
    assert await court.site.clearing().kept_back(parcel.delivery) is None
    order = await court.only()
    assert order.used.delivery == parcel.delivery


# --- for this request, this person, these days -----------------------------------------------------------------------


async def test_an_order_about_another_request_lets_nothing_go(court, withheld):
    other = await court.asked(case="OH40000002")
    await court.order(other)
    assert await court.sent() == []
    await court.order(withheld)
    assert len(await court.sent()) == 1, "the control: the right one does"


@pytest.mark.usefixtures("withheld")
async def test_an_order_about_another_person_lets_nothing_go(court):
    await court.danger(OTHER)
    other = await court.asked(case="OH40000002", ssn=OTHER)
    await court.answered(case="OH40000002", ssn=OTHER)
    await court.order(other)
    (parcel,) = await court.sent()
    assert OTHER in parcel.body
    assert SSN not in parcel.body
    assert await court.staying() == [Withheld.PROTECTED_PERSON]


async def test_who_asks_again_before_the_court_decides_gets_what_answered_the_request_of_the_order(court, withheld):
    """The answer that was kept is that to the first request, whatever was asked about the person since."""
    again = await court.asked(serial="77")
    await court.order(withheld)
    assert len(await court.sent()) == 1
    assert (await court.only()).request == withheld.id != again.id


@pytest.mark.usefixtures("withheld")
async def test_an_order_about_a_later_request_does_not_let_go_what_answered_an_earlier_one(court):
    again = await court.asked(serial="77")
    await court.order(again)
    assert await court.sent() == [], "it had come before that request"
    await court.answered()
    assert len(await court.sent()) == 1, "the control: an answer to it goes"


async def test_an_order_may_name_the_answer_itself(court, withheld):
    listing = await court.site.stores.records.search(RecordQuery(kind=ANSWER), Page())
    await court.order(await court.site.stores.records.get(listing.rows[0].id))
    assert len(await court.sent()) == 1
    assert withheld.id != listing.rows[0].id


async def test_before_its_day_and_after_its_last_an_order_lets_nothing_go(court, withheld):
    await court.order(withheld)
    for days in (-4, 8):
        court.site.wait(days=days)
        assert await court.sent() == []
    assert await court.staying() == [Withheld.PROTECTED_PERSON]


async def test_what_was_ordered_goes_to_the_court_alone(court, withheld):
    site = court.site
    site.know(
        partner(FPLS, "FPLS", program="FPLS"),
        partner(OHIO, "39", tax_approval=APPROVED),
        agreements=(agreement(FPLS, OHIO, kinds=frozenset({ANSWER})),),
    )
    await court.order(withheld)
    assert await court.sent() == []


async def test_a_delivery_that_was_kept_when_it_was_about_to_leave_goes_by_an_order(court):
    record = await court.asked()
    await court.answered()
    await court.danger()
    assert await court.sent() == []
    (delivery,) = [one for one in court.site.told if one.kind == ANSWER]
    assert (await court.site.found(delivery)).cause == Withheld.PROTECTED_PERSON
    await court.order(record)
    (parcel,) = await court.sent()
    assert parcel.delivery == delivery.id
    told = await court.site.actions(f"delivery:{delivery.id}")
    assert told == ["delivery.withheld", "delivery.released", "override.used", "delivery.delivered"]


# --- one recipient, everybody in the record ---------------------------------------------------------------------------


@pytest.mark.claim("V02", control="test_an_order_for_no_one_partner_would_go_to_every_court")
async def test_what_was_ordered_for_one_court_does_not_go_to_another(court, withheld, claim):
    """Michigan has copies of Ohio's answers for its courts, and gets none by an order for Ohio's."""
    copied(court.site)
    await court.order(withheld)
    assert (await court.only()).recipient == OHIO
    assert len(await court.sent()) == 1
    assert owed(court.site) == [OHIO]
    claim.measured("2 partners may have it for courts, 1 asked: it went to that one")


async def test_an_order_for_no_one_partner_would_go_to_every_court(court, withheld, monkeypatch):
    monkeypatch.setattr("gateway.store.overrides.PartnerKey", Anybody)
    copied(court.site)
    await court.order(withheld)
    await court.sent()
    assert owed(court.site) == [OHIO, MICHIGAN]


class Anybody(str):
    """The safeguard off: a recipient that is whoever is looked for."""

    __slots__ = ()

    def __eq__(self, _other):
        return True

    def __hash__(self):
        return 0


def copied(site):
    """Michigan gets a copy of each answer to Ohio, for its courts."""
    terms = {"kinds": frozenset({ANSWER}), "purpose": "support", "requester": "court"}
    copy = agreement(FPLS, MICHIGAN, mode=AgreementMode.SUBSCRIPTION, **terms)
    site.know(
        partner(FPLS, "FPLS", program="FPLS"),
        *(partner(key, code, tax_approval=APPROVED) for key, code in ((OHIO, "39"), (MICHIGAN, "26"))),
        agreements=(agreement(FPLS, OHIO, **terms), copy),
    )


def owed(site):
    return [delivery.partner for delivery in site.told if delivery.kind == ANSWER]


async def test_whose_answer_it_is_is_known_or_has_to_be_said(court, withheld):
    for named in (MICHIGAN, PartnerKey("nobody")):
        with pytest.raises(Unprocessable) as refused:
            await court.request(withheld, recipient=named)
        assert refused.value.problem == "override-recipient"
    assert (await court.request(withheld, recipient=OHIO)).terms["recipient"] == OHIO


async def test_about_two_protected_persons_two_orders_let_it_go_and_one_does_not(court):
    for ssn in (SSN, OTHER):
        await court.danger(ssn)
    await court.asked()
    await court.answered(at_377=OTHER)
    record = await court.answer()
    assert len(await court.desk.protected(record)) == 2
    with pytest.raises(Unprocessable) as unclear:
        await court.request(record)
    assert unclear.value.problem == "override-person"
    await court.order(record, number=1)
    assert await court.sent() == [], "the other one is protected still"
    await court.order(record, number=2)
    (parcel,) = await court.sent()
    used = await court.desk.overrides.used_by(parcel.delivery)
    assert len(used) == len({one.person for one in used}) == 2
    assert (await court.site.actions(f"delivery:{parcel.delivery}")).count("override.used") == 2
    assert (await court.desk.of_record(record.id)).title.count("by order") == 2


async def test_an_answer_that_names_a_second_protected_person_stays_when_its_turn_comes(court, withheld):
    await court.danger(OTHER)
    await court.order(withheld)
    await court.answered(at_377=OTHER)
    (parcel,) = await court.sent()
    assert OTHER not in parcel.body
    assert await court.staying() == [Withheld.PROTECTED_PERSON]


async def test_about_somebody_without_a_number_the_order_names_the_answer(court):
    await court.asked()
    await court.answered(at_314=b" " * 9, at_375=b"39")
    await court.answered(at_314=b" " * 9, at_375=b"39")
    record = await court.answer()
    assert await court.staying() == [Withheld.NONDISCLOSURE] * 2
    (place,) = await court.desk.protected(record)
    assert (place.numbered, place.path) == (False, "")
    with pytest.raises(Unprocessable) as unknown:
        await court.request(record)
    assert unknown.value.problem == "override-recipient", "whose request it answers is not known without the number"
    await court.order(record, recipient=OHIO)
    assert len(await court.sent()) == 1
    assert await court.staying() == [Withheld.NONDISCLOSURE], "the other answer has the same words, and no order"
    assert (await court.only()).used.record == record.id


async def test_an_order_about_who_has_a_number_does_not_do_for_one_without(court, withheld):
    """The answer says besides that somebody of whom it has no number must not be told of."""
    await court.order(withheld)
    court.site.speech.canonical.unnumbered = lambda _content: ("Somebody",)  # on top of the protected person
    assert await court.sent() == []
    del court.site.speech.canonical.unnumbered
    assert len(await court.sent()) == 1, "the control"


# --- when it does not arrive ------------------------------------------------------------------------------------------


async def test_bytes_that_cannot_be_made_use_no_order_up(court, withheld, monkeypatch):
    await court.order(withheld)
    with monkeypatch.context() as broken:
        broken.setattr(attempt, "_check", unwritable)
        assert await court.sent() == []
    (owed,) = [one for one in court.site.told if one.kind == ANSWER]
    assert (await court.site.found(owed)).state is DeliveryState.DEAD
    assert await court.stands() == ["open"]
    await again(court, owed.id)
    assert len(await court.sent()) == 1


def unwritable(claimed, _composed):
    if claimed.delivery.kind == ANSWER:
        raise Permanent("No room.", code="field-long")


async def test_an_answer_that_the_court_never_got_is_told_once_and_can_be_sent_again_under_its_order(court, withheld):
    await court.order(withheld)
    site = court.site
    site.door.failure = lambda: Permanent("Nobody here.", code="http-404")
    assert await court.sent() == []
    order = await court.only()
    assert await court.stands() == ["undelivered"]
    assert (await court.desk.counts())["undelivered"] == 1
    for why in (await court.desk.of_delivery(order.used.delivery), await court.desk.of_record(order.used.record)):
        assert (
            why.title
            == f"It was let go by order {order.id} of the court 39-CP-0001 of 2026-03-02, and has not arrived."
        )
        assert "sent again by the last day" in why.change
    await court.release()
    await court.release()
    assert (await site.actions(f"delivery:{order.used.delivery}")).count("override.undelivered") == 1
    site.door.failure = None
    await again(court, order.used.delivery)
    assert len(await court.sent()) == 1
    assert await court.stands() == ["used"]


async def test_what_did_not_arrive_in_the_days_of_its_order_goes_by_a_new_one(court, withheld):
    await court.order(withheld)
    site = court.site
    site.door.failure = lambda: Permanent("Nobody here.", code="http-404")
    await court.sent()
    site.door.failure = None
    delivery = (await court.only()).used.delivery
    site.wait(days=4)
    await again(court, delivery)
    assert await court.sent() == [], "its days are over"
    await court.order(withheld, replace(PAPER, expires_on=TODAY + timedelta(days=9)))
    (parcel,) = await court.sent()
    assert parcel.delivery == delivery
    assert await court.stands() == ["used", "used"]


async def test_an_answer_that_was_given_up_is_not_said_to_be_sent_again(court, withheld):
    await court.order(withheld)
    court.site.door.failure = lambda: Permanent("Nobody here.", code="http-404")
    await court.sent()
    delivery = (await court.only()).used.delivery
    assert await court.stands() == ["undelivered"], "the control"
    entry = court.site.scribe.entry(PAT, "delivery.withdrawn", f"delivery:{delivery}")
    assert await court.site.stores.desk.withdraw(delivery, court.site.now, entry)
    for days in (0, 4):
        court.site.wait(days=days)
        assert await court.stands() == ["withdrawn"]
        assert "was given up" in (await court.desk.of_delivery(delivery)).change
        counts = await court.desk.counts()
        assert (counts["undelivered"], counts["withdrawn"]) == (0, 1), "the alert ends"


@pytest.fixture
async def together(court):
    """An answer that a court ordered, in one delivery with another about whom nobody asked a court; the partner was out
    of order at the first attempt, and the order is used up."""
    site = court.site
    batched = {ANSWER: Batching(BatchMode.COUNT, count=100, age=timedelta(minutes=1))}
    site.know(
        partner(FPLS, "FPLS", program="FPLS"),
        partner(OHIO, "39", tax_approval=APPROVED, batching=batched),
        agreements=site.directory.agreements,
    )
    await court.danger()
    record = await court.asked()
    await court.answered()
    await court.asked(case="OH40000002", ssn=OTHER)
    await court.answered(case="OH40000002", ssn=OTHER)
    await court.order(record)
    await court.release()
    site.wait(minutes=2)
    gatherer = Gatherer(
        site.stores.deliveries, lambda: site.directory, site.scribe, site.clock, site.mint, site.router.bridging
    )
    await gatherer.step()
    site.door.failure = lambda: Transient("Out of order.", code="http-503")
    await dispatched(court)
    assert (await court.stands(), site.door.begun[-1].records) == (["leaving"], 2)
    site.door.failure = None
    return record


async def dispatched(court):
    """Everything that is due, until nothing is; a split makes the rest due again."""
    async with court.site.dispatching():
        for _ in range(3):
            await court.site.come_to_rest()


async def test_an_order_whose_answer_stays_behind_does_not_pass_for_delivered_with_the_others(court, together):
    site, first = court.site, (await court.only()).used.delivery
    site.wait(days=4)
    await dispatched(court)
    (parcel,) = [one for one in site.door.taken if one.kind == ANSWER]
    assert (parcel.delivery, parcel.records, SSN in parcel.body) == (first, 1, False)
    await court.release()
    used = (await court.only()).used
    assert used.delivery != first
    assert await court.stands() == ["expired"], "nothing has arrived by it"
    assert (await court.desk.of_record(used.record)).change == "A new order."
    assert await site.actions(f"delivery:{used.delivery}") == ["delivery.withheld", "override.undelivered"]
    await court.order(together, replace(PAPER, expires_on=TODAY + timedelta(days=9)))
    await court.release()
    await dispatched(court)
    (late,) = [one for one in site.door.taken if one.delivery == used.delivery]
    assert SSN in late.body


@pytest.mark.usefixtures("together")
async def test_an_answer_that_stays_behind_for_a_while_leaves_under_its_order(court):
    """Between two attempts the agreement does not name the court, and then it does again."""
    site, terms = court.site, court.site.directory.agreements
    partners = tuple(site.directory.partners.values())
    order = await court.only()
    site.know(*partners, agreements=[replace(one, requester="agency") for one in terms])
    site.wait(minutes=1)
    await dispatched(court)
    apart = (await court.only()).used.delivery
    assert apart != order.used.delivery
    assert await court.stands() == ["undelivered"]
    site.know(*partners, agreements=terms)
    await again(court, apart)
    await dispatched(court)
    assert await court.stands() == ["used"]
    (late,) = [one for one in site.door.taken if one.delivery == apart]
    assert SSN in late.body


async def test_a_second_order_by_which_the_same_delivery_fails_is_told_too(court, withheld):
    site = court.site
    site.door.failure = lambda: Permanent("Nobody here.", code="http-404")
    await court.order(withheld)
    await court.sent()
    delivery = (await court.only()).used.delivery
    await court.release()
    site.wait(days=4)
    await again(court, delivery)
    assert await court.sent() == []
    await court.order(withheld, replace(PAPER, expires_on=TODAY + timedelta(days=9)))
    assert await court.sent() == []
    assert await court.stands() == ["undelivered", "expired"]
    for _ in range(2):
        await court.release()
    told = [e for _, e in await site.stores.audit.about(f"delivery:{delivery}") if e.action == "override.undelivered"]
    assert [one.details["order"] for one in told] == [one.order.id for one in reversed(await court.desk.list(10))]


async def again(court, delivery):
    entry = court.site.scribe.entry(PAT, "delivery.retried", f"delivery:{delivery}")
    assert await court.site.stores.desk.retry(delivery, court.site.now, entry)


async def test_a_query_that_was_answered_at_once_is_no_request_that_an_order_may_name(court):
    query = RecordId(court.site.mint())
    entry = court.site.scribe.entry(Actor("partner", OHIO), "query.answered", f"query:{query}", "prohibited")
    await court.site.stores.audit.write([entry])
    with pytest.raises(Conflict) as refused:
        await court.desk.named(query)
    assert refused.value.problem == "override-query"
    with pytest.raises(NotFound):
        await court.desk.named(RecordId("nothing"))


# --- two people ------------------------------------------------------------------------------------------------------


async def test_one_person_alone_enters_no_order(court, withheld):
    with pytest.raises(Forbidden):
        await court.request(withheld, person=Person(PAT, Role.OPERATOR))
    wanted = await court.request(withheld)
    with pytest.raises(Forbidden) as refused:
        await court.words.decide(PAT, Role.SECURITY_OFFICER, wanted.id, approved=True, reason="me again")
    assert refused.value.problem == "approval-own"
    with pytest.raises(Conflict) as refused:
        await court.desk.enter(wanted, PAT)
    assert refused.value.problem == "approval-needed"
    assert (await court.desk.list(10), await court.sent()) == ((), [])


async def test_what_was_agreed_to_and_not_entered_is_entered_when_asked_again(court, withheld):
    wanted = await court.request(withheld)
    await court.words.decide(KIM, Role.SECURITY_OFFICER, wanted.id, approved=True, reason="paper seen")
    assert await court.desk.list(10) == (), "the process ended here"
    assert (await court.request(withheld)).id == wanted.id
    assert len(await court.desk.list(10)) == 1
    used = await court.site.stores.approvals.get(wanted.id)
    assert used.state is State.USED
    with pytest.raises(Conflict):
        await court.desk.enter(used, KIM)
    assert len(await court.desk.list(10)) == 1, "a permission makes one order"


UNFIT = (
    {"court": "Judge Jane Doe"},
    {"court": ""},
    {"ordered_on": TODAY + timedelta(days=1)},
    {"expires_on": TODAY - timedelta(days=1)},
    {"expires_on": TODAY + timedelta(days=400)},
)


@pytest.mark.parametrize("changes", UNFIT)
def test_an_order_that_cannot_be_used_is_not_taken(changes):
    PAPER.check(TODAY)
    with pytest.raises(Unprocessable) as refused:
        replace(PAPER, **changes).check(TODAY)
    assert refused.value.problem == "override-terms"


async def test_a_person_on_whom_nothing_is_held_needs_no_order(court):
    record = await court.asked()
    with pytest.raises(Unprocessable) as refused:
        await court.request(record)
    assert refused.value.problem == "override-person"


async def test_terms_log_and_audit_name_nobody(court, withheld, capfd):
    (place,) = await court.desk.protected(withheld)
    assert place.path == "NoncustodialParent/PersonSSNIdentification"
    await court.order(withheld)
    await court.sent()
    (asked,) = (await court.site.stores.approvals.list(Page(10))).rows
    entries = [e for _, e in await court.site.stores.audit.about(f"record:{withheld.id}")]
    assert "override.entered" in [entry.action for entry in entries]
    told = f"{dict(asked.terms)}{[dict(e.details) for e in entries]}{await court.desk.list(10)}{capfd.readouterr()}"
    person = court.site.questions.indexer.index(DOMAIN, SSN.decode())
    assert SSN.decode() not in told
    assert person.hex() not in told
    assert repr(person)[2:-1] not in told


async def test_at_the_command_line_one_asks_and_everybody_at_the_machine_sees_what_became_of_it(
    court, withheld, tmp_path, sqlite_url
):
    config = tmp_path / "gateway.toml"
    config.write_text(f'[db]\nurl = "{sqlite_url}"\n[keys]\ndirectory = "{tmp_path}/keys"\n')

    async def run(*words):
        done = await asyncio.to_thread(CliRunner().invoke, app, ["--config", str(config), "override", *words])
        assert done.exit_code == 0, done.output
        return done

    today = datetime.now(UTC).date()
    days = ("--ordered-on", str(today), "--expires-on", str(today + timedelta(days=2)))
    asking = ("ask", withheld.id, "--court", "39-CP-0001", *days, "--reason", "order of the court")
    assert "When somebody else has agreed" in (await run(*asking)).stderr
    (asked,) = (await court.site.stores.approvals.list(Page(10))).rows
    await court.words.decide(KIM, Role.SECURITY_OFFICER, asked.id, approved=True, reason="paper seen")
    agreed = await run(*asking, "--json")
    assert "operator:kim has agreed" in agreed.stderr
    assert json.loads(agreed.stdout) == {"request": asked.id, "decided_by": "operator:kim"}
    (order,) = json.loads((await run("list", "--json")).stdout)
    assert (order["state"], order["request"], order["approved_by"]) == ("open", withheld.id, "operator:kim")


# --- said, and not kept ----------------------------------------------------------------------------------------------


async def test_that_it_left_by_order_is_said_and_the_answer_is_destroyed(court, withheld):
    await court.order(withheld)
    (parcel,) = await court.sent()
    order = await court.only()
    for why in (await court.desk.of_delivery(parcel.delivery), await court.desk.of_record(order.used.record)):
        assert (why.code, why.rule) == ("court-order", "V02")
        assert why.title == f"It left once by order {order.id} of the court 39-CP-0001 of 2026-03-02."
    assert await court.desk.of_record(withheld.id) is None
    made = erasing(court.site)
    assert await made.urgent(), "without waiting for the next round"
    await made.run(KIM)
    record = await court.site.stores.records.get(order.used.record)
    assert (record.sealed, record.persons, record.digest) == (None, None, None)
    assert (await court.site.stores.retention.erased(record.id)).rule == "court-order"
    assert (await court.site.stores.records.get(withheld.id)).sealed is not None, "the request stays"


@pytest.mark.claim("V02", control="test_with_retention_off_what_is_only_old_stays")
async def test_with_retention_off_the_answer_is_destroyed_all_the_same(court, withheld):
    await court.order(withheld)
    await court.sent()
    assert not await Rounds(lawful(court.site), None).step()
    assert (await court.site.stores.records.get((await court.only()).used.record)).sealed is None
    (run,) = await court.site.stores.retention.runs(10)
    assert (run.records, run.state) == (1, RunState.DONE)


async def test_with_retention_off_what_is_only_old_stays(court, withheld):
    court.site.wait(days=4_000)
    assert not await Rounds(lawful(court.site), None).step()
    assert await court.site.stores.retention.runs(10) == ()
    assert (await court.site.stores.records.get(withheld.id)).sealed is not None
    await Rounds(erasing(court.site), timedelta(days=1)).step()
    assert (await court.site.stores.records.get(withheld.id)).sealed is None, "switched on, it goes"


def lawful(site):
    """The eraser of a site whose retention is switched off."""
    made = erasing(site)
    return replace(made, only=made.schedule.at_once)


async def test_an_answer_that_needed_no_order_is_kept(court):
    await court.asked()
    await court.answered()
    assert len(await court.sent()) == 1
    assert not await erasing(court.site).urgent()


def erasing(site):
    stored = site.stores
    return Eraser(
        schemas.schedule(site.speech.catalog),
        lambda _kind: frozenset(),
        stored.retention,
        stored.holds,
        stored.accounting,
        StoredPruning(site.database),
        stored.leases,
        site.scribe,
        site.clock,
        site.mint,
        "a",
    )
