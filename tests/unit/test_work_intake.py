"""The way in: judged at once or spooled and judged later, committed whole or not at all."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.acceptance import DUPLICATE_SERIAL
from gateway.core.errors import Forbidden, TooLarge, Unavailable, Unprocessable, Unreadable
from gateway.core.model import FormatName, Page, RecordState, Submission, SubmissionState
from gateway.core.ports.records import RecordQuery
from gateway.core.ports.submissions import Replayed
from gateway.work.intake import IntakeLimits
from tests.unit.work_site import MICHIGAN, XML, open_site, partner, transfers

TINY = IntakeLimits(records_at_once=2, bytes_at_once=10**9, piece=3_000)
EXAMPLES = Path(__file__).parents[2] / "examples"
HELD, JUDGED, RECEIVED = SubmissionState.HELD, SubmissionState.JUDGED, SubmissionState.RECEIVED


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


def pieces(site):
    return site.rows("SELECT count(*) FROM spool")[0][0]


def counted(site, table):
    return site.rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - names of our tables


async def records(site, submission):
    listing = await site.stores.submissions.records(submission.id, None, Page(limit=500))
    return listing.rows


# --- small -----------------------------------------------------------------------------------------------------------


async def test_a_small_body_is_judged_routed_and_announced_before_the_answer(site):
    posted = await site.post("key", transfers(1, 2))
    assert (posted.state, posted.counts.records, posted.counts.accepted) == (JUDGED, 2, 2)
    assert await site.stores.submissions.get(posted.id) == posted
    assert [record.state for record in await records(site, posted)] == [RecordState.ROUTED] * 2
    assert len(site.told) == 2
    assert await site.actions(f"submission:{posted.id}") == ["submission.judged"]
    assert pieces(site) == 0


async def test_nothing_of_a_person_is_readable_in_the_database_file(site):
    await site.post("key", transfers(1, given_name="CANARYNAME"))
    await site.post("big", transfers(2, 3, 4, given_name="CANARYNAME"), TINY)
    await site.database.dispose()
    stored = b"".join(path.read_bytes() for path in site.path.parent.glob("gateway.db*"))
    assert len(stored) > 10_000
    for canary in (b"CANARYNAME", b"900100001", b"MI10000001", b"Invented Street"):
        assert canary not in stored


async def test_a_bad_record_is_refused_and_its_neighbours_are_taken(site):
    body = transfers(1, 2, 3).replace(b"900100001", b"90010000X", 1)
    posted = await site.post("key", body)
    assert (posted.counts.accepted, posted.counts.refused) == (2, 1)
    first, *others = await records(site, posted)
    assert (first.state, first.ordinal) == (RecordState.REFUSED, 1)
    assert [record.state for record in others] == [RecordState.ROUTED] * 2
    assert await site.actions(f"record:{first.id}") == ["record.refused"]


async def test_a_record_in_somebody_elses_name_is_refused(site):
    body = transfers(1).replace(
        b"<LocatorStateCode>26</LocatorStateCode>", b"<LocatorStateCode>48</LocatorStateCode>", 1
    )
    posted = await site.post("key", body)
    (record,) = await records(site, posted)
    assert (record.state, record.reason) == (RecordState.REFUSED, "SENDER-MISMATCH")


# --- repeats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [None, TINY])
async def test_the_same_key_with_the_same_bytes_gets_the_same_receipt_and_keeps_nothing_twice(site, limits):
    first = await site.post("key", transfers(1, 2, 3), limits)
    before = (counted(site, "records"), pieces(site), len(site.told))
    site.wait(hours=1)
    again = await site.post("key", transfers(1, 2, 3), limits)
    assert isinstance(again, Replayed)
    assert again.submission.receipt == first.receipt
    assert (counted(site, "records"), pieces(site), len(site.told)) == before


@pytest.mark.parametrize("limits", [None, TINY])
async def test_the_same_key_with_other_bytes_is_refused_and_nothing_of_them_is_kept(site, limits):
    await site.post("key", transfers(1, 2, 3), limits)
    before = (counted(site, "records"), counted(site, "submissions"), pieces(site))
    with pytest.raises(Unprocessable) as raised:
        await site.post("key", transfers(4, 5, 6), limits)
    assert raised.value.problem == "idempotency-mismatch"
    assert (counted(site, "records"), counted(site, "submissions"), pieces(site)) == before


async def test_the_same_bytes_under_another_key_are_refused_record_by_record_for_their_serials(site):
    await site.post("one", transfers(1, 2))
    posted = await site.post("two", transfers(1, 3))
    assert [r.reason for r in await records(site, posted)] == ["CSE-SERIAL-DUPLICATE", None]
    (entry,) = [e for _, e in await site.stores.audit.about(f"submission:{posted.id}")]
    assert (entry.details["records"], entry.details["refused"]) == (2, 1)


# --- refusals --------------------------------------------------------------------------------------------------------


async def test_an_empty_body_is_refused(site):
    with pytest.raises(Unprocessable) as raised:
        await site.post("key", b"")
    assert raised.value.problem == "empty-body"
    assert counted(site, "submissions") == 0


@pytest.mark.parametrize("body", [b"no xml at all", (EXAMPLES / "hostile-doctype.xml").read_bytes()])
async def test_a_body_of_which_no_record_can_be_read_is_refused_with_findings_and_an_audit_entry(site, body):
    with pytest.raises(Unreadable) as raised:
        await site.post("key", body)
    assert raised.value.findings
    assert counted(site, "submissions") == 0
    ((action, outcome),) = site.rows("SELECT action, outcome FROM audit_entries")
    assert (action, outcome) == ("submission.refused", raised.value.findings[0].rule)


async def test_a_file_whose_trailer_counts_other_records_is_refused_as_a_whole(site):
    good = (EXAMPLES / "fixed" / "newhire-oh.txt").read_bytes()
    count = good.index(b"1") + 1
    digits = good[count + 8 : count + 17]
    for body, taken in ((good, True), (good.replace(digits, b"000000999", 1), False)):
        sender = site.directory.partners[MICHIGAN]
        upload = site.desk(None).begin(sender, f"key-{taken}", FormatName("newhire-oh"), "id")
        await upload.feed(body)
        if taken:
            assert isinstance(await upload.finish(), Submission)
            continue
        with pytest.raises(Unreadable) as raised:
            await upload.finish()
        assert {finding.rule for finding in raised.value.findings} == {"FILE-COUNT"}
    assert counted(site, "submissions") == 1


@pytest.mark.parametrize("limits", [None, TINY])
async def test_a_body_over_the_partners_limit_is_cut_off_and_nothing_of_it_is_kept(site, limits):
    site.know(partner(MICHIGAN, "26", body_limit=12_000))
    with pytest.raises(TooLarge):
        await site.post("key", transfers(*range(1, 9)), limits)
    assert (pieces(site), counted(site, "submissions")) == (0, 0)
    body = transfers(1, 2)
    site.know(partner(MICHIGAN, "26", body_limit=len(body)))
    assert isinstance(await site.post("key", body), Submission)


async def test_a_partner_posts_only_the_formats_that_its_file_names(site):
    site.know(partner(MICHIGAN, "26", accepts=frozenset({FormatName("json")})))
    sender = site.directory.partners[MICHIGAN]
    with pytest.raises(Forbidden):
        site.desk().begin(sender, "key", XML, "request")
    with pytest.raises(Unprocessable):
        site.desk().begin(sender, "key", FormatName("fax"), "request")
    site.desk().begin(sender, "key", FormatName("json"), "request")


async def test_while_the_store_is_away_nothing_is_accepted_and_a_repeat_is_a_first_time(site):
    with site.store_away(), pytest.raises(Unavailable):
        await site.post("key", transfers(1))
    assert site.told == []
    assert isinstance(await site.post("key", transfers(1)), Submission)


# --- big -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limits", [TINY, IntakeLimits(records_at_once=1_000, bytes_at_once=5_000, piece=3_000)], ids=["records", "bytes"]
)
async def test_a_big_body_is_durable_first_and_judged_later(site, limits):
    posted = await site.post("key", transfers(*range(1, 8)), limits)
    assert (posted.state, posted.counts.records) == (RECEIVED, 0)
    assert pieces(site) >= posted.body_size // 3_000
    assert await site.actions(f"submission:{posted.id}") == ["submission.received"]
    assert await site.backlog().step() is True
    judged = await site.stores.submissions.get(posted.id)
    assert (judged.state, judged.counts.records, judged.counts.accepted, judged.progress) == (JUDGED, 7, 7, 7)
    assert judged.receipt == posted.receipt
    assert [record.ordinal for record in await records(site, posted)] == list(range(1, 8))
    assert len(site.told) == 7
    assert pieces(site) == 0
    assert await site.actions(f"submission:{posted.id}") == ["submission.received", "submission.judged"]
    assert await site.backlog().step() is False


async def test_the_crew_is_told_once_that_a_big_body_is_coming_and_never_of_a_small_one(site):
    told = []
    for limits, body in ((TINY, transfers(*range(1, 8))), (None, transfers(9))):
        desk = replace(site.desk(limits), expect=lambda: told.append("big"))
        upload = desk.begin(site.directory.partners[MICHIGAN], f"key-{len(told)}", XML, "request")
        for start in range(0, len(body), 1_000):
            await upload.feed(body[start : start + 1_000])
        await upload.finish()
    assert told == ["big"]


async def test_a_body_that_turns_out_big_only_at_its_end_is_spooled_whole(site):
    posted = await site.post("key", transfers(1, 2, 3), TINY, piece=10**9)
    assert posted.state is RECEIVED
    await site.backlog().step()
    assert len(await records(site, posted)) == 3


async def test_an_abandoned_upload_leaves_no_pieces(site):
    upload = site.desk(TINY).begin(site.directory.partners[MICHIGAN], "key", XML, "request")
    body = transfers(*range(1, 9))
    for start in range(0, len(body) // 2, 1_000):
        await upload.feed(body[start : start + 1_000])
    assert pieces(site) > 0
    await upload.abandon()
    assert (pieces(site), counted(site, "submissions")) == (0, 0)


async def test_pieces_cannot_be_exchanged_or_changed_in_the_store(site):
    await site.post("key", transfers(*range(1, 8)), TINY)
    site.rows("UPDATE spool SET sealed = (SELECT sealed FROM spool WHERE piece = 0) WHERE piece = 1")
    await site.backlog().step()
    assert counted(site, "records") <= 2
    (held,) = (await site.stores.submissions.list(None, Page(10), HELD)).rows
    assert held.cause == "seal-broken"


# --- backlog ---------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process died here."""


