"""Which computer of the agency's a browser runs on, by its client certificate (O04: agency-furnished equipment only).

Without a certificate everybody gets a page that says what to do, before any name or password is looked at. One of
another authority ends the handshake, or is refused here where a proxy tells it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aiohttp import web

from gateway.core.errors import Forbidden
from gateway.core.ports.callers import CertificateFacts
from gateway.core.unproven import Unproven
from gateway.web.access import Network
from gateway.web.peer import Peers


class Unfit(StrEnum):
    """Why a computer is refused; also the outcome of the audit entry."""

    MISSING = "device-missing"
    CERTIFICATE = "device-certificate"
    OTHER = "device-other"
    UNBOUND = "device-unbound"
    LOST = "device-lost"
    NETWORK = "device-network"


ADVICE = {
    Unfit.MISSING: "This console is for computers of the agency, which show a certificate, and yours has shown none."
    " Use such a computer. If you are at one, choose its certificate when the browser asks (close the browser first if"
    " it no longer asks), or have the certificate put on it by whoever looks after the agency's computers.",
    Unfit.CERTIFICATE: "The certificate that your computer has shown is not one that this console takes: it is out of"
    " date, or was not issued for computers of the agency. Have it renewed by whoever looks after them.",
    Unfit.OTHER: "This login was begun with the certificate of another computer, and is over. Log in again.",
    Unfit.UNBOUND: "This account may be used on its own computers only, and this is none of them. Use one of them, or"
    " ask an admin to bind the account to this one.",
    Unfit.NETWORK: "This console is reached from networks of the agency only, and you come from another one. Connect to"
    " the agency's network first.",
    Unfit.LOST: "This computer was reported lost, and nobody gets in from it. If it is found, tell an admin.",
}


class WrongComputer(Forbidden):
    """For the computer, not for whoever sits at it."""

    title = "This computer may not be used here"


def unfit(why: Unfit) -> Forbidden:
    """The refusal that says what to do."""
    return WrongComputer(ADVICE[why], code=why.value)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a console asks for certificates. ``read``: DER bytes -> what they say, or Unproven unless an authority of the
    agency's computers issued them; None: no certificate is asked for."""

    read: Callable[[bytes], CertificateFacts] | None = None
    proxies: tuple[Network, ...] = ()
    """Networks of proxies before the console: Client-Cert and X-Forwarded-For are believed from there."""
    networks: tuple[Network, ...] = ()
    """From where people come; empty: from everywhere."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a request shows of the computer that it comes from."""

    thumbprint: str | None = None
    why: Unfit | None = None
    """None: it may go on."""


NOTHING = Seen()
"""Where no certificate is asked for."""


class DeviceDoor:
    """Looks at the computers of requests."""

    def __init__(self, asking: Asking) -> None:
        self._asks, self._networks = asking.read is not None, asking.networks
        self._peers = Peers(asking.proxies, asking.read or _nobody_asks)

    def look(self, request: web.BaseRequest, now: datetime) -> Seen:
        if self._networks and not self._peers.within(self._peers.address(request), self._networks):
            return Seen(None, Unfit.NETWORK)
        if not self._asks:
            return NOTHING
        try:
            facts = self._peers.certificate(request, now)
        except Unproven:
            return Seen(None, Unfit.CERTIFICATE)
        return Seen(None, Unfit.MISSING) if facts is None else Seen(facts.thumbprint)

    def address(self, request: web.BaseRequest) -> str:
        """Whose failed logins count together."""
        return self._peers.address(request) or "unknown"


def _nobody_asks(_der: bytes) -> CertificateFacts:
    raise Unproven
