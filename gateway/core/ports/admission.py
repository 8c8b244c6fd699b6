"""Ports of admission control: the door that submissions go through, and what is measured in the store for it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from gateway.core.admission import Waiting


class Admission(Protocol):
    """The door for submissions and validations. It asks nobody: what it knows was measured before."""

    def enter(self, caller: str) -> AbstractContextManager[None]:
        """Count one submission of the caller as under way, for as long as the block lasts.

        Raises Overloaded (503) while the gateway is too full, and TooMany (429) when the caller has too many under way
        itself; both say when to come again.
        """
        ...

    async def check(self) -> None:
        """Raises Overloaded while the door is closed: for people who look, not for load balancers."""
        ...


class Waits(Protocol):
    async def look(self) -> Waiting:
        """What waits in the store now. Raises Unavailable."""
        ...
