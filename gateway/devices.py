"""Computers of the agency's: accounts bound to them, and those that were lost, audited."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.core.errors import Misconfigured, NotFound
from gateway.core.model import Actor
from gateway.core.ports.devices import Device, Lost
from gateway.core.reasons import fit_reason
from gateway.foundation import Foundation
from keys.certificates import facts_of_pem

LONGEST_LABEL = 40
_THUMBPRINT = re.compile(r"[0-9a-f]{64}")
_LARGEST_FILE = 64 * 2**10


def thumbprint_of(given: str) -> str:
    """The thumbprint that is meant: 64 hex digits, as openssl writes them with colons too, or the path of a PEM file.
    Raises Misconfigured for what is neither."""
    digits = given.replace(":", "").lower()
    if _THUMBPRINT.fullmatch(digits):
        return digits
    path = Path(given)
    try:
        with path.open("rb") as file:
            return facts_of_pem(file.read(_LARGEST_FILE)).thumbprint
    except OSError:
        raise Misconfigured(
            "Give a SHA-256 thumbprint (64 hex digits), or a certificate file in PEM that can be read.",
            code="certificate-file",
        ) from None


async def bind(base: Foundation, actor: Actor, operator: str, thumbprint: str, label: str) -> int:
    """Bind an account to a computer; how many of its sessions, begun on others, ended. Raises NotFound for an unknown
    account, Conflict for a computer that it is bound to, Misconfigured for too long a name."""
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise Misconfigured(f"The name of a computer has at most {LONGEST_LABEL} printable characters.")
    if await base.stores.operators.find(operator) is None:
        raise NotFound(f"There is no operator {operator}.")
    entry = base.scribe.entry(actor, "operator.device", f"operator:{operator}", "bound", {"device": thumbprint})
    return await base.stores.devices.add(Device(operator, thumbprint, label, base.clock()), entry)


async def unbind(base: Foundation, actor: Actor, operator: str, thumbprint: str) -> int:
    """Take a computer from an account; how many sessions on it ended. Raises NotFound when it was not bound to it."""
    entry = base.scribe.entry(actor, "operator.device", f"operator:{operator}", "unbound", {"device": thumbprint})
    ended = await base.stores.devices.remove(operator, thumbprint, entry)
    if ended is None:
        raise NotFound("The account is not bound to this computer.")
    return ended


async def lose(base: Foundation, actor: Actor, thumbprint: str, reason: str) -> int:
    """Let nobody in from a computer any more; how many sessions on it ended. Raises Conflict when it is lost already,
    Unprocessable for a reason that is none."""
    told = fit_reason(reason)
    entry = base.scribe.entry(actor, "device.lost", f"device:{thumbprint}", "ok", {"reason": told})
    return await base.stores.devices.lose(Lost(thumbprint, told, base.clock()), entry)


async def recover(base: Foundation, actor: Actor, thumbprint: str) -> None:
    """Let people in from it again. Raises NotFound when it was not lost."""
    entry = base.scribe.entry(actor, "device.found", f"device:{thumbprint}")
    if not await base.stores.devices.recover(thumbprint, entry):
        raise NotFound("The computer was not reported lost.")
