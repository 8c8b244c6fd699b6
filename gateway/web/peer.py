"""Who is at the other end of the connection: its address and its certificate, from TLS or from a proxy of ours.

A proxy tells the certificate in Client-Cert (RFC 9440). The field is believed from configured addresses only; from
anybody else the request is refused, since somebody tries to pass for a proxy or ours forwards what it must not.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address

from aiohttp import web

from gateway.core.ports.callers import CertificateFacts
from gateway.core.unproven import Reason, Unproven
from gateway.web.access import Network

FIELD = "Client-Cert"
_CHAIN = "Client-Cert-Chain"
_FORWARDED = "X-Forwarded-For"
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
_MOST_CACHED = 1024


class Peers:
    """Reads certificates and addresses of requests. ``read``: DER bytes -> what they say."""

    def __init__(self, proxies: tuple[Network, ...], read: Callable[[bytes], CertificateFacts]) -> None:
        self._proxies, self._read = proxies, read
        self._known: OrderedDict[bytes, CertificateFacts] = OrderedDict()
        self._members: OrderedDict[tuple[str, tuple[Network, ...]], bool] = OrderedDict()

    def certificate(self, request: web.BaseRequest, now: datetime) -> CertificateFacts | None:
        """The certificate that the caller has shown and proven; None: it has shown none. Raises Unproven for a field
        from an address that is no proxy, a field that is none, and a certificate that is not in force."""
        der = self._told(request) if FIELD in request.headers or _CHAIN in request.headers else self._shown(request)
        if der is None:
            return None
        facts = self._facts(der)
        if not facts.not_before <= now <= facts.not_after:
            raise Unproven(Reason.CERTIFICATE_DATES)
        return facts

    def address(self, request: web.BaseRequest) -> str:
        """The caller's address; behind a proxy of ours the last one of X-Forwarded-For, which the proxy wrote."""
        remote = request.remote or ""
        if self._proxies and _FORWARDED in request.headers and self.within(remote, self._proxies):
            return request.headers.getall(_FORWARDED)[-1].rpartition(",")[2].strip()
        return remote

    def within(self, address: str, networks: tuple[Network, ...]) -> bool:
        """Whether the address is in one of the networks."""
        key = address, networks
        known = self._members.get(key)
        if known is None:
            known = self._members[key] = _within(address, networks)
            if len(self._members) > _MOST_CACHED:
                self._members.popitem(last=False)
        return known

    def _told(self, request: web.BaseRequest) -> bytes | None:
        if not self.within(request.remote or "", self._proxies):
            raise Unproven(Reason.PROXY)
        values = request.headers.getall(FIELD, [])
        match = _BYTES.fullmatch(values[0].strip()) if len(values) == 1 else None
        if match is None:
            raise Unproven(Reason.CERTIFICATE_FIELD)
        try:
            return base64.b64decode(match[1], validate=True)
        except binascii.Error:
            raise Unproven(Reason.CERTIFICATE_FIELD) from None

    def _shown(self, request: web.BaseRequest) -> bytes | None:
        """The certificate of the TLS connection; that of a proxy of ours is the proxy's own."""
        transport = request.transport
        tls = None if transport is None else transport.get_extra_info("ssl_object")
        if tls is None or (self._proxies and self.within(request.remote or "", self._proxies)):
            return None
        shown: bytes | None = tls.getpeercert(binary_form=True)
        return shown

    def _facts(self, der: bytes) -> CertificateFacts:
        facts = self._known.get(der)
        if facts is None:
            facts = self._known[der] = self._read(der)
            if len(self._known) > _MOST_CACHED:
                self._known.popitem(last=False)
        return facts


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any(one is not None and one in network for network in networks for one in (parsed, mapped))
