"""Amending a dead letter: two people, the same rules as at intake, and the record itself stays what its sender sent."""

import hashlib
from dataclasses import replace
from operator import attrgetter

import pytest

from gateway.core.amendment import MOST_CHANGES, Change, Fixed, Unfit, amended
from gateway.core.errors import Conflict, Forbidden, Permanent, Tampered, Unprocessable
from gateway.core.four_eyes import State
from gateway.core.labels import open_record, record_context
from gateway.core.model import Actor, Content, DeliveryState, FormatName, Page
from gateway.core.ports.approvals import Spent
from gateway.core.roles import Role
from gateway.crew import InlineCrew
from gateway.store.cargo import StoredCargo
from gateway.web.amending import Amending
from gateway.web.approving import Person, SecondWords
from gateway.web.opening import Openings
from gateway.work.answers import AnsweringCrew
from gateway.work.compose import Composer
from gateway.work.mending import Mender
from gateway.work.rehearsal import Rehearsal
from tests.unit.work_site import CASE, OHIO, SPEECH, Site, open_site, partner
from transforms.facts import deciding_paths

PAT = Person(Actor("operator", "pat"), Role.OPERATOR)
SAM = Actor("operator", "sam")
LINE = "LocateInformation/ResidentialAddress/Address/AddressLine1Text"
CITY = "LocateInformation/ResidentialAddress/Address/AddressCityName"
MENDED = "7 Mended Lane"
SENT = "12 Invented Street"
REASON = "typed wrong, called the county"
KINDS = SPEECH().catalog.kinds
FIXED = Fixed({kind: frozenset(deciding_paths(info)) for kind, info in KINDS.items()})


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


def desk(site: Site, most: int = 10) -> Amending:
    stores = site.stores
    composer = Composer(site.speech.formats, site.speech.canonical, site.sealer, site.router.bridging)
    plain = AnsweringCrew(InlineCrew(None, composer), site.questions)
    words = SecondWords(stores.approvals, site.scribe, site.clock, site.mint)
    mender = Mender(
        stores.amendments,
        stores.submissions,
        site.speech.canonical,
        site.speech.rules,
        site.sealer,
        site.questions.indexer,
        FIXED,
        Rehearsal(StoredCargo(site.database), plain, lambda: site.directory, most),
    )
    noted = Openings(stores.operators, site.sealer, stores.audit, site.scribe)
    return Amending(stores.desk, stores.amendments, mender, words, noted, site.clock)


def refused_content():
    return Permanent("They cannot use it.", code="http-422", answer="422")


async def dead(site, *serials):
    """A delivery that the partner refused, and the one record in it."""
    (owed,) = await site.owe(*serials or (1,))
    await attempt(site, refused_content)
    (record,) = await site.stores.desk.carried(owed.id, 2)
    assert (await site.found(owed)).state is DeliveryState.DEAD
    return owed, record


async def attempt(site, failure=None):
    site.door.failure = failure
    async with site.dispatching():
        await site.come_to_rest()


async def agreed(amending, owed, record, *changes):
    """A request that a data steward agreed to."""
    request = await amending.ask(PAT, owed.id, record.id, changes or (Change(LINE, MENDED),), REASON)
    await amending.words.decide(SAM, Role.DATA_STEWARD, request.id, approved=True, reason="seen the letter")
    return request


async def test_what_two_people_agreed_on_goes_out_and_the_record_stays_as_it_was_sent(site):
    owed, record = await dead(site)
    amending = desk(site)
    before = await site.found(owed)
    request = await agreed(amending, owed, record)
    sent = await amending.send(PAT, request.id)
    assert (sent.state, sent.attempts, sent.digest) == (DeliveryState.PENDING, 0, None)
    await attempt(site)
    (parcel,) = site.door.taken
    assert MENDED.encode() in parcel.body
    assert SENT.encode() not in parcel.body
    told = await site.found(owed)
    assert (told.state, told.digest) == (DeliveryState.DELIVERED, parcel.digest)
    assert told.digest != before.digest
    assert parcel.body.replace(MENDED.encode(), SENT.encode()) == site.door.begun[0].body, "nothing else is changed"
    kept = await site.stores.records.get(record.id)
    document = open_record(site.sealer, kept.id, kept.sealed)
    assert SENT.encode() in document
    assert hashlib.sha256(document).hexdigest() == kept.digest == record.digest
    entries = [entry for _, entry in await site.stores.audit.about(f"record:{record.id}")]
    assert [entry.action for entry in entries] == ["record.accepted", "record.amended"]
    assert entries[0].details["sha256"] == record.digest, "what is proved of the record is the record"
    assert (await site.stores.approvals.get(request.id)).state is State.USED


