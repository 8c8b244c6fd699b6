"""How long records are kept: the rules that are shipped, what they say of a record, and what no policy may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

import schemas
from gateway.core.errors import Misconfigured
from gateway.core.model import Kind, PartnerKey, RecordId, SubmissionId
from gateway.core.retention import Candidate, Hold, HoldScope, earlier, later
from schemas.retention_policy import FILE

BORN = datetime(2024, 2, 29, 12, tzinfo=UTC)
NEXT = BORN + timedelta(days=1)
OHIO, IOWA = PartnerKey("ohio"), PartnerKey("iowa")
TEXT = resources.files("schemas").joinpath(FILE).read_text()


@pytest.fixture(scope="module")
def schedule():
    return schemas.schedule(schemas.load())


def candidate(kind, *labels, **given):
    given = {"settled_at": BORN, "received_at": BORN, "last_at": BORN} | given
    parties = frozenset({OHIO, IOWA})
    return Candidate(
        RecordId("r"), SubmissionId("s"), Kind(kind), OHIO, labels=frozenset(labels), parties=parties, **given
    )


# class of record -> the rule that decides, and after how many months it is due
CASES = [
    (candidate("locate", "STATE"), "program", later(BORN, 36)),
    (candidate("locate", "STATE", settled_at=None), "program", None),
    (candidate("wage", "NDNH"), "ndnh", later(BORN, 24)),
    (candidate("wage", "NDNH", settled_at=None), "ndnh", later(BORN, 24)),
    (candidate("locate-answer", "FPLS"), "program", later(BORN, 36)),
    (candidate("locate-answer", "FPLS", "NDNH"), "ndnh", later(BORN, 24)),
    (candidate("locate-answer", "FPLS", purpose="custody"), "custody", BORN),
    (candidate("locate-answer", "FPLS", purpose="custody", settled_at=None), "program", None),
    (candidate("locate-answer", "FPLS", purpose="support"), "program", later(BORN, 36)),
    (candidate("registry-entry", "STATE", purpose="custody"), "program", later(BORN, 36)),
    (candidate("medical-support", "HEALTH"), "health", later(BORN, 72)),
    (candidate("case-transfer", "STATE"), "case", later(BORN, 72)),
    (candidate("case-transfer", "STATE", closed_at=NEXT, last_at=NEXT), "case", later(NEXT, 36)),
]


@pytest.mark.parametrize(("record", "rule", "due"), CASES)
def test_the_policy_that_is_shipped_decides_each_class(schedule, record, rule, due):
    ruling = schedule.ruling(record)
    assert ruling.due == due
    assert due is None or ruling.rule == rule


def test_a_case_that_went_on_after_its_closing_is_open_again(schedule):
    again = candidate("case-transfer", "STATE", closed_at=BORN, last_at=BORN + timedelta(days=1))
    assert schedule.ruling(again).due == later(BORN + timedelta(days=1), 72)


def test_a_record_is_due_from_the_moment_on_and_not_a_microsecond_before(schedule):
    ruling = schedule.ruling(candidate("wage", "NDNH"))
    assert ruling.is_due(later(BORN, 24))
    assert not ruling.is_due(later(BORN, 24) - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("scope", "what", "held"),
    [
        (HoldScope.RECORD, "r", True),
        (HoldScope.RECORD, "s", False),
        (HoldScope.CASE, b"case".hex(), True),
        (HoldScope.CASE, b"other".hex(), False),
        (HoldScope.PARTNER, "iowa", True),
        (HoldScope.PARTNER, "utah", False),
    ],
)
def test_a_hold_keeps_what_it_covers_even_beyond_a_ceiling(schedule, scope, what, held):
    record = candidate("wage", "NDNH", case=b"case")
    ruling = schedule.ruling(record, [Hold("h", scope, what, "court order", "operator:pat", BORN)])
    due = later(BORN, 25)
    assert (ruling.is_due(due), ruling.is_held(due)) == (not held, held)


@pytest.mark.parametrize(
    ("months", "expected"), [(12, datetime(2025, 2, 28, 12, tzinfo=UTC)), (48, datetime(2028, 2, 29, 12, tzinfo=UTC))]
)
def test_months_are_counted_by_the_calendar(months, expected):
    assert later(BORN, months) == expected
    assert later(earlier(BORN, months), months) <= BORN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("months = 24\n", "months = 25\n"),
        ("months = 84\n", "months = 83\n"),
        ('months = 72\nsource = "45 CFR 164.528', 'months = 71\nsource = "45 CFR 164.528'),
        ("days = 90\n", "days = 91\n"),
        ('from = "settled"\nmonths = 36\n', 'from = "settled"\nmonths = 35\n'),
        ('labels = ["NDNH"]', 'labels = ["NDNH"]\nkinds = ["wage"]'),
        ('labels = ["NDNH"]', 'labels = ["NOBODY"]'),
        ('purposes = ["custody"]', 'purposes = ["curiosity"]'),
        ('"lien", ', '"lean", '),
        ('"MSC P GSC02"', '"MSC P NEVER"'),
        ('bound = "ceiling"', 'bound = "lid"'),
        ("otherwise_months = 72", "otherwise_months = 12"),
        ('version = "', 'novelty = 1\nversion = "'),
    ],
)  # fmt: skip
def test_a_policy_that_allows_what_the_law_does_not_is_refused(before, after):
    assert before in TEXT
    with pytest.raises(Misconfigured, match=r"retention/policy\.toml"):
        schemas.schedule(schemas.load(), TEXT.replace(before, after, 1).encode())


def test_a_policy_that_is_stricter_than_the_law_is_taken():
    stricter = schemas.schedule(schemas.load(), TEXT.replace("months = 24\n", "months = 12\n", 1).encode())
    assert stricter.ruling(candidate("wage", "NDNH")).due == later(BORN, 12)
