"""How the database and the broker are reached: under TLS, and in the clear within this machine only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext

from gateway.core.errors import Misconfigured
from gateway.core.loopback import is_loopback

CODE = "plain-transport"


@dataclass(frozen=True, slots=True)
class Transport:
    """What a site says of the way to a server of its own."""

    context: Callable[[], SSLContext] | None = None
    """Makes the context that checks the server's certificate and name; None: TLS is not spoken."""
    authorities: Path | None = None
    """PEM file of who may have issued that certificate; None: whom the system trusts. Named, it is asked for on this
    machine, too."""
    plain: bool = False
    """Whether what is said may cross a network in the clear."""

    def secured(self, hosts: Collection[str]) -> SSLContext | None:
        """The context for a server at these hosts (none: who knows where); None: in the clear. Raises Misconfigured
        where nobody said that this may be, and for files that cannot be read."""
        if self.plain or (self.authorities is None and is_here(hosts)):
            return None
        return self.demanded()

    def demanded(self) -> SSLContext:
        """The context where TLS is asked for by name."""
        if self.context is None:
            raise Misconfigured("TLS is needed to a server that is not on this machine.", code=CODE)
        return self.context()


def is_here(hosts: Collection[str]) -> bool:
    """Whether all of them are this machine; what is not said is elsewhere."""
    return bool(hosts) and all(map(is_loopback, hosts))


NO_TLS = Transport()
"""For servers on this machine."""
