"""The causes of dead letters, as the part of ``docs/runbook.md`` between two marks."""

from __future__ import annotations

from gateway.core.causes import CAUSES
from gateway.docs.markdown import code, table
from gateway.docs.marked import marked


def with_causes(page: str) -> str:
    """The page with its table of causes made anew."""
    rows = [(", ".join(map(code, one.codes)) + one.also, one.meaning, one.remedy) for one in CAUSES]
    return marked("docs/runbook.md", page, table(("cause", "what it means", "what to do"), rows))
