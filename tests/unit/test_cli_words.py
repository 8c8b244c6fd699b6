"""How the command line tells values to people."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.cli.out import worded

AT = datetime(2026, 3, 2, 12, 30, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (AT, "2026-03-02 12:30:05Z"),
        (AT.astimezone(timezone(timedelta(hours=-5))), "2026-03-02 12:30:05Z"),
        ("2026-03-02T12:30:05.123456Z", "2026-03-02 12:30:05Z"),
        ("2026-03-02T12:30:05+00:00", "2026-03-02 12:30:05Z"),
        ("2026-03-02", "2026-03-02"),
        (None, "-"),
        ([], "-"),
        (0, "0"),
    ],
)
def test_times_have_seconds_and_a_zone_and_nothing_is_a_dash(value, text):
    assert worded(value) == text
