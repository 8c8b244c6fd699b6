"""The life of a key, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.core.errors import Conflict


class KeyUse(StrEnum):
    """What a key is for; a key is never used for anything else."""

    KEK = "kek"
    """Wraps the data keys of sealed bytes."""
    INDEX = "index"
    """Makes blind indexes for exact search."""
    TOKEN_PEPPER = "token-pepper"  # noqa: S105  # the name of a use, not a secret
    """Makes the stored digests of API keys."""
    NOTE_SIGNING = "note-signing"
    """Signs checkpoints of the audit log."""
    RECEIPT_SIGNING = "receipt-signing"
    """Signs receipts."""
    TOKEN_SIGNING = "token-signing"  # noqa: S105  # the name of a use, not a secret
    """Signs access tokens."""


class KeyState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    """The one that new work uses; one for each use and label."""
    DECRYPT_ONLY = "decrypt-only"
    """Opens (or verifies) what it made; makes nothing new."""
    DESTROYED = "destroyed"
    """Its material is gone; the id stays so that it is never given again."""


class KeyPlace(StrEnum):
    """Where the material of a key lies."""

    FILE = "file"
    """In the key file."""
    TOKEN = "token"  # noqa: S105  # the name of a place, not a secret
    """In a PKCS#11 token, which never gives it away."""


class KeyEvent(StrEnum):
    ACTIVATE = "activate"
    RETIRE = "retire"
    DESTROY = "destroy"


TRANSITIONS: Mapping[tuple[KeyState, KeyEvent], KeyState] = {
    (KeyState.PENDING, KeyEvent.ACTIVATE): KeyState.ACTIVE,
    (KeyState.PENDING, KeyEvent.DESTROY): KeyState.DESTROYED,
    (KeyState.ACTIVE, KeyEvent.RETIRE): KeyState.DECRYPT_ONLY,
    (KeyState.DECRYPT_ONLY, KeyEvent.DESTROY): KeyState.DESTROYED,
}
"""Everything that may happen to a key; what is not here is refused."""

OPENING = frozenset({KeyState.ACTIVE, KeyState.DECRYPT_ONLY})
"""States whose keys may open or verify."""

LIVE = OPENING | {KeyState.PENDING}
"""States of a key under which something may be stored or signed, now or in a moment."""

WAITS_FIRST = frozenset({KeyUse.INDEX})
"""Uses whose follower must be known to every process before it becomes active."""


def after(state: KeyState, event: KeyEvent) -> KeyState:
    """The next state. Raises Conflict for what the table does not allow."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(f"a key that is {state} cannot {event}", code="key-state") from None
