"""The operator console: server-rendered pages that work without scripts, live figures where there are scripts."""

from gateway.web.console.application import console_application
from gateway.web.console.settings import ConsoleSettings

__all__ = ["ConsoleSettings", "console_application"]
