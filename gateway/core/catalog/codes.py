"""Closed lists of codes, and the transactions of CSENet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeList:
    """A closed list: code -> meaning."""

    name: str
    codes: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Triple:
    """One valid combination of function, action and reason of CSENet (``reason`` empty: blank)."""

    function: str
    action: str
    reason: str
    meaning: str
    core: bool
    replacement: str = ""
    opens_case: bool = False
    sender: str = ""
    """Who may send it: ``initiating``, ``responding``, ``either``, ``any`` or empty when the source is silent."""

    @property
    def key(self) -> str:
        """As in :attr:`gateway.core.model.Facts.transaction`."""
        return f"{self.function} {self.action} {self.reason}".rstrip()
