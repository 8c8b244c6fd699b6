"""Breaking the glass, and looking through what was done under it."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from gateway.core.errors import Forbidden, Refused
from gateway.core.glass import EMERGENCIES, VERDICTS, Emergency, End, Verdict
from gateway.core.ports.glass import Breaking, Word
from gateway.web.console.rights import known_role
from gateway.web.console.visit import Shown, Visit, elsewhere


async def breaking(visit: Visit) -> Shown:
    """Asks why; while the glass is broken, which record."""
    record = visit.asked("record") or ""
    return Shown("break.html", {"emergencies": EMERGENCIES, "record": record, "use": visit.glass})


async def breaks(visit: Visit) -> web.Response:
    """Break it, for a code and a reason."""
    role = known_role(visit.operator.role) if visit.operator else None
    if visit.operator is None or visit.session is None or role is None:
        raise Forbidden
    record = visit.told("record")
    await visit.parts.glass.breaks(
        Breaking(
            operator=visit.operator.name,
            role=role,
            emergency=_emergency(visit.told("emergency")),
            reason=visit.told("reason"),
            login_at=visit.session.created_at,
            login_ends=visit.session.created_at + visit.settings.absolute,
        )
    )
    return elsewhere(visit, _content(record) if record else "/break")


async def ends(visit: Visit) -> web.Response:
    """Give it back before its time."""
    await visit.parts.glass.ends(visit.actor.name, End.GIVEN_BACK)
    return elsewhere(visit, "/break")


async def record(visit: Visit) -> web.Response:
    """To the content of a record, for those whose role has no list of records."""
    found = visit.told("record")
    if not found:
        raise Refused("Name the record by its id.")
    return elsewhere(visit, _content(found))


async def uses(visit: Visit) -> Shown:
    """Those to be reviewed; with ``view=all`` the others too."""
    everything = visit.asked("view") == "all"
    found = await visit.parts.glass.list(reviewed=everything)
    rows = [(one, one.stage(visit.now)) for one in found]
    return Shown("glass.html", {"rows": rows, "everything": everything, "emergencies": EMERGENCIES})


async def use(visit: Visit) -> Shown:
    """One use with what was opened under it: ids, no content."""
    found, opened = await visit.parts.glass.found(visit.part("id"))
    values = {
        "use": found,
        "stage": found.stage(visit.now),
        "opened": opened,
        "emergencies": EMERGENCIES,
        "verdicts": VERDICTS,
        "mine": visit.operator is not None and visit.operator.name == found.operator,
    }
    return Shown("glass_use.html", values)


async def review(visit: Visit) -> web.Response:
    """Close the task with a verdict and a note."""
    role = known_role(visit.operator.role) if visit.operator else None
    word = Word(visit.actor, visit.actor.name, role, _verdict(visit.told("verdict")), visit.told("reason"))
    await visit.parts.glass.review(visit.part("id"), word)
    return elsewhere(visit, "/glass/" + quote(visit.part("id"), safe=""))


def _content(record: str) -> str:
    return f"/records/{quote(record, safe='')}/content"


def _emergency(text: str) -> Emergency:
    if text not in set(Emergency):
        raise Refused("Say which emergency it is.")
    return Emergency(text)


def _verdict(text: str) -> Verdict:
    if text not in set(Verdict):
        raise Refused("Say what you found.")
    return Verdict(text)
