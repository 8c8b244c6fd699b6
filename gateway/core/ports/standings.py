"""The port of the store that lays its rows beside the entries of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.core.standing import Standing


class Standings(Protocol):
    def rows(self) -> AsyncIterator[Standing]:
        """Every submission, record and delivery with what the log says of its state, each as of one moment."""
        ...

    def lost(self) -> AsyncIterator[Standing]:
        """Of what the log says something, or that it is owed, and the store has no row; and what is owed to somebody of
        whom the log says nothing."""
        ...

    def closed(self) -> AsyncIterator[Standing]:
        """Of what the log lost details that no erasing destroyed."""
        ...