async def test_the_trace_names_both_people_the_elements_and_both_digests_and_no_value(site):
    owed, record = await dead(site)
    amending = desk(site)
    request = await agreed(amending, owed, record)
    await amending.send(PAT, request.id)
    steps = await site.stores.records.trace(record.id)
    (told,) = [step for step in steps if step.action == "record.amended"]
    (amendment,) = await site.stores.amendments.of_delivery(owed.id)
    assert dict(told.details) == {
        "delivery": owed.id,
        "fields": LINE,
        "before": record.digest,
        "after": amendment.after,
        "asked_by": "operator:pat",
        "approved_by": "operator:sam",
    }
    assert (amendment.approved_by, amendment.used_at, amendment.sealed) == ("operator:sam", site.now, None)
    assert [s.action for s in steps if s.object == f"delivery:{owed.id}"][-2:] == ["approval.used", "delivery.retried"]
    with site.path.open("rb") as file:
        assert b"Mended" not in file.read()
    assert not any("Mended" in str(step) for step in steps)


class Receiver:
    """Takes each id once, as partners do that drop repeats."""

    def __init__(self, known_by):
        self._known_by, self._seen, self.has = known_by, set(), []

    def gets(self, parcel):
        if self._known_by(parcel) not in self._seen:
            self._seen.add(self._known_by(parcel))
            self.has.append(parcel.body)


@pytest.mark.parametrize(("known_by", "taken"), [(attrgetter("known_as"), 2), (attrgetter("delivery"), 1)])
async def test_a_partner_that_drops_what_it_knows_takes_what_was_amended(site, known_by, taken):
    """The control: one that goes by the delivery's id alone, which was all there was, drops it."""
    owed, record = await dead(site)
    amending = desk(site)
    await amending.send(PAT, (await agreed(amending, owed, record)).id)
    await attempt(site, refused_content)
    entry = site.scribe.entry(SAM, "delivery.retried", f"delivery:{owed.id}")
    assert await site.stores.desk.retry(owed.id, site.now, entry)
    await attempt(site)
    receiver = Receiver(known_by)
    for parcel in site.door.begun:
        receiver.gets(parcel)
    assert len(site.door.begun) == 3
    assert len(receiver.has) == taken, "and the retry of what was amended is a repeat"
    assert (MENDED.encode() in receiver.has[-1]) is (taken == 2)


async def test_the_log_and_the_delivery_say_both_of_its_names(site):
    owed, record = await dead(site)
    amending = desk(site)
    sent = await amending.send(PAT, (await agreed(amending, owed, record)).id)
    assert (owed.known_as, sent.known_as, sent.edition) == (owed.id, f"{owed.id}.2", 2)
    steps = await site.stores.records.trace(record.id)
    (told,) = [step for step in steps if step.action == "delivery.retried"]
    assert (told.details["was_known_as"], told.details["known_as"]) == (owed.id, f"{owed.id}.2")
    await attempt(site)
    (first, last) = site.door.begun
    assert (first.name.removesuffix(first.extension) + f".2{last.extension}") == last.name


LONG = "Apartment on the hill behind the old mill, second door"


