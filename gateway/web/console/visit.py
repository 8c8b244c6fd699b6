"""One request to the console, with everything that a view may use, and what a view gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from gateway.core.errors import Refused
from gateway.core.glass import Use
from gateway.core.model import Actor
from gateway.core.ports.accounts import Operator, Session
from gateway.web.console.devices import NOTHING, Seen
from gateway.web.console.pulse import Pulse, Reading
from gateway.web.console.rights import NARROWED, Right, allowed, known_role
from gateway.web.console.settings import ConsoleSettings
from gateway.web.console.shared import Figures
from gateway.web.parts import Parts

LONGEST_FIELD = 500
PLACES: tuple[tuple[str, str, Right, bool], ...] = (
    ("/", "Overview", Right.BELONG, True),
    ("/queues", "Queues", Right.COUNT, False),
    ("/partners", "Partners", Right.COUNT, False),
    ("/submissions", "Submissions", Right.LOOK, True),
    ("/records", "Records", Right.LOOK, True),
    ("/deliveries", "Deliveries", Right.LOOK, True),
    ("/dead", "Dead letters", Right.LOOK, False),
    ("/jobs", "Jobs", Right.LOOK, False),
    ("/approvals", "Second words", Right.SECOND, False),
    ("/overrides", "Court orders", Right.SECOND, False),
    ("/rules", "Rules", Right.BELONG, True),
    ("/retention", "Retention", Right.KEPT, False),
    ("/audit", "Audit log", Right.AUDIT, False),
    ("/system", "System", Right.BELONG, True),
    ("/accounts", "Accounts", Right.KEYS, False),
    ("/glass", "Broken glass", Right.GLASS, False),
    ("/break", "Break the glass", Right.BREAK, False),
)
"""The menu: path, label, the right and the narrowing of its route."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by somebody (``operator`` None: not logged in) at a time."""

    request: web.Request
    parts: Parts
    settings: ConsoleSettings
    nonce: str
    now: datetime
    shared: Figures
    pulse: Pulse
    session: Session | None = None
    operator: Operator | None = None
    entering: Operator | None = None
    """Whose password was right and whose second factor is due."""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The posted fields, one value each; see :meth:`ticked` for check boxes."""
    boxes: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    glass: Use | None = None
    """What the operator has broken, while it holds."""
    seen: Seen = NOTHING
    """What the request shows of its computer."""
    address: str = "unknown"
    """Where it comes from; behind a proxy of ours, what that says."""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The last readiness checks; of a live page the last ones now, not those of when it was opened."""
        return self.pulse.readings

    @property
    def actor(self) -> Actor:
        return Actor("operator", self.operator.name if self.operator else "unknown")

    def acting(self, operator: Operator) -> Actor:
        """The operator as the actor of an entry, half logged in or whole."""
        return Actor("operator", operator.name)

    def may(self, right: Right, *, narrowed: bool = True) -> bool:
        """Whether the operator has the right; ``narrowed`` as the route that is meant has it."""
        if right is Right.ENTER:
            return (self.operator or self.entering) is not None
        if right is Right.BREAK and (self.operator is None or not self.operator.break_glass):
            return False
        return allowed(self.operator.role if self.operator else None, right, narrowed=narrowed)

    def sees_partner(self, key: str) -> bool:
        """Whether the page of this partner is open to the operator."""
        if self.operator is None or not self.may(Right.PARTNER):
            return False
        return known_role(self.operator.role) not in NARROWED or self.operator.partner == key

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """The main pages that the operator may see: (path, label)."""
        return tuple((path, label) for path, label, right, narrowed in PLACES if self.may(right, narrowed=narrowed))

    def sees(self, path: str) -> bool:
        """Whether the menu of the operator has the place of this path: no link leads to a refusal."""
        place = "/" + path.partition("#")[0].strip("/").partition("/")[0]
        return any(place == one for one, _ in self.places)

    def url(self, path: str) -> str:
        """A path of the console as the browser must ask for it."""
        return self.settings.prefix + path

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return self.request.match_info[name]

    def asked(self, name: str) -> str | None:
        """A parameter of the query, trimmed; None when absent or empty."""
        value = self.request.query.get(name, "").strip()
        if len(value) > LONGEST_FIELD:
            raise Refused(f"The parameter {name} is too long.")
        return value or None

    def told(self, name: str) -> str:
        """A posted field, trimmed; empty when absent."""
        value = self.form.get(name, "").strip()
        if len(value) > LONGEST_FIELD:
            raise Refused(f"The field {name} is too long.")
        return value

    def ticked(self, name: str) -> tuple[str, ...]:
        """The values of all ticked boxes of that name, in page order, each once."""
        return tuple(dict.fromkeys(value for key, value in self.boxes if key == name))


@dataclass(frozen=True, slots=True)
class Shown:
    """A page to render."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    status: int = 200
    final: bool = False
    """Of a live region: it will not change any more."""


def elsewhere(visit: Visit, path: str) -> web.Response:
    """See another page with GET (303)."""
    return web.Response(status=303, headers={"Location": visit.url(path)})
