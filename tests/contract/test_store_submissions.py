"""Submissions, their records and findings, paged, on both databases."""

from __future__ import annotations

import pytest

from gateway.core.errors import Refused
from gateway.core.model import Page, RecordState, Severity, SubmissionId
from gateway.core.ports.deliveries import DeliveryQuery
from gateway.core.ports.records import RecordQuery
from gateway.store.approvals import StoredApprovals
from gateway.store.cursor import encode_cursor
from gateway.store.desk import StoredDesk
from gateway.store.intake import StoredIntake
from gateway.store.jobs import StoredJobs
from gateway.store.records import StoredRecords
from gateway.store.submissions import StoredSubmissions
from tests.contract.store_samples import IOWA, OHIO, acceptance, finding, judged_record, one_record, submission


@pytest.fixture
def desk(database):
    return StoredSubmissions(database)


async def accepted(database, *offers):
    intake = StoredIntake(database)
    return [await intake.accept(offer) for offer in offers]


async def pages(listing, limit):
    """All rows, page by page, and the sizes of the pages."""
    rows, lengths, cursor = [], [], None
    while True:
        found = await listing(Page(limit, cursor))
        rows += found.rows
        lengths.append(len(found.rows))
        if found.next is None:
            return rows, lengths
        cursor = found.next


async def test_an_unknown_submission_is_none(desk):
    assert await desk.get(SubmissionId("01890000-0000-7000-8000-000000000000")) is None


async def test_submissions_are_listed_newest_first_in_pages_without_overlap(database, desk):
    posted = await accepted(database, *(one_record(f"k-{n}") for n in range(7)))
    rows, lengths = await pages(lambda page: desk.list(None, page), 3)
    assert rows == posted[::-1]
    assert lengths == [3, 3, 1]


async def test_a_page_that_ends_exactly_at_the_end_has_no_next(database, desk):
    await accepted(database, *(one_record(f"k-{n}") for n in range(4)))
    _rows, lengths = await pages(lambda page: desk.list(None, page), 2)
    assert lengths == [2, 2]


async def test_a_newcomer_does_not_shift_the_pages(database, desk):
    posted = await accepted(database, *(one_record(f"k-{n}") for n in range(4)))
    first = await desk.list(None, Page(2))
    await accepted(database, one_record("newcomer"))
    second = await desk.list(None, Page(2, first.next))
    assert [*first.rows, *second.rows] == posted[::-1]


async def test_a_sender_sees_only_its_own(database, desk):
    mine, _theirs = await accepted(database, one_record("a"), one_record("b", sender=IOWA, to=(OHIO,)))
    assert (await desk.list(OHIO, Page())).rows == (mine,)


async def test_records_come_by_ordinal_without_their_bodies(database, desk):
    posted = submission("k")
    judged = [judged_record(posted.id, n) for n in (11, 2, 1, 10)]
    judged.append(judged_record(posted.id, 3, state=RecordState.REFUSED))
    await accepted(database, acceptance(posted, *judged), one_record("other"))
    rows, _ = await pages(lambda page: desk.records(posted.id, None, page), 2)
    assert [row.ordinal for row in rows] == [1, 2, 3, 10, 11]
    assert all(row.sealed is None for row in rows)
    assert rows[0].digest is not None
    refused = await desk.records(posted.id, RecordState.REFUSED, Page())
    assert [row.ordinal for row in refused.rows] == [3]


async def test_findings_are_paged_in_file_order_and_by_rule(database, desk):
    posted = submission("k")
    judged = [judged_record(posted.id, n, findings=(finding("A", n), finding("B", n))) for n in range(1, 4)]
    await accepted(database, acceptance(posted, *judged, findings=(finding("FILE", None),)))
    rows, _ = await pages(lambda page: desk.findings(posted.id, None, page), 2)
    assert [row.rule for row in rows] == ["FILE", "A", "B", "A", "B", "A", "B"]
    assert rows[1] == finding("A", 1)
    only, _ = await pages(lambda page: desk.findings(posted.id, "B", page), 1)
    assert [(row.rule, row.record) for row in only] == [("B", 1), ("B", 2), ("B", 3)]


async def test_the_summary_groups_by_rule_most_frequent_first_with_the_first_samples(database, desk):
    posted = submission("k")
    judged = [
        judged_record(posted.id, n, findings=(finding("A", n), finding("B", n, Severity.ERROR, f"Field-{n % 2}")))
        for n in range(1, 9)
    ]
    extra = (finding("A", None, Severity.FATAL), finding("C", None))
    await accepted(database, acceptance(posted, *judged, findings=extra))
    counted = await desk.summary(posted.id, samples=3)
    assert [(one.rule, one.severity, one.field, one.count) for one in counted] == [
        ("A", Severity.FATAL, "Name", 9),
        ("B", Severity.ERROR, None, 8),
        ("C", Severity.WARNING, "Name", 1),
    ]
    assert [[sample.record for sample in one.samples] for one in counted] == [[None, 1, 2], [1, 2, 3], [None]]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "not base64!", "5", "é", "A" * 5000])
async def test_a_cursor_that_is_not_ours_is_refused(desk, cursor):
    posted = SubmissionId("01890000-0000-7000-8000-000000000000")
    for listing in (
        desk.list(None, Page(5, cursor)),
        desk.records(posted, None, Page(5, cursor)),
        desk.findings(posted, None, Page(5, cursor)),
    ):
        with pytest.raises(Refused) as caught:
            await listing
        assert caught.value.problem == "bad-cursor"


async def test_a_cursor_of_a_list_by_id_is_refused_where_a_number_is_due(database, desk):
    await accepted(database, one_record("a"), one_record("b"))
    by_id = (await desk.list(None, Page(1))).next
    with pytest.raises(Refused):
        await desk.records(SubmissionId("x"), None, Page(1, by_id))


@pytest.mark.parametrize("key", ["5", "a\0b", "zzzz", "01890000-0000-7000-8000-00000000000"])
async def test_a_cursor_of_another_list_is_refused_where_an_id_is_due(database, desk, key):
    """A NUL, too, which the check does not keep from being put into one: PostgreSQL takes none."""
    page = Page(5, encode_cursor(key))
    for listing in (
        desk.list(None, page),
        StoredDesk(database).list(DeliveryQuery(), page),
        StoredRecords(database).search(RecordQuery(), page),
        StoredJobs(database).list(page),
        StoredApprovals(database).list(page),
    ):
        with pytest.raises(Refused) as caught:
            await listing
        assert caught.value.problem == "bad-cursor"


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_outside_the_bounds_is_refused(desk, limit):
    with pytest.raises(Refused) as caught:
        await desk.list(None, Page(limit))
    assert caught.value.problem == "bad-page"