async def test_a_draft_is_tried_in_the_partners_format_before_anybody_agrees(site):
    site.know(partner(OHIO, "39", formats={CASE: FormatName("csenet")}))
    owed, record = await dead(site)
    amending = desk(site)
    plain, _ = await amending.draft(PAT, owed.id, record.id, (Change(CITY, "AKRON"),))
    long, _ = await amending.draft(PAT, owed.id, record.id, (Change(LINE, LONG),))
    new = {one.path for one in long.tried.findings} - {one.path for one in plain.tried.findings}
    assert (long.tried.format, new) == ("csenet", {LINE})
    request = await amending.ask(PAT, owed.id, record.id, (Change(LINE, LONG),), REASON)
    amendment, _ = await amending.found(request.id)
    assert await amending.tried(amendment, request) == long.tried, "the second person sees the same"
    assert LONG not in str(long.tried)
    assert (await site.found(owed)).state is DeliveryState.DEAD
    assert site.door.taken == [], "nothing is sent by trying"
    assert (await desk(site, most=0).draft(PAT, owed.id, record.id, (Change(CITY, "AKRON"),)))[0].tried is None


async def test_one_person_alone_sends_nothing(site):
    owed, record = await dead(site)
    amending = desk(site)
    steward = Person(PAT.actor, Role.DATA_STEWARD)
    request = await amending.ask(steward, owed.id, record.id, (Change(LINE, MENDED),), REASON)
    with pytest.raises(Conflict) as waits:
        await amending.send(steward, request.id)
    assert waits.value.problem == "approval-needed"
    with pytest.raises(Forbidden) as own:
        await amending.words.decide(PAT.actor, Role.DATA_STEWARD, request.id, approved=True, reason="me")
    assert own.value.problem == "approval-own"
    with pytest.raises(Forbidden):
        await amending.words.decide(SAM, Role.OPERATOR, request.id, approved=True, reason="me")
    await attempt(site)
    assert site.door.taken == []
    assert (await site.found(owed)).state is DeliveryState.DEAD


async def test_control_the_same_steps_with_a_second_person_send_it(site):
    owed, record = await dead(site)
    amending = desk(site)
    await amending.send(PAT, (await agreed(amending, owed, record)).id)
    site.rows("UPDATE records SET bearing = NULL")  # as of a record from before bearings were kept: the guard reads it
    await attempt(site)
    assert [parcel.delivery for parcel in site.door.taken] == [owed.id]


async def test_asking_the_same_again_asks_nothing_new_and_something_else_does(site):
    owed, record = await dead(site)
    amending = desk(site)
    first = await amending.ask(PAT, owed.id, record.id, (Change(LINE, MENDED),), REASON)
    assert (await amending.ask(PAT, owed.id, record.id, (Change(LINE, MENDED),), "again")).id == first.id
    other = await amending.ask(PAT, owed.id, record.id, (Change(CITY, "AKRON"),), REASON)
    assert other.id != first.id
    assert len((await site.stores.approvals.list(Page(10))).rows) == 2
    assert set(first.terms) == {"record", "content", "fields"}


FIXED_PATHS = (
    "Header/SenderCaseID",
    "Header/RecipientLocator/LocatorStateCode",
    "Header/Function",
    "Header/TransactionSerialNumber",
    "Case/CaseTypeCode",
    "Case/NondisclosureFinding",
    "NoncustodialParent/PersonSSNIdentification",
    "Participant[1]/FamilyViolenceIndicator",
)


async def test_what_decides_who_whose_and_whether_it_may_go_is_fixed(site):
    owed, record = await dead(site)
    for path in FIXED_PATHS:
        with pytest.raises(Unprocessable) as fixed:
            await desk(site).ask(PAT, owed.id, record.id, (Change(LINE, MENDED), Change(path, "Y")), REASON)
        assert fixed.value.problem == "amend-fixed", path
    assert (await site.stores.approvals.list(Page(10))).rows == ()


async def test_what_makes_another_record_of_it_is_refused_though_no_name_says_so(site):
    """The second wall: what routing sees of the record must stay, whatever the list of fixed names forgets."""
    owed, record = await dead(site)
    open_to_all = replace(desk(site).mending, fixings=Fixed({}))
    with pytest.raises(Unprocessable) as fixed:
        await replace(desk(site), mending=open_to_all).ask(
            PAT, owed.id, record.id, (Change("Case/CaseTypeCode", "N"),), REASON
        )
    assert fixed.value.problem == "amend-fixed"


