"""Which network addresses a delivery may go to. Pure.

A partner's URL must not reach our own network: loopback, private, link-local, metadata services, multicast, reserved
(the registries of RFC 6890), also when they hide in an IPv6 address (mapped, NAT64, 6to4, Teredo).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_COMPATIBLE = ipaddress.IPv6Network("::/8")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
_NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0[xX][0-9a-fA-F]*)\Z")


def forbidden(address: str) -> bool:
    """Whether a delivery must not go to this literal address. What is no address is forbidden too."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True
    return any(not _public(one) for one in (parsed, *_hidden(parsed)))


def literal(host: str) -> str | None:
    """The address that a URL's host spells out canonically, or None for a name."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return None


def disguised(host: str) -> bool:
    """Whether a host is a number in a form that only some resolvers read as an address (``2130706433``, ``0x7f.1``,
    ``0177.0.0.1``): a name whose last label is a number (WHATWG URL, "ends in a number")."""
    if literal(host) is not None:
        return False
    labels = host.rstrip(".").split(".")
    return bool(_NUMERIC_LABEL.match(labels[-1]))


def _public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None or address.is_site_local:
            return False
        if address in _NAT64 or address.ipv4_mapped is not None:
            return True  # Judged by the address inside.
        if address in _COMPATIBLE or address in _NAT64_LOCAL:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _hidden(address: IPAddress) -> Iterator[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
