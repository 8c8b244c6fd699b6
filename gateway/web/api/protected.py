"""Protected bodies: a partner whose file names a profile posts messages, opened before anything reads them."""

from __future__ import annotations

from gateway.core.errors import TooLarge
from gateway.core.model import Partner
from gateway.core.protection import Opened, Profile
from gateway.web.api import bodies
from gateway.web.api.operation import Call

PIECE = 2**20
"""Bytes of an opened message that are handed on at once."""


def is_protected(sender: Partner) -> bool:
    return sender.protection.profile is not Profile.NONE


async def opened(call: Call, sender: Partner, id_: str | None) -> Opened:
    """The message of a protected sender, opened. ``id_`` None: nothing is kept of it, so it may come again. Raises
    TooLarge and MessageRefused."""
    limit, message = call.parts.messages.longest(sender), bytearray()
    if (call.request.content_length or 0) > limit:
        raise TooLarge
    async for piece in bodies.pieces(call.request, call.limits):
        message += piece
        if len(message) > limit:
            raise TooLarge
    return await call.parts.messages.open(sender, call.request.content_type, bytes(message), id_)


def in_pieces(plain: bytes) -> list[bytes]:
    return [plain[start : start + PIECE] for start in range(0, len(plain), PIECE)]
