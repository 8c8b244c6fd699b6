"""Who may do what in the console: one table of role and right, which the pages, the guard and its test read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Operators' roles; each includes those before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Right(StrEnum):
    """What a route asks for."""

    ANYBODY = "anybody"
    """No login: the login page and the files of the pages."""
    LOOK = "look"
    PROVE = "prove"
    REPAIR = "repair"
    STEER = "steer"
    ACCOUNTS = "accounts"


MEANING: Mapping[Right, str] = {
    Right.ANYBODY: "See the login page",
    Right.LOOK: "See queues, partners, submissions, records (without their content), failures and the audit log",
    Right.PROVE: "Download the proof of a record",
    Right.REPAIR: "Retry and withdraw deliveries, one or in bulk",
    Right.STEER: "Pause and resume partners",
    Right.ACCOUNTS: "See operators and API keys, revoke an API key",
}

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.ANYBODY, Right.LOOK}),
    Role.OPERATOR: frozenset({Right.ANYBODY, Right.LOOK, Right.PROVE, Right.REPAIR, Right.STEER}),
    Role.ADMIN: frozenset(Right),
}


def allowed(role: str | None, right: Right) -> bool:
    """Whether the role (None: nobody is logged in) has the right. A role that is not in the table has none."""
    if right is Right.ANYBODY:
        return True
    return role is not None and role in set(Role) and right in RIGHTS[Role(role)]