async def test_a_second_process_goes_on_where_the_first_one_died_and_no_record_comes_twice(site):
    posted = await site.post("key", transfers(*range(1, 10)), TINY)
    first, chunks = site.backlog("first"), []

    def die(deliveries):
        chunks.append(deliveries)
        if len(chunks) == 2:
            raise Killed

    dying = type(first)(**{name: getattr(first, name) for name in first.__slots__} | {"announce": die})
    with pytest.raises(Killed):
        await dying.step()
    halfway = await site.stores.submissions.get(posted.id)
    assert (halfway.state, halfway.progress) == (RECEIVED, 4)
    second = site.backlog("second")
    assert await second.step() is False, "the lease of the first process still holds"
    site.wait(minutes=2)
    assert await second.step() is True
    assert [record.ordinal for record in await records(site, posted)] == list(range(1, 10))
    judged = await site.stores.submissions.get(posted.id)
    assert (judged.state, judged.counts.accepted) == (JUDGED, 9)
    assert site.rows("SELECT count(*), count(DISTINCT record) FROM items") == [(9, 9)]


async def test_a_process_that_was_taken_over_writes_nothing_more(site):
    posted = await site.post("key", transfers(*range(1, 10)), TINY)
    slow, commits = site.backlog("slow"), []

    def sleep(deliveries):
        commits.append(len(deliveries))
        site.rows("UPDATE submissions SET lease_owner = 'quick'")

    overtaken = type(slow)(**{name: getattr(slow, name) for name in slow.__slots__} | {"announce": sleep})
    assert await overtaken.step() is False
    assert commits == [2]
    assert (await site.stores.submissions.get(posted.id)).progress == 2
    assert (await site.stores.submissions.get(posted.id)).state is RECEIVED


