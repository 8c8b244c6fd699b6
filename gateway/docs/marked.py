"""Pages that are written by hand but for a part between two marks."""

from __future__ import annotations

from gateway.core.errors import Misconfigured

BEGIN = "<!-- begin: written by python -m gateway.docs -->\n"
END = "<!-- end -->\n"


def marked(name: str, page: str, made: str) -> str:
    """The page with the part between its marks made anew. Raises Misconfigured when a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Misconfigured(f"{name} has lost a mark around what is generated.")
    return before + BEGIN + made + END + after
