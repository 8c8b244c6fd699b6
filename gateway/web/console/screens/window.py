"""The time window that the plots of a page show."""

from __future__ import annotations

from gateway.web.console.figures import WINDOWS, Window
from gateway.web.console.visit import Visit


def asked_window(visit: Visit) -> Window:
    """The window named by ``?window=``; one hour when none or an unknown one is named."""
    return WINDOWS.get(visit.asked("window") or "1h", WINDOWS["1h"])
