"""The attestation with requests to find persons: what a request says of it, and the text for everybody to read."""

from __future__ import annotations

from aiohttp import web

from gateway.core.attestation import HEADER, named
from gateway.web.api import answers
from gateway.web.api.operation import Call
from gateway.web.api.told import Told


class AttestationTold(Told):
    version: str
    """What the header field Gateway-Attestation names."""
    text: str


def weighed(call: Call) -> str:
    """What the request's attestation is worth (:mod:`gateway.core.attestation`). Raises Refused."""
    given = call.request.headers.getall(HEADER, ())
    if not given:
        return ""
    return call.parts.attestation.weigh(named(" ".join(given)))  # no version holds a blank: two are none


async def attestation(call: Call) -> web.Response:
    """The same for everybody: whoever attests it has to be able to read it, and may not have a key."""
    found = call.parts.attestation
    return answers.told(AttestationTold(version=found.version, text=found.text))