REFUSED = (
    (Change("NoncustodialParent/PersonBirthDate", "1984-02-31"), "amend-invalid"),
    (Change("NoncustodialParent/PersonBirthDate", "\x01"), "amend-invalid"),
    (Change("Header/TransactionDate", ""), "amend-invalid"),
    (Change("NoncustodialParent/NoSuchThing", "1"), "amend-path"),
    (Change("Participant[9]/PersonName/PersonGivenName", "ANN"), "amend-path"),
    (Change("../etc/passwd", "1"), "amend-path"),
    (Change(LINE, SENT), "amend-nothing"),
    (Change(LINE, "x" * 501), "amend-value"),
)


async def test_content_that_intake_would_refuse_is_refused_with_a_code_and_without_its_value(site):
    owed, record = await dead(site)
    for change, code in REFUSED:
        with pytest.raises(Unprocessable) as refused:
            await desk(site).ask(PAT, owed.id, record.id, (change,), REASON)
        assert refused.value.problem == code, change.path
        assert len(change.value) < 2 or change.value not in str(refused.value)
        if isinstance(refused.value, Unfit):
            assert any(finding.severity.blocks for finding in refused.value.findings)


GAPPED = {"Alias[1]/Name": "ANN", "Alias[3]/Name": "BEA", "Alias[3]/Note[2]": "X", "Job[1]": "A", "Job[2]": "B"}


@pytest.mark.parametrize(
    ("path", "value"), [("Alias[5]/Name", "EVE"), ("Job[1]", ""), ("Alias[1]/Note[2]", "Y"), ("Other[2]", "Z")]
)
def test_a_change_leaves_no_gap_among_repeated_elements(path, value):
    with pytest.raises(Unprocessable) as refused:
        amended(Content(CASE, GAPPED), (Change(path, value),), Fixed({}))
    assert refused.value.problem == "amend-path"


@pytest.mark.parametrize(
    "path", ["Alias[1]/Name", "Alias[3]/Name", "Alias[3]/Note[2]", "Alias[2]/Name", "Alias[4]/Name"]
)
def test_a_record_that_came_with_a_gap_may_be_amended(path):
    made = amended(Content(CASE, GAPPED), (Change(path, "EVE"),), Fixed({}))
    assert made.fields == {**GAPPED, path: "EVE"}


async def test_a_delivery_that_is_not_dead_any_more_is_a_conflict_and_nothing_of_it_changes(site):
    owed, record = await dead(site)
    amending = desk(site)
    request = await agreed(amending, owed, record)
    entry = site.scribe.entry(SAM, "delivery.retried", f"delivery:{owed.id}")
    assert await site.stores.desk.retry(owed.id, site.now, entry)
    with pytest.raises(Conflict) as gone:
        await amending.send(PAT, request.id)
    assert gone.value.problem == "delivery-state"
    amendment, found = await amending.found(request.id)
    assert not await amending.store.use(amendment, Spent(PAT.actor, site.now), ()), "the store does not take it either"
    assert found.state is State.APPROVED
    await attempt(site)
    assert SENT.encode() in site.door.taken[0].body


async def test_content_that_somebody_else_amended_meanwhile_is_a_conflict(site):
    owed, record = await dead(site)
    amending = desk(site)
    first = await agreed(amending, owed, record)
    second = await agreed(amending, owed, record, Change(CITY, "AKRON"))
    await amending.send(PAT, first.id)
    await attempt(site, refused_content)
    assert (await site.found(owed)).state is DeliveryState.DEAD
    with pytest.raises(Conflict) as changed:
        await amending.send(PAT, second.id)
    assert changed.value.problem == "amend-changed"
    third = await agreed(amending, owed, record, Change(CITY, "AKRON"))
    await amending.send(PAT, third.id)
    await attempt(site)
    (parcel,) = site.door.taken
    assert MENDED.encode() in parcel.body, "what was amended before is amended still"
    assert b"AKRON" in parcel.body
    assert len(await site.stores.amendments.of_delivery(owed.id)) == 2


async def test_what_is_refused_is_deleted_with_the_word(site):
    owed, record = await dead(site)
    amending = desk(site)
    request = await amending.ask(PAT, owed.id, record.id, (Change(LINE, MENDED),), REASON)
    assert site.rows("SELECT count(*) FROM amendments") == [(1,)]
    await amending.words.decide(SAM, Role.DATA_STEWARD, request.id, approved=False, reason="ask the sender")
    assert site.rows("SELECT count(*) FROM amendments") == [(0,)]


