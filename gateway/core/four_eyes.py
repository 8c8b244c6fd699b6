"""Acts that need a second person: who may ask, who may decide, and when a permission is good. Pure.

A request freezes what is to be done: the act, the object and its terms. Another person decides. A permission is good
for exactly those terms, once, until it expires.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.core.audit_entry import canonical_json
from gateway.core.errors import Conflict, Forbidden
from gateway.core.roles import Role

Terms = Mapping[str, str | int]
"""What exactly is to be done, without personal data: ids, counts, digests, names of fields."""


class Act(StrEnum):
    """What one person alone may not do."""

    DESTROY_KEY = "key.destroy"
    APPROVE_TAX = "tax.approve"
    EXPORT = "records.export"
    REPLAY = "replay.start"
    AMEND = "dead-letter.amend"
    OVERRIDE = "disclosure.override"
    COPY_KEYS = "backup.keys"


@dataclass(frozen=True, slots=True)
class Pair:
    """The two people of an act: roles that may ask, and roles of which the second person must have one."""

    meaning: str
    asks: frozenset[Role]
    decides: frozenset[Role]


PAIRS: Mapping[Act, Pair] = {
    Act.DESTROY_KEY: Pair(
        "destroy a key, and with it all that only this key opens",
        frozenset({Role.SECURITY_OFFICER}),
        frozenset({Role.SECURITY_OFFICER, Role.ADMIN}),
    ),
    Act.APPROVE_TAX: Pair(
        "let a partner receive federal tax information",
        frozenset({Role.ADMIN, Role.SECURITY_OFFICER}),
        frozenset({Role.SECURITY_OFFICER}),
    ),
    Act.EXPORT: Pair(
        "take a list of records out of the gateway",
        frozenset({Role.OPERATOR, Role.DATA_STEWARD}),
        frozenset({Role.DATA_STEWARD, Role.SECURITY_OFFICER}),
    ),
    Act.REPLAY: Pair(
        "send or withdraw more than a hundred deliveries at once",
        frozenset({Role.OPERATOR, Role.DATA_STEWARD}),
        frozenset({Role.OPERATOR, Role.DATA_STEWARD}),
    ),
    Act.AMEND: Pair(
        "send a dead delivery with amended content of a record",
        frozenset({Role.OPERATOR, Role.DATA_STEWARD}),
        frozenset({Role.DATA_STEWARD}),
    ),
    Act.OVERRIDE: Pair(
        "let one answer about a protected person go to a court that ordered it",
        frozenset({Role.DATA_STEWARD, Role.SECURITY_OFFICER}),
        frozenset({Role.SECURITY_OFFICER}),
    ),
    Act.COPY_KEYS: Pair(
        "take a back-up out together with its keys, with which it is every record in the clear",
        frozenset({Role.ADMIN, Role.SECURITY_OFFICER}),
        frozenset({Role.SECURITY_OFFICER}),
    ),
}
"""Every act -> its pair. An auditor and a viewer are in none: they change nothing."""


class State(StrEnum):
    """Where a request stands. ``expired`` is not stored: it follows from the time."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a second person's word. ``asked_by`` and ``decided_by`` are actors (``operator:<name>``)."""

    id: str
    act: Act
    object: str
    terms: Terms
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: State = State.ASKED
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: str = ""
    """The second person's reason."""
    used_by: str | None = None
    used_at: datetime | None = None

    @property
    def frozen(self) -> str:
        """The SHA-256 of act, object and terms: what was agreed on."""
        return frozen(self.act, self.object, self.terms)

    def at(self, now: datetime) -> State:
        """Where it stands now."""
        open_still = self.state in (State.ASKED, State.APPROVED)
        return State.EXPIRED if open_still and now >= self.expires_at else self.state


def frozen(act: Act, obj: str, terms: Terms) -> str:
    """Lower-case hex SHA-256 over the canonical form of what is to be done."""
    return hashlib.sha256(canonical_json({"act": act.value, "object": obj, "terms": dict(terms)})).hexdigest()


def check_asker(act: Act, role: Role | None) -> None:
    """Raises Forbidden unless the role may ask for the act. None: somebody at the gateway's own machine."""
    if role is not None and role not in PAIRS[act].asks:
        raise Forbidden(f"Only {_named(PAIRS[act].asks)} may ask for this.", code="approval-role")


def check_decider(request: Request, person: str, role: Role, now: datetime) -> None:
    """Raises Forbidden for whoever asked and for a role that is not among those that decide, Conflict when there is
    nothing to decide any more."""
    if person == request.asked_by:
        raise Forbidden("Whoever asked cannot give the second word.", code="approval-own")
    if role not in PAIRS[request.act].decides:
        raise Forbidden(f"Only {_named(PAIRS[request.act].decides)} may decide this.", code="approval-role")
    if request.at(now) is not State.ASKED:
        raise Conflict(f"The request is {request.at(now).value}.", code="approval-state")


def _named(roles: frozenset[Role]) -> str:
    return " or ".join(sorted(role.value for role in roles))
