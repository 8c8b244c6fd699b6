"""When new submissions are turned away."""

from __future__ import annotations

from pydantic import Field

from gateway.settings.part import Part


class Admission(Part):
    """When new submissions are turned away with 503 and a time to come again; 0 switches a figure off."""

    undelivered_seconds: float = Field(default=1_800, ge=0)
    """How long a delivery may wait that its partner would take; longer, and nobody here delivers."""
    unjudged_seconds: float = Field(default=3_600, ge=0)
    """How long a big file may wait to be judged: some take many minutes themselves."""
    commit_seconds: float = Field(default=3, ge=0)
    """How long a commit may take; callers expect an answer within a second."""
    store_seconds: float = Field(default=10, ge=0)
    """How long the database may be silent: a restart takes a few seconds."""
    memory_share: float = Field(default=0.85, ge=0, le=1)
    """Of the memory that the process may have (the machine's, or its control group's): beyond it the kernel kills."""
    opens_at: float = Field(default=0.7, gt=0, le=1)
    """Of a figure that closed the door: below it the door opens again."""
    at_once: int = Field(default=2_000, ge=1)
    """Submissions under way in one process: some seconds of work."""
    at_once_each: int = Field(default=1_000, ge=1)
    """Of one caller, answered 429: the others must find room."""
    every_seconds: float = Field(default=2, gt=0)
    """Between two measurements."""
