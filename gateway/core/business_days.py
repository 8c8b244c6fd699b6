"""Business days as federal rules count them: days on which the offices of the duty holder's state are open (45 CFR
307.1(b)). The day of the event is day 0; its date is the one of the state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

_SATURDAY = 5
_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
_OF_ZONE: Mapping[str, str] = {
    _EASTERN: "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    _CENTRAL: "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    _MOUNTAIN: "CO ID MT NM UT WY",
    _PACIFIC: "CA NV OR WA",
    "America/Phoenix": "AZ",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU",
}
ZONES: Mapping[str, str] = {postal: zone for zone, states in _OF_ZONE.items() for postal in states.split()}
"""Postal code -> the zone in which the state's capital lies."""

_CLOSED_ONLY: Mapping[str, frozenset[str]] = {
    # Tex. Gov't Code 662.003 to 662.005: on other state and optional holidays enough people are on duty to do business,
    # and a holiday on a weekend closes no other day.
    "TX": frozenset(
        {
            "New Year's Day",
            "Martin Luther King Jr. Day",
            "Presidents' Day",
            "Memorial Day",
            "Independence Day",
            "Labor Day",
            "Veterans Day",
            "Thanksgiving Day",
            "Friday After Thanksgiving",
            "Christmas Eve",
            "Christmas Day",
            "Day After Christmas",
        }
    ),
}
"""Postal code -> the holidays that close the state's offices, where its calendar lists others too. A name that is not
here is a business day, so that a clock is rather early than late."""


def civil_date(moment: datetime, postal: str | None) -> date:
    """The date of a moment where the state's capital is; of an agency that is of no known state, the eastern one."""
    return moment.astimezone(ZoneInfo(ZONES.get(postal or "", _EASTERN))).date()


def day_ends(day: date, postal: str | None) -> datetime:
    """The moment, in UTC, at which a day is over there."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONES.get(postal or "", _EASTERN)))
    return midnight.astimezone(UTC)


@cache
def _holidays(postal: str | None, year: int) -> frozenset[date]:
    """Days on which the state's offices are closed, as observed; of no known state, the federal ones (5 USC 6103).
    Closures that a state declares during the year are not known here."""
    listed = country_holidays("US", subdiv=postal if postal in ZONES else None, years=year)
    closing = _CLOSED_ONLY.get(postal or "")
    return frozenset(day for day in listed if closing is None or not closing.isdisjoint(listed.get_list(day)))


def business_day(day: date, postal: str | None) -> bool:
    return day.weekday() < _SATURDAY and day not in _holidays(postal, day.year)


def business_days_after(day: date, count: int, postal: str | None) -> date:
    """The ``count``-th business day after a day."""
    while count:
        day += timedelta(days=1)
        count -= business_day(day, postal)
    return day
