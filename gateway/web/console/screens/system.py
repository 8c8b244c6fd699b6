"""System: is the machine well, what is in force, and what may I do? Accounts for admins."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from gateway.core.errors import NotFound
from gateway.core.ports.accounts import ApiKey
from gateway.core.reasons import fit_reason
from gateway.web.console.rights import MEANING, Right
from gateway.web.console.visit import Shown, Visit, elsewhere


async def system(visit: Visit) -> Shown:
    rights = [(MEANING[one], visit.may(one)) for one in Right if one not in (Right.ANYBODY, Right.ENTER)]
    return Shown(
        "system.html",
        {
            "readings": visit.readings,
            "rights": rights,
            "formats": sorted(visit.parts.formats.values(), key=lambda one: one.name),
            "keys": visit.parts.key_report(),
            "rules": len(visit.parts.rules),
            "directory": await visit.parts.directory(),
        },
    )


async def accounts(visit: Visit) -> Shown:
    keys = await visit.parts.callers.list(None)
    bound = await visit.parts.devices.list()
    operators = await visit.parts.operators.list()
    values = {
        "operators": [(one, [device for device in bound if device.operator == one.name]) for one in operators],
        "keys": [(key, live(key, visit.now)) for key in keys],
    }
    return Shown("accounts.html", values)


def live(key: ApiKey, now: datetime) -> bool:
    """Whether an API key has not expired."""
    return key.expires_at is None or key.expires_at > now


async def revoke(visit: Visit) -> web.Response:
    """Revoke an API key at once."""
    details = {"reason": fit_reason(visit.told("reason"))}
    key = visit.part("id")
    entry = visit.parts.scribe.entry(visit.actor, "apikey.revoked", f"apikey:{key}", details=details)
    if not await visit.parts.callers.revoke(key, entry):
        raise NotFound("There is no such live API key.")
    return elsewhere(visit, "/accounts")
