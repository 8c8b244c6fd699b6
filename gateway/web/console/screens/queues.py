"""Queues: where does it pile up, and when will it clear?"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.ports.deliveries import PartnerQueue
from gateway.web.console import figures, plots
from gateway.web.console.screens.partners import state_of
from gateway.web.console.screens.window import asked_window
from gateway.web.console.visit import Shown, Visit
from gateway.web.console.words import age
from gateway.web.movement import Movement, movements


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    queue: PartnerQueue
    name: str
    state: str
    oldest: str
    movement: Movement
    clears: str


async def queues(visit: Visit) -> Shown:
    return Shown("queues.html", await _figures(visit))


async def live(visit: Visit) -> Shown:
    return Shown("live/queues.html", await _figures(visit))


async def _figures(visit: Visit) -> dict[str, object]:
    health, window = visit.parts.health, asked_window(visit)
    directory = await visit.parts.directory()
    breakers = {row.partner: row for row in await health.breakers()}
    moved = await movements(health, visit.now)
    present = {queue.partner: queue for queue in await visit.shared.queues.now()}
    rows = []
    for key in sorted({*directory.partners, *present}):
        partner = directory.partners.get(key)
        queue, movement = present.get(key) or PartnerQueue(key, 0, 0, 0, 0, 0, 0, None), moved.get(key, Movement())
        rows.append(
            Row(
                queue=queue,
                name=partner.name if partner else key,
                state=state_of(partner, breakers.get(key)) if partner else "gone",
                oldest=age((visit.now - queue.oldest).total_seconds()) if queue.oldest else plots.DASH,
                movement=movement,
                clears=clears(queue, movement),
            )
        )
    chart = await figures.backlog(health, visit.now, window)
    return {"rows": rows, "window": window, "windows": figures.WINDOWS, "chart": chart, "plot": plots.areas(chart)}


def clears(queue: PartnerQueue, movement: Movement) -> str:
    """The estimated drain time in words."""
    waiting = queue.pending + queue.claimed
    if not waiting:
        return "empty"
    if movement.left is None:
        return "not known"
    span = movement.clears_in(waiting)
    return "does not shrink" if span is None else f"about {age(span.total_seconds())}"
