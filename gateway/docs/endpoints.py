"""The options of the channels, as the part of ``docs/partners.md`` between two marks."""

from __future__ import annotations

from adapters import ADAPTERS, QUERY_OPTIONS
from adapters.options import Option
from gateway.core.errors import Misconfigured
from gateway.docs.markdown import code, table

BEGIN = "<!-- begin: written by python -m gateway.docs -->\n"
END = "<!-- end -->\n"


def with_endpoints(page: str) -> str:
    """The page with its table of options made anew. Raises Misconfigured when a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Misconfigured("docs/partners.md has lost a mark around the options of endpoints.")
    return before + BEGIN + _options() + END + after


def _options() -> str:
    rows = [
        (code(name), code(key), _TYPES[option.type], option.meaning, _default(option))
        for name, entry in ADAPTERS.items()
        for key, option in entry.options.items()
    ]
    rows += [
        ("queries", code(key), _TYPES[option.type], option.meaning, _default(option))
        for key, option in QUERY_OPTIONS.items()
    ]
    bare = [code(name) for name, entry in ADAPTERS.items() if not entry.options]
    return table(("adapter", "option", "type", "meaning", "default"), rows) + f"\nWithout options: {', '.join(bare)}.\n"


def _default(option: Option) -> str:
    if option.default is None:
        return "none" if option.optional else "required"
    return code(str(option.default).lower() if isinstance(option.default, bool) else option.default)


_TYPES = {str: "text", int: "whole number", bool: "true or false"}
