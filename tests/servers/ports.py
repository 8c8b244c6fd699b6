"""Ports for servers that must be told theirs before they start, each kept for the test that asked."""

from __future__ import annotations

import socket

_kept: list[socket.socket] = []


def free_port() -> int:
    """A port of the loopback address that nobody else is given, not even who asks the system for any port.

    It stays bound, without listening, until this process ends. Whoever names it may listen on it all the same, with
    ``SO_REUSEADDR``, as every server does; until then a connection to it is refused. A port that was only looked up is
    anybody's a moment later, and another test's gateway would answer on it.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _kept.append(holder)
    return int(holder.getsockname()[1])
