"""Operators' passwords: argon2id, always in a thread (one check takes about 60 ms and 64 MiB)."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.core.errors import Unprocessable

SHORTEST, LONGEST = 12, 256


def hash_password(password: str) -> str:
    """The hash to store. Raises Unprocessable for fewer than 12 or more than 256 characters; no other rule, so that
    pass phrases and password managers work."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unprocessable(f"A password has {SHORTEST} to {LONGEST} characters.", code="password-unfit")
    return PasswordHasher().hash(password)


@cache
def _decoy() -> str:
    """What the password of an unknown name is checked against: once a process."""
    return PasswordHasher().hash("nobody's password")


class Passwords:
    """Checks passwords, at most ``at_once`` at a time: a burst of logins must not eat the memory."""

    def __init__(self, at_once: int = 2) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._hasher = PasswordHasher()

    async def match(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of the hash. None (an unknown name) takes as long and is always False."""
        async with self._turn:
            return await asyncio.to_thread(self._match, stored, password[:LONGEST])

    def _match(self, stored: str | None, password: str) -> bool:
        decoy = _decoy()
        try:
            self._hasher.verify(stored or decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None