async def test_a_big_body_with_duplicates_of_earlier_serials_refuses_just_those(site):
    await site.post("one", transfers(3))
    posted = await site.post("two", transfers(1, 2, 3, 4), TINY)
    await site.backlog().step()
    assert (await site.stores.submissions.get(posted.id)).counts.refused == 1
    assert [r.ordinal for r in await records(site, posted) if r.state is RecordState.REFUSED] == [3]


# --- validation ------------------------------------------------------------------------------------------------------


async def test_a_validation_tells_what_a_submission_would_and_keeps_nothing(site):
    body = transfers(1, 2, 3).replace(b"900100001", b"90010000X", 1)
    validation = site.desk().validation(site.directory.partners[MICHIGAN], XML)
    for start in range(0, len(body), 1_000):
        await validation.feed(body[start : start + 1_000])
    verdict = await validation.finish()
    posted = await site.post("key", body)
    assert verdict.counts == posted.counts
    assert verdict.rules[0].count == 1
    assert verdict.findings[0].record == 1
    assert counted(site, "submissions") == 1


async def test_a_validation_of_thousands_of_findings_shows_the_first_of_them_and_counts_all(site):
    validation = site.desk(IntakeLimits(findings_shown=3)).validation(site.directory.partners[MICHIGAN], XML)
    await validation.feed(transfers(*range(1, 9)).replace(b">900100001<", b">90010000X<"))
    verdict = await validation.finish()
    assert len(verdict.findings) == 3
    assert sum(rule.count for rule in verdict.rules) >= 8
    assert verdict.counts.refused == 8


