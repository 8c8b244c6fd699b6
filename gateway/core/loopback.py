"""Whether a host is this machine itself, so that nothing of what is said to it crosses a network."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Of an address or a name as a setting has it; names are not looked up, but for the one that RFC 6761 reserves."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