async def test_content_that_is_not_what_was_agreed_on_is_not_sent(site):
    owed, record = await dead(site)
    amending = desk(site)
    request = await agreed(amending, owed, record)
    other = await amending.ask(PAT, owed.id, record.id, (Change(LINE, "1 Other Road"),), REASON)
    site.rows(
        f"UPDATE amendments SET sealed = (SELECT sealed FROM amendments WHERE id = '{other.id}')"  # noqa: S608 - ids of ours
        f" WHERE id = '{request.id}'"
    )
    with pytest.raises(Tampered):
        await amending.send(PAT, request.id)
    site.rows(f"UPDATE amendments SET record = id WHERE id = '{other.id}'")  # noqa: S608 - as above
    with pytest.raises(Conflict):
        await amending.send(PAT, other.id)


async def test_amended_content_cannot_be_passed_off_as_the_record(site):
    owed, record = await dead(site)
    amending = desk(site)
    request = await amending.ask(PAT, owed.id, record.id, (Change(LINE, MENDED),), REASON)
    amendment, _ = await amending.found(request.id)
    with pytest.raises(Tampered):
        site.sealer.open("records", record_context(record.id), amendment.sealed)


async def test_looking_tells_shapes_and_what_is_fixed_and_is_an_entry(site):
    owed, record = await dead(site)
    amending = desk(site)
    lines = {line.path: line for line in await amending.look(PAT, owed.id, record.id, REASON)}
    assert (lines[LINE].shape, lines[LINE].fixed) == ("long text", False)
    assert lines["NoncustodialParent/PersonSSNIdentification"].shape == "9 digits"
    assert lines["NoncustodialParent/PersonSSNIdentification"].fixed
    assert "Invented" not in str(lines)
    request = await amending.ask(PAT, owed.id, record.id, (Change(LINE, MENDED), Change(CITY, "")), REASON)
    city, line = await amending.difference(SAM, request.id, "my turn", ())
    assert (city.before, city.after) == ("short text", "not there")
    assert (line.before, line.after) == ("long text", "long text")
    assert (await amending.difference(SAM, request.id, "my turn", (LINE,)))[1].after == MENDED
    reads = [e for _, e in await site.stores.audit.about(f"record:{record.id}") if e.action == "record.read"]
    assert [(str(e.actor), e.outcome, e.details["shown"]) for e in reads] == [
        ("operator:pat", "masked", ""),
        ("operator:sam", "masked", ""),
        ("operator:sam", "shown", LINE),
    ]


async def test_a_role_that_may_not_ask_neither_looks_nor_sends(site):
    amending = desk(site)
    for role in sorted(set(Role) - {Role.OPERATOR, Role.DATA_STEWARD}):
        somebody = Person(SAM, role)
        for doing in (
            amending.look(somebody, "d", "r", REASON),
            amending.ask(somebody, "d", "r", (Change(LINE, MENDED),), REASON),
            amending.send(somebody, "a"),
        ):
            with pytest.raises(Forbidden) as refused:
                await doing
            assert refused.value.problem == "approval-role"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_whatever_the_facts_of_a_kind_are_made_of_is_fixed_and_plain_text_is_not(kind):
    for path in deciding_paths(KINDS[kind]):
        assert FIXED.holds(kind, path.replace("[*]", "[3]")), path
    assert not FIXED.holds(kind, "Somewhere/AddressLine1Text")


def test_changes_are_few_and_each_names_another_element():
    content = Content(CASE, {LINE: SENT})
    for changes in ((Change(LINE, "a"), Change(LINE, "b")), tuple(Change(f"A/B[{n}]", "x") for n in range(1, 22))):
        with pytest.raises(Unprocessable) as refused:
            amended(content, changes, FIXED)
        assert refused.value.problem == "amend-path"
    assert len(tuple(range(1, 22))) > MOST_CHANGES
    assert amended(content, (Change(LINE, " 7 Mended Lane "),), FIXED).fields == {LINE: MENDED}
