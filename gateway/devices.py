"""Binding operators' accounts to computers of the agency's, audited."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.core.errors import Misconfigured, NotFound
from gateway.core.model import Actor
from gateway.core.ports.devices import Device
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
