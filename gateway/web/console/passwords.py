"""Operators' passwords: argon2id, or PBKDF2 where approved algorithms only are allowed. Always in a thread (one check
takes about 60 ms and 64 MiB, or 0.2 s)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.core.errors import Unprocessable

SHORTEST, LONGEST = 12, 256
ROUNDS = 600_000
"""Of PBKDF2-HMAC-SHA-256 for a new password (SP 800-132 asks for as many as users bear, and 1,000 at least)."""
MOST_ROUNDS = 10_000_000
SALT_BYTES, HASH_BYTES = 16, 32
_PBKDF2 = re.compile(r"\$pbkdf2-sha256\$([1-9][0-9]{3,7})\$([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{43}=)")


def hash_password(password: str, *, restricted: bool = False) -> str:
    """The hash to store; ``restricted``: of an approved algorithm. Raises Unprocessable for fewer than 12 or more than
    256 characters; no other rule, so that pass phrases and password managers work."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unprocessable(f"A password has {SHORTEST} to {LONGEST} characters.", code="password-unfit")
    if not restricted:
        return PasswordHasher().hash(password)
    salt = secrets.token_bytes(SALT_BYTES)
    derived = _derived(password, salt, ROUNDS)
    return f"$pbkdf2-sha256${ROUNDS}${b64encode(salt).decode()}${b64encode(derived).decode()}"


def _derived(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds, HASH_BYTES)


def algorithm_of(stored: str) -> str:
    """The algorithm of a stored hash: ``argon2id``, ``pbkdf2-sha256``; empty for an account without a password."""
    return stored[1:].partition("$")[0]


@cache
def _decoy(*, restricted: bool) -> str:
    """What the password of an unknown name is checked against: once a process."""
    return hash_password("nobody's password", restricted=restricted)


class Passwords:
    """Checks passwords, at most ``at_once`` at a time: a burst of logins must not eat the memory. ``restricted``:
    hashes of algorithms that are not approved match nothing."""

    def __init__(self, at_once: int = 2, *, restricted: bool = False) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._hasher = PasswordHasher()
        self._restricted = restricted

    async def match(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of the hash. None (an unknown name) takes as long and is always False."""
        async with self._turn:
            return await asyncio.to_thread(self._match, stored, password[:LONGEST])

    def _match(self, stored: str | None, password: str) -> bool:
        known = stored or _decoy(restricted=self._restricted)
        if (found := _PBKDF2.fullmatch(known)) is not None:
            return _is_derived(found, password) and stored is not None
        if self._restricted:
            return False
        try:
            self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


def _is_derived(found: re.Match[str], password: str) -> bool:
    rounds = min(int(found[1]), MOST_ROUNDS)
    return hmac.compare_digest(_derived(password, b64decode(found[2]), rounds), b64decode(found[3]))
