"""What the program exchanges and this gateway does not speak, with the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """One exchange for which there is no format."""

    name: str
    title: str
    reason: str
    """What is missing, or why it is no business of the gateway."""
    instead: str
    """What serves in its place; empty where nothing does."""
