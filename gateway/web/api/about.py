"""What the gateway says of itself: the algorithms that it protects with."""

from __future__ import annotations

from aiohttp import web

from gateway.core.crypto_inventory import INVENTORY
from gateway.web.api import answers
from gateway.web.api.operation import Call
from gateway.web.api.told import Told


class UsedTold(Told):
    what: str
    algorithm: str
    bits: int
    use: str
    standard: str
    until: str


class ModuleTold(Told):
    use: str
    version: str
    active: bool
    """Whether it says that its FIPS provider is in force."""


class CryptographyTold(Told):
    rows: list[UsedTold]
    fips: str
    """``off``, ``on`` or ``required``."""
    modules: list[ModuleTold]
    validated: bool
    """Every module runs its FIPS provider, and the site names the certificate."""
    certificate: str | None
    """Number of the validation (CMVP), as the site says."""


_ROWS = [UsedTold.model_validate(one.told()) for one in INVENTORY]


async def cryptography(call: Call) -> web.Response:
    """The same for everybody: no keys, no dates of keys."""
    report = call.parts.modules
    return answers.told(
        CryptographyTold(
            rows=_ROWS,
            fips=report.mode,
            modules=[ModuleTold(use=one.use, version=one.version, active=one.active) for one in report.modules],
            validated=report.validated,
            certificate=report.certificate,
        )
    )
