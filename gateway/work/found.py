"""What the store knows to be wrong with a submission, read to its end."""

from __future__ import annotations

from gateway.core.model import Finding, Page, RuleCode, SubmissionId
from gateway.core.ports.submissions import Submissions

_PAGE = 500


async def found_in(submissions: Submissions, submission: SubmissionId, rule: RuleCode | None = None) -> list[Finding]:
    """All findings, or those under one rule."""
    rows: list[Finding] = []
    cursor: str | None = None
    while True:
        page = await submissions.findings(submission, rule, Page(_PAGE, cursor))
        rows += page.rows
        if page.next is None:
            return rows
        cursor = page.next
