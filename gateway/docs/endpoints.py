"""The options of the channels, as the part of ``docs/partners.md`` between two marks."""

from __future__ import annotations

from adapters import ADAPTERS, QUERY_OPTIONS
from adapters.options import Option
from gateway.docs.markdown import code, table
from gateway.docs.marked import marked


def with_endpoints(page: str) -> str:
    """The page with its table of options made anew."""
    return marked("docs/partners.md", page, _options())


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
