"""``docs/access.md``: who may what, in the console and over the API, made of the tables that decide it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.core.four_eyes import PAIRS
from gateway.core.roles import MEANING as ROLES
from gateway.core.roles import Role
from gateway.docs.markdown import code, table
from gateway.web.api.routes import ROUTES
from gateway.web.auth import OPERATOR_SCOPES, PARTNER_SCOPES, Scope
from gateway.web.console.pages import Pages
from gateway.web.console.rights import MEANING, NARROWED, RIGHTS, Right, allowed
from gateway.web.console.routes import Route, routes
from gateway.web.console.sessions import Gate
from gateway.web.console.settings import ConsoleSettings
from gateway.web.console.streams import Streams

YES, OWN, NO, OPEN, HALF, GLASS = "yes", "own", "no", "open", "half", "glass"
HEAD = """# Who may what

Made of the tables that decide it (`gateway/web/console/rights.py`, `gateway/web/console/routes.py`,
`gateway/web/api/routes`, `gateway/core/four_eyes.py`) by `python -m gateway.docs`. A test asks the running console and
API for every cell (`tests/guards/test_console_routes.py`, `tests/guards/test_api_matrix.py`), and a route without a
rule fails the build.

"""


def access_page() -> str:
    """The whole page."""
    return f"{HEAD}{_roles()}\n{_rights()}\n{_second_words()}\n{console_table()}\n{_api()}"


def console_routes() -> tuple[Route, ...]:
    """The console's table of routes."""
    settings = ConsoleSettings()
    return routes(Gate.of(settings, Streams(settings.streams), _NoFailures(), lambda _domain, _value: b""), Pages())


def answer(route: Route, role: Role | None) -> str:
    """The cell of the table: may the role (None: nobody is logged in) use the route?"""
    if route.right is Right.ANYBODY:
        return OPEN
    if route.right is Right.ENTER:
        return HALF
    held = allowed(role, route.right, narrowed=route.narrowed)
    if route.right is Right.BREAK or (route.glass and not held):
        return GLASS if allowed(role, Right.BREAK) else NO
    if not held:
        return NO
    return OWN if role in NARROWED else YES


def _roles() -> str:
    return "## Roles\n\n" + table(("role", "who"), [(code(role), ROLES[role]) for role in Role])


def _rights() -> str:
    rows = [
        (MEANING[right], *(YES if right in RIGHTS[role] else "" for role in Role))
        for right in Right
        if right not in (Right.ANYBODY, Right.ENTER)
    ]
    told = "\n`partner-admin` has its rights for one partner only: what that partner sent and what is owed to it.\n"
    return "## Rights\n\n" + table(("right", *(role.value for role in Role)), rows) + told


def _second_words() -> str:
    rows = [
        (code(act), pair.meaning, ", ".join(sorted(pair.asks)), ", ".join(sorted(pair.decides)))
        for act, pair in PAIRS.items()
    ]
    told = (
        "\nThe two are different people, whatever their roles. A permission is good once, for exactly what was asked.\n"
    )
    return "## Two people\n\n" + table(("act", "to", "asks", "decides"), rows) + told


def console_table() -> str:
    """Console routes by role."""
    rows = [
        (code(f"{route.method} {route.path}"), *(answer(route, role) for role in Role)) for route in console_routes()
    ]
    told = (
        f"\n`{YES}`: answered. `{OWN}`: answered for the own partner, 404 for others. `{NO}`: 403. `{OPEN}`: no login"
        f" needed. `{HALF}`: during a login, after the password."
        f" `{GLASS}`: for accounts that were allowed to break the glass, content while it is broken; 403 for others.\n"
        "Without a login every route but the open ones leads"
        " to the login page.\n"
    )
    return "## Console\n\n" + table(("route", *(role.value for role in Role)), rows) + told


def _api() -> str:
    rows = [
        (
            code(f"{route.method} {route.described}"),
            code(scope) if (scope := route.operation.scope) is not Scope.PUBLIC else "none: public",
            YES if scope in (*PARTNER_SCOPES, Scope.PUBLIC) else NO,
            YES if scope in (*OPERATOR_SCOPES, Scope.PUBLIC) else NO,
            YES if scope is Scope.PUBLIC else NO,
        )
        for route in ROUTES
    ]
    told = "\nA caller needs the scope. Partners see what is theirs; the rest is 404. Nobody: 401.\n"
    return "## API\n\n" + table(("route", "scope", "partner", "operator", "nobody"), rows) + told


class _NoFailures:
    """Nobody logs in while the documentation is written."""

    async def since(self, _subject: bytes, _after: datetime) -> Sequence[datetime]:
        return ()

    async def add(self, _subject: bytes, _at: datetime, _forget_before: datetime) -> int:
        return 0

    async def take_back(self, _number: int) -> None: ...

    async def forget(self, _subject: bytes) -> None: ...
