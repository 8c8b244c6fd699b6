"""Amending a dead letter: choose the record, look at its elements, plan, ask; and what the second person sees."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from gateway.core.amendment import Change, Unfit
from gateway.core.errors import Forbidden, NotFound, Refused, Unprocessable
from gateway.core.four_eyes import State
from gateway.core.model import Delivery, DeliveryId, DeliveryState, RecordId
from gateway.web.amending import amending
from gateway.web.approving import Person, known
from gateway.web.console import sessions
from gateway.web.console.kept import given_back, kept
from gateway.web.console.visit import Shown, Visit, elsewhere

MOST_RECORDS = 200
"""Records of a delivery that are offered; of others the id can be typed."""
_VALUE = "set:"
"""A field of the form that carries an element's new value begins so."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in on the page of the elements."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    """Path -> new value."""
    drop: tuple[str, ...] = ()
    new_path: str = ""
    new_value: str = field(default="", repr=False)

    @property
    def plain(self) -> tuple[object, ...]:
        """As it is kept between two pages."""
        return self.values, self.drop, self.new_path, self.new_value

    @property
    def changes(self) -> tuple[Change, ...]:
        """The filled fields, the ticked elements to take out, and one element that is not there yet."""
        given = [Change(path, value) for path, value in self.values.items()]
        given += [Change(path, "") for path in self.drop]
        if self.new_path:
            given.append(Change(self.new_path, self.new_value))
        return tuple(given)


async def choosing(visit: Visit) -> Shown:
    """Which record of the delivery, and why; nothing is opened yet."""
    found = await _dead(visit)
    carried = await visit.parts.desk.carried(found.id, MOST_RECORDS)
    return Shown("amend.html", {"delivery": found, "records": carried, "most": MOST_RECORDS})


async def elements(visit: Visit) -> Shown:
    """The elements as shapes, each with room for a new value; of whoever comes back from a plan with what they had
    filled in. An entry of the log."""
    found, record = await _dead(visit), RecordId(visit.told("record"))
    reason, filled = visit.told("reason"), _opened(visit, record)
    lines = await amending(visit.parts).look(_who(visit), found.id, record, reason)
    values = {"delivery": found, "record": record, "reason": reason, "lines": lines, "filled": filled}
    return Shown("amend_elements.html", values)


async def plan(visit: Visit) -> Shown:
    """What would change, judged; why not, when it is refused. Nothing is kept yet, and each leads back to the elements
    with what was filled in: browsers do not go back to what a form answered and nobody may store."""
    found, record, filled = await _dead(visit), RecordId(visit.told("record")), _filled(visit)
    shown = {"delivery": found, "record": record, "reason": visit.told("reason"), "rules": visit.parts.rules}
    shown |= {"kept": kept(visit, _purpose(visit, record), filled.plain), "problem": "", "differences": ()}
    try:
        draft, differences = await amending(visit.parts).draft(_who(visit), found.id, record, filled.changes)
    except Unfit as refused:
        return Shown("amend_plan.html", {**shown, "findings": refused.findings}, refused.status)
    except Unprocessable as refused:
        told = {"findings": (), "problem": refused.detail, "code": refused.problem}
        return Shown("amend_plan.html", {**shown, **told}, refused.status)
    return Shown(
        "amend_plan.html",
        {
            **shown,
            "findings": draft.findings,
            "changes": filled.changes,
            "differences": differences,
            "tried": draft.tried,
        },
    )


async def ask(visit: Visit) -> web.Response:
    """Ask for the second person; the amended content waits sealed."""
    found = await _dead(visit)
    request = await amending(visit.parts).ask(
        _who(visit), found.id, RecordId(visit.told("record")), _filled(visit).changes, visit.told("reason")
    )
    return elsewhere(visit, f"/approvals/{request.id}")


async def amendment(visit: Visit) -> Shown:
    """One amendment: which elements of which record, and how it stands. No value and no shape."""
    return await _shown(visit, "")


async def content(visit: Visit) -> Shown:
    """What changes, for a reason: as shapes, and value by value where it is ticked. Each time an entry of the log."""
    return await _shown(visit, visit.told("reason"))


async def send(visit: Visit) -> web.Response:
    """Send the delivery with what two people agreed on."""
    found = await amending(visit.parts).send(_who(visit), visit.part("id"))
    return elsewhere(visit, f"/deliveries/{found.id}")


async def _shown(visit: Visit, reason: str) -> Shown:
    use_cases, id_ = amending(visit.parts), visit.part("id")
    found, request = await use_cases.found(id_)
    differences = await use_cases.difference(visit.actor, id_, reason, visit.ticked("path")) if reason else ()
    state = request.at(visit.now)
    values = {
        "amendment": found,
        "request": request,
        "state": state,
        "agreed": state is State.APPROVED,
        "reason": reason,
        "fresh": sessions.is_fresh(visit),
        "differences": differences,
        "tried": await use_cases.tried(found, request),
        "may_still": state in (State.ASKED, State.APPROVED),
        "rules": visit.parts.rules,
    }
    return Shown("amendment.html", values)


async def _dead(visit: Visit) -> Delivery:
    """The delivery of the address. Raises NotFound, and Refused when it is not dead."""
    found = await visit.parts.desk.get(DeliveryId(visit.part("id")))
    if found is None:
        raise NotFound("There is no such delivery.")
    if found.state is not DeliveryState.DEAD:
        raise Refused(f"A delivery that is {found.state.value} cannot be amended.", code="delivery-state")
    return found


def _filled(visit: Visit) -> Filled:
    given = [
        (name.removeprefix(_VALUE), value) for name, value in visit.boxes if name.startswith(_VALUE) and value.strip()
    ]
    if len(dict(given)) < len(given):
        raise Refused("Each change names an element once.", code="amend-path")
    return Filled(dict(given), visit.ticked("drop"), visit.told("new_path"), visit.told("new_value"))


def _opened(visit: Visit, record: RecordId) -> Filled:
    if not (text := visit.form.get("kept", "")):
        return Filled()
    values, drop, *new = given_back(visit, _purpose(visit, record), text, "The form is out of date: begin again.")
    return Filled(values, tuple(drop), *new)


def _purpose(visit: Visit, record: RecordId) -> str:
    return f"amendment-form:{visit.part('id')}:{record}"


def _who(visit: Visit) -> Person:
    if visit.operator is None:
        raise Forbidden
    return Person(visit.actor, known(visit.operator.role))