async def test_a_validation_finds_the_serial_numbers_that_a_commit_would_find_taken(site):
    await site.post("one", transfers(3))
    body = transfers(1, 2, 3, 1)
    validation = site.desk().validation(site.directory.partners[MICHIGAN], XML)
    for start in range(0, len(body), 1_000):
        await validation.feed(body[start : start + 1_000])
    verdict = await validation.finish()
    assert [one.record for one in verdict.findings if one.rule == DUPLICATE_SERIAL] == [3, 4]
    assert verdict.counts == (await site.post("two", body)).counts


async def test_an_empty_or_too_large_body_cannot_be_validated(site):
    site.know(partner(MICHIGAN, "26", body_limit=100))
    sender = site.directory.partners[MICHIGAN]
    with pytest.raises(Unprocessable):
        await site.desk().validation(sender, XML).finish()
    with pytest.raises(TooLarge):
        await site.desk().validation(sender, XML).feed(bytes(101))


async def test_cases_of_one_sender_meet_in_the_index_and_the_index_does_not_show_them(site):
    await site.post("key", transfers(1, 2))
    await site.post("other", transfers(3, case="MI20000002"))
    listing = await site.stores.records.search(RecordQuery(sender=MICHIGAN), Page(limit=10))
    indexes = [record.case_index for record in listing.rows]
    assert len(set(indexes)) == 2
    assert all(len(index) == 16 and b"MI1" not in index for index in indexes)
    assert site.now - listing.rows[0].received_at == timedelta()
