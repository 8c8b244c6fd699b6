"""Overview: is anything wrong, and is it us or them?"""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from gateway.core.court_orders import Standing
from gateway.core.danger_clock import Stage
from gateway.web.acknowledgement import ALARMS
from gateway.web.console import figures, plots, status
from gateway.web.console.ownership import own
from gateway.web.console.rights import Right
from gateway.web.console.screens.approvals import wanted
from gateway.web.console.screens.window import asked_window
from gateway.web.console.shared import DAY
from gateway.web.console.visit import Shown, Visit, elsewhere

TOP_GROUPS = 5


async def start(visit: Visit) -> web.Response | Shown:
    """The overview; for a partner admin, who sees no figures of others, the page of its partner."""
    if visit.may(Right.COUNT, narrowed=False):
        return Shown("overview.html", await _figures(visit))
    partner = own(visit)
    return elsewhere(visit, f"/partners/{partner}" if partner else "/system")


async def live(visit: Visit) -> Shown:
    return Shown("live/overview.html", await _figures(visit))


async def _figures(visit: Visit) -> dict[str, object]:
    parts, window = visit.parts, asked_window(visit)
    picture = status.Picture(
        now=visit.now,
        counts=await visit.shared.day.now(),
        queues=await visit.shared.queues.now(),
        groups=await visit.shared.groups.now(),
        head=await parts.audit.head(),
        unnumbered=next((entry.at for entry in await parts.audit.unsequenced(1)), None),
        readings=visit.readings,
        keys=[line for line in parts.key_report() if line.attention],
        unfit=Counter(one.label for one in await parts.health.samples(ALARMS, visit.now - DAY)),
    )
    directory = await parts.directory()
    paused = [partner.key for partner in directory.partners.values() if partner.paused]
    throughput = await figures.throughput(parts.health, visit.now, window)
    backlog = await figures.backlog(parts.health, visit.now, window)
    return {
        "overdue": await parts.retention.overdue(),
        "held_bodies": await parts.held_bodies.count(),
        "wanted": await wanted(visit),
        "undelivered": (await parts.court.counts())[Standing.UNDELIVERED],
        "danger": [one for one in await parts.danger_clocks.due() if one.stage is not Stage.OPEN],
        "untold": await parts.incident_clocks.untold(),
        "glass": await parts.glass.list(reviewed=False),
        "tiles": status.tiles(picture),
        "groups": picture.groups[:TOP_GROUPS],
        "troubles": status.troubles(picture, await parts.health.breakers(), paused),
        "window": window,
        "windows": figures.WINDOWS,
        "charts": ((throughput, plots.lines(throughput)), (backlog, plots.areas(backlog))),
    }
