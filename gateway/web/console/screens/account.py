"""The own account: second factors, and logging out everywhere. For admins, helping others who lost theirs."""

from __future__ import annotations

from aiohttp import web

from gateway.core.errors import NotFound
from gateway.core.reasons import fit_reason
from gateway.web.console import sessions
from gateway.web.console.sessions import Gate
from gateway.web.console.visit import Shown, Visit, elsewhere


async def account(visit: Visit) -> Shown:
    name = visit.operator.name if visit.operator else ""
    values = {
        "factors": await visit.parts.factors.of(name),
        "fresh": sessions.is_fresh(visit),
        "devices": await visit.parts.devices.of(name),
        "device": visit.seen.thumbprint,
    }
    return Shown("account.html", values)


async def log_out(visit: Visit, gate: Gate) -> web.Response:
    """End every session of an account: somebody left, or a laptop is lost."""
    name = await _named(visit)
    await sessions.close_everywhere(visit, gate, name, fit_reason(visit.told("reason")))
    return elsewhere(visit, "/accounts")


async def reset(visit: Visit, gate: Gate) -> web.Response:
    """Forget the second factors of an account, which enrols anew at its next login, and end its sessions."""
    name, reason = await _named(visit), fit_reason(visit.told("reason"))
    entry = visit.parts.scribe.entry(visit.actor, "operator.enrolled", f"operator:{name}", "reset", {"reason": reason})
    await visit.parts.factors.remove(name, None, entry)
    await sessions.close_everywhere(visit, gate, name, reason)
    return elsewhere(visit, "/accounts")


async def _named(visit: Visit) -> str:
    name = visit.part("name")
    if await visit.parts.operators.find(name) is None:
        raise NotFound("There is no such account.")
    return name
