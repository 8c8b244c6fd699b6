"""A file whose own header, trailer, counts or amounts do not hold is refused as a whole, in the background too."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import schemas
from gateway.core.model import Finding, FormatName, Page, RuleCode, Severity, SubmissionState
from gateway.core.whole_file import WholeFile
from gateway.work.intake import IntakeLimits
from tests.unit.work_site import MICHIGAN, open_site

EXAMPLE = Path(__file__).parents[2] / "examples" / "fixed" / "newhire-oh.txt"
IN_THE_BACKGROUND = IntakeLimits(records_at_once=1, bytes_at_once=10**9, piece=700)
COUNT = slice(9, 18)
"""Where the header of Ohio counts its records; 0-based."""


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


def miscounted():
    good = EXAMPLE.read_bytes()
    assert good[COUNT] == b"000000003"
    return good[: COUNT.start] + b"000000009" + good[COUNT.stop :]


async def received(site, body, key="key"):
    upload = site.desk(IN_THE_BACKGROUND).begin(site.directory.partners[MICHIGAN], key, FormatName("newhire-oh"), "id")
    await upload.feed(body)
    submission = await upload.finish()
    assert submission.state is SubmissionState.RECEIVED
    return submission


def amounts(site):
    return [site.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("records", "items", "deliveries", "spool")]  # noqa: S608 - our own names


async def test_in_the_background_nothing_of_it_is_taken_and_every_control_fault_is_told(site):
    submission = await received(site, miscounted())
    assert await site.backlog().step()
    found = await site.stores.submissions.get(submission.id)
    assert (found.state, found.counts.records) == (SubmissionState.JUDGED, 0)
    assert amounts(site) == [0, 0, 0, 0]
    findings = await site.stores.submissions.findings(submission.id, None, Page())
    assert [(one.rule, one.severity) for one in findings.rows] == [("FILE-COUNT", Severity.FATAL)]
    entries = await site.stores.audit.about(f"submission:{submission.id}")
    outcome = [(entry.action, entry.outcome) for _, entry in entries][-1]
    assert outcome == ("submission.refused", "FILE-COUNT")


async def test_a_file_whose_controls_hold_is_judged_in_the_background_as_ever(site):
    submission = await received(site, EXAMPLE.read_bytes())
    assert await site.backlog().step()
    found = await site.stores.submissions.get(submission.id)
    assert (found.state, found.counts.records) == (SubmissionState.JUDGED, 3)


async def test_the_rules_decide_which_findings_refuse_a_file(site):
    """The control: without the mark in the table the same file is taken."""
    submission = await received(site, miscounted())
    backlog = site.backlog()
    assert await replace(backlog, whole=replace(backlog.whole, rules=frozenset())).step()
    assert (await site.stores.submissions.get(submission.id)).counts.records == 3


async def test_a_process_that_was_taken_over_while_it_read_to_the_end_takes_nothing(site):
    await received(site, EXAMPLE.read_bytes())
    backlog = site.backlog(chunk=1)

    def stolen():
        site.rows("UPDATE submissions SET lease_owner = 'quick' WHERE lease_owner = 'a'")
        return site.clock()

    hurried = replace(backlog, clock=stolen, limits=replace(backlog.limits, lease=timedelta()))
    assert await hurried.step() is False
    assert amounts(site)[0] == 0


async def test_a_w4_file_with_a_second_header_is_refused_as_a_whole(site):
    """Two headers are two files in one: nobody knows which of them the second part belongs to."""
    ohio = (EXAMPLE.parents[1] / "ohio-new-hires.w4").read_bytes()
    upload = site.desk(IN_THE_BACKGROUND).begin(site.directory.partners[MICHIGAN], "key", FormatName("w4"), "id")
    await upload.feed(ohio + ohio)
    submission = await upload.finish()
    assert await site.backlog().step()
    assert (await site.stores.submissions.get(submission.id)).counts.records == 0
    findings = await site.stores.submissions.findings(submission.id, None, Page())
    assert [one.rule for one in findings.rows] == ["W4-HEADER-REPEATED"]


def test_every_fatal_rule_about_whole_files_refuses_them_and_no_other_rule_does():
    whole = WholeFile.of(schemas.load(drafts=True))
    fatal = Finding(RuleCode("FILE-AMOUNT"), Severity.FATAL)
    assert whole.refused_by([Finding(RuleCode("CSE-LENGTH"), Severity.FATAL), fatal]) == "FILE-AMOUNT"
    assert whole.refused_by([replace(fatal, severity=Severity.ERROR)]) is None
    assert whole.refused_by([Finding(RuleCode("CSV-LENGTH"), Severity.FATAL)]) is None
    assert {"FILE-COUNT", "FILE-AMOUNT", "FILE-TRAILER-MISSING", "FILE-CUT-OFF", "FILE-HEADER"} <= whole.rules
    assert "FILE-GROUP-MISSING" not in whole.rules
