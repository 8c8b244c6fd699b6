"""The blocks of a content: which elements repeat, and how often."""

from __future__ import annotations

from gateway.core.model import Content

BLANK_BLOCK = "BlankIndicator"
"""Leaf that keeps a block which came without any value; its only value is ``Y``."""


def count_blocks(content: Content) -> dict[str, int]:
    """How many blocks of each name the content has: ``{"Header": 1, "Participant": 2}``."""
    counts: dict[str, int] = {}
    block = "/"  # no path begins with it
    for path in content.fields:
        if path.startswith(block):
            continue
        head = path.partition("/")[0]
        block = f"{head}/"
        if head.endswith("]"):
            name, _, index = head[:-1].partition("[")
            counts[name] = max(counts.get(name, 0), int(index))
        else:
            counts[head] = 1
    return counts
