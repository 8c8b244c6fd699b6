"""Who may do what in the console: one table of role and right, which the pages, the guard, its test and docs/access.md
read. Deny by default: a role has the rights that its line names, and no role includes another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.core.roles import Role


class Right(StrEnum):
    """What a route asks for."""

    ANYBODY = "anybody"
    """No login: the login page and the files of the pages."""
    ENTER = "enter"
    """Half of a login: the password is right, the second factor is due."""
    BELONG = "belong"
    COUNT = "count"
    PARTNER = "partner"
    LOOK = "look"
    PROVE = "prove"
    READ = "read"
    RETRY = "retry"
    WITHDRAW = "withdraw"
    AMEND = "amend"
    EXPORT = "export"
    ORDER = "order"
    STEER = "steer"
    SECOND = "second"
    KEPT = "kept"
    HOLD = "hold"
    AUDIT = "audit"
    KEYS = "keys"
    ACCOUNTS = "accounts"
    BREAK = "break"
    GLASS = "glass"
    REVIEW = "review"


MEANING: Mapping[Right, str] = {
    Right.ANYBODY: "See the login page",
    Right.ENTER: "Show or enrol the second factor",
    Right.BELONG: "See the rules, the state of the system, the own account",
    Right.COUNT: "See counts, queues and the list of partners",
    Right.PARTNER: "See one partner: its state, agreements and contacts",
    Right.LOOK: "See submissions, records (without their content), deliveries, failures and jobs",
    Right.PROVE: "Download receipts and proofs",
    Right.READ: "Read the content of a record, with a reason",
    Right.RETRY: "Retry deliveries, one or in bulk",
    Right.WITHDRAW: "Withdraw deliveries, one or in bulk",
    Right.AMEND: "Amend what a dead delivery carries of a record, with a second person",
    Right.EXPORT: "Export a list of records, with a second person",
    Right.ORDER: "Enter what a court ordered about a protected person, with a second person",
    Right.STEER: "Pause and resume partners",
    Right.SECOND: "See requests for a second word; who may decide which is a table of its own",
    Right.KEPT: "See the rules of retention, its runs, holds and copies",
    Right.HOLD: "Set and release legal holds, confirm that a copy is erased",
    Right.AUDIT: "Search the audit log",
    Right.KEYS: "See API keys, revoke them",
    Right.ACCOUNTS: "See accounts, log somebody out everywhere, reset a second factor",
    Right.BREAK: "Break the glass in an emergency, as an account that was allowed to beforehand: then read content",
    Right.GLASS: "See who broke the glass, and what they opened",
    Right.REVIEW: "Review what somebody else did under the broken glass",
}

_IN = frozenset({Right.ANYBODY, Right.BELONG})
_REPAIRS = frozenset(
    {Right.COUNT, Right.PARTNER, Right.LOOK, Right.PROVE, Right.RETRY, Right.EXPORT, Right.SECOND, Right.KEPT}
)

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: _IN | {Right.COUNT, Right.BREAK},
    Role.OPERATOR: _IN | _REPAIRS | {Right.WITHDRAW, Right.AMEND, Right.STEER, Right.BREAK},
    Role.DATA_STEWARD: _IN | _REPAIRS | {Right.READ, Right.AMEND, Right.HOLD, Right.ORDER},
    Role.PARTNER_ADMIN: _IN | {Right.PARTNER, Right.LOOK, Right.PROVE, Right.RETRY, Right.STEER},
    Role.SECURITY_OFFICER: _IN
    | {Right.COUNT, Right.PARTNER, Right.SECOND, Right.KEPT, Right.HOLD, Right.KEYS}
    | {Right.BREAK, Right.GLASS, Right.REVIEW},
    Role.AUDITOR: _IN
    | {Right.COUNT, Right.PARTNER, Right.LOOK, Right.PROVE, Right.READ, Right.SECOND, Right.KEPT, Right.AUDIT}
    | {Right.GLASS},
    Role.ADMIN: _IN | {Right.COUNT, Right.PARTNER, Right.SECOND, Right.KEPT, Right.KEYS, Right.ACCOUNTS, Right.BREAK},
}

NARROWED = frozenset({Role.PARTNER_ADMIN})
"""Roles that look after one partner: a route that does not narrow what it shows is closed to them."""

CHANGING = frozenset(
    {
        Right.RETRY,
        Right.WITHDRAW,
        Right.AMEND,
        Right.EXPORT,
        Right.ORDER,
        Right.STEER,
        Right.HOLD,
        Right.KEYS,
        Right.ACCOUNTS,
        Right.REVIEW,
    }
)
"""Rights to change something or to take it out; an auditor has none of them."""
PERSONAL = frozenset({Right.LOOK, Right.PROVE, Right.READ, Right.AMEND, Right.EXPORT, Right.ORDER})
"""Rights to see something of records; a security officer has none of them."""
FRESH = frozenset({Right.READ, Right.BREAK})
"""Rights that ask for a second factor shown not long ago (Publication 1075, IA-2, read on secondary pages)."""


def known_role(role: str | None) -> Role | None:
    """The role of that name; None for one that is not in the table."""
    return Role(role) if role is not None and role in set(Role) else None


def allowed(role: str | None, right: Right, *, narrowed: bool = True) -> bool:
    """Whether the role (None: nobody is logged in) has the right on a route that narrows what it shows to the
    operator's own partner (or does not). A role that is not in the table has none."""
    if right is Right.ANYBODY:
        return True
    found = known_role(role)
    return found is not None and right in RIGHTS[found] and (narrowed or found not in NARROWED)
