"""When records that wait for a batch become a delivery."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from cronsim import CronSim
from holidays import country_holidays

from gateway.core.model import Batching, BatchMode

SATURDAY = 5
NEVER = timedelta(days=9 * 366)
"""The 29th of February may be eight years away; a cron line that waits longer than this never fires."""


@cache
def _federal_holidays(year: int) -> frozenset[date]:
    """Observed federal holidays (5 USC 6103) of a year."""
    return frozenset(country_holidays("US", years=year))


def working_day(day: date) -> bool:
    """Whether federal offices work on that day."""
    return day.weekday() < SATURDAY and day not in _federal_holidays(day.year)


def window_after(batching: Batching, moment: datetime) -> datetime:
    """The first window of the partner's calendar strictly after ``moment``, in UTC. The cron line is read in the
    partner's time zone, so that a window keeps its wall-clock time over daylight saving changes. Of a line
    that never falls on a working day, one more than :data:`NEVER` away."""
    zone = ZoneInfo(batching.timezone)
    times = CronSim(batching.cron or "0 0 * * *", moment.astimezone(zone))
    fire: datetime = next(times)
    # In the hour that comes twice in autumn the line gives the time of its first passing, though that is over.
    while fire <= moment or (batching.working_days and not working_day(fire.date()) and fire - moment <= NEVER):
        fire = next(times)
    return fire.astimezone(moment.tzinfo)


def due(batching: Batching, waiting: int, oldest: datetime, now: datetime) -> bool:
    """Whether ``waiting`` records, the oldest owed since ``oldest``, are to be put into a delivery now."""
    if waiting == 0:
        return False
    if batching.mode is BatchMode.WINDOW:
        return window_after(batching, oldest) <= now
    return batching.mode is BatchMode.IMMEDIATE or waiting >= batching.count or now - oldest >= batching.age
