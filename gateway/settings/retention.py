"""When what is due is erased."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gateway.settings.part import Part


class Retention(Part):
    """When what is due is erased (``gateway retention``)."""

    enabled: bool = False
    """The scheduler erases what is due, once in ``every_hours``; off: only ``gateway retention run`` does. What the law
    has destroyed with its delivery goes by itself either way."""
    every_hours: float = Field(default=24, gt=0)
    policy: Path | None = None
    """A policy of the site; none: the one that is shipped. It may not allow what the law does not."""
