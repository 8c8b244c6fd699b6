"""What files may refer to, besides each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.core.model import Endpoint, Follow, FormatName, Kind
from gateway.core.places import AT_HOME, Places
from gateway.core.protection import Material


@dataclass(frozen=True, slots=True)
class Known:
    """What files may refer to, besides each other."""

    formats_written: Mapping[FormatName, frozenset[Kind]]
    formats_read: frozenset[FormatName]
    kinds: frozenset[Kind]
    tags: frozenset[str]
    tag_codes: Mapping[str, frozenset[str]]
    """The values of those tags that have a list."""
    purposes: frozenset[str]
    requesters: frozenset[str]
    check_endpoint: Callable[[Endpoint], None]
    """Raises Misconfigured naming the option."""
    check_queries: Callable[[Endpoint], None]
    """The same for where case status queries are answered."""
    read_key: Callable[[str], Material]
    """The public key of a PEM text. Raises Misconfigured."""
    places: Places | None = AT_HOME
    """Where endpoints may lie; None: it is not asked."""
    file_orders: Mapping[FormatName, tuple[Follow, ...]] = field(default_factory=dict)
    """What can be asked of the order of a format's files; formats whose headers say nothing of it are not in it."""
