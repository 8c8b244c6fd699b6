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


class CryptographyTold(Told):
    rows: list[UsedTold]


_TOLD = CryptographyTold(rows=[UsedTold.model_validate(one.told()) for one in INVENTORY])


async def cryptography(_call: Call) -> web.Response:
    """The same for everybody: no keys, no dates of keys."""
    return answers.told(_TOLD)
