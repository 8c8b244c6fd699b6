"""Logging in with a password, and out: argon2, lock-out, the banner before it. What comes after the password is in
``second``; a login at the agency's own provider is in ``single_sign_on``."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from aiohttp import web

from gateway.core.errors import Forbidden, NotFound, TooMany
from gateway.core.model import Actor
from gateway.core.ports.accounts import Operator
from gateway.web.console import sessions
from gateway.web.console.devices import Unfit, unfit
from gateway.web.console.lockout import Counted, Lockout
from gateway.web.console.security import SAFE_METHODS, TOKEN_FIELD
from gateway.web.console.sessions import TOKEN_BYTES, Gate
from gateway.web.console.visit import Shown, Visit, elsewhere

LOCAL = "local"


def login_address(visit: Visit) -> str:
    """The login page, which leads back to the page that was asked for (pages only, never a posted form)."""
    if visit.request.method != "GET" or visit.request.path_qs == visit.url("/"):
        return visit.url("/login")
    return visit.url("/login") + "?next=" + quote(visit.request.path_qs, safe="")


def second_address(visit: Visit, back: str) -> str:
    """The page that asks for the second factor, which leads back to where it was asked for."""
    return visit.url("/login/second") + "?next=" + quote(back, safe="")


async def form(visit: Visit) -> web.Response | Shown:
    """The login page; for somebody who is logged in, the page behind it."""
    if visit.operator is not None:
        return elsewhere(visit, "/")
    return _form(visit)


def _form(visit: Visit, problem: str = "", status: int = 200) -> Shown:
    values = {"problem": problem, "next": inside(visit), "pretoken": pretoken(visit)}
    return Shown("login.html", values, status)


def pretoken(visit: Visit) -> str:
    """The token of the login form: the one of the cookie, or a new one (the answer then sets the cookie)."""
    present = visit.request.cookies.get(visit.settings.login_cookie, "")
    fits = len(present) == 2 * TOKEN_BYTES and present.isalnum()
    return present if fits else visit.parts.random(TOKEN_BYTES).hex()


def inside(visit: Visit, wanted: str | None = None) -> str:
    """Where to go after the login: a path of this console only, never another site."""
    wanted = wanted or visit.form.get("next") or visit.request.query.get("next") or ""
    parts = urlsplit(wanted)
    here = wanted.startswith(visit.url("/")) and not wanted.startswith("//") and "\\" not in wanted
    return wanted if here and not parts.scheme and not parts.netloc and wanted.isprintable() else visit.url("/")


async def submit(visit: Visit, gate: Gate) -> web.Response | Shown:
    """Check name and password. Unknown names, wrong passwords and disabled accounts get the same answer; an account
    that is bound to other computers is told so, before its password is looked at."""
    if not visit.settings.local_accounts:
        raise NotFound("This console knows no passwords.")
    cookie = visit.request.cookies.get(visit.settings.login_cookie, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), visit.form.get(TOKEN_FIELD, "").encode()):
        raise Forbidden("The form is out of date: load the page again.", code="csrf")
    name = visit.told("name")
    attempt = await begun(visit, gate, name)
    operator = await visit.parts.operators.find(name)
    if (why := await why_not_here(visit, name)) is not None:
        await refused(visit, attempt, operator, why.value)
        raise unfit(why)
    local = operator is not None and operator.provider == LOCAL and not operator.disabled
    stored = operator.password_hash if operator and local else None
    if not await gate.passwords.match(stored, visit.form.get("password", "")) or operator is None:
        await refused(visit, attempt, operator)
        return _form(visit, "The name or the password is wrong.", status=401)
    if visit.settings.second_factor:
        await attempt.take_back()  # what was guessed of the second factor stays counted until it is shown
    else:
        await attempt.succeeded()
    return await _opened(visit, operator)


async def why_not_here(visit: Visit, name: str) -> Unfit | None:
    """Why the account may not be used on the computer of this visit; None: it may."""
    devices, shown = visit.parts.devices, visit.seen.thumbprint
    if shown is not None and await devices.is_lost(shown):
        return Unfit.LOST
    bound = await devices.of(name)
    return Unfit.UNBOUND if bound and shown not in {one.thumbprint for one in bound} else None


async def refuse_device(visit: Visit, gate: Gate, why: Unfit) -> None:
    """Turn a computer away, whatever it asks for. No page of ours has a form for it: what is sent all the same is
    written down, and counted for its address. Raises Forbidden, or TooMany."""
    if visit.request.method not in SAFE_METHODS:
        attempt = await begun(visit, gate, "")
        await refused(visit, attempt, None, why.value)
    raise unfit(why)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that is being tried, counted for its name, where it has one, and its address."""

    counted: tuple[tuple[Lockout, str, Counted], ...]

    @property
    def locks(self) -> bool:
        """Whether its failure locks the name or the address."""
        return any(one.locks for _, _, one in self.counted)

    async def take_back(self) -> None:
        """It was right, as far as it goes."""
        for lockout, _, one in self.counted:
            await lockout.take_back(one)

    async def succeeded(self) -> None:
        """Somebody is in: what failed before is forgotten."""
        for lockout, key, _ in self.counted:
            await lockout.succeeded(key)


async def begun(visit: Visit, gate: Gate, name: str) -> Attempt:
    """Count an attempt before it is looked at. Raises TooMany while the name or the address is locked."""
    keys = [(gate.addresses, visit.address), *([(gate.names, name)] if name else ())]
    counted: list[tuple[Lockout, str, Counted]] = []
    for lockout, key in keys:
        one = await lockout.begin(key, visit.now)
        if one is None:
            await Attempt(tuple(counted)).take_back()
            minutes = int(visit.settings.lockout.total_seconds() // 60)
            raise TooMany(f"Too many failed logins. Wait {minutes} minutes, or ask an admin.", code="locked-out")
        counted.append((lockout, key, one))
    return Attempt(tuple(counted))


async def refused(visit: Visit, attempt: Attempt, operator: Operator | None, why: str = "refused") -> bool:
    """Write down a failure; True when it locks. What was typed as a name may be a password: an unknown one is not
    written down."""
    known = operator.name if operator else "unknown"
    entry = visit.parts.scribe.entry(
        Actor("operator", known),
        "operator.refused",
        f"operator:{known}",
        "locked" if attempt.locks else why,
        sessions.on(visit),
    )
    await visit.parts.audit.write([entry])
    return attempt.locks


async def _opened(visit: Visit, operator: Operator) -> web.Response:
    wanted = inside(visit)
    if not visit.settings.second_factor:
        answer = web.Response(status=303, headers={"Location": wanted})
    else:
        answer = elsewhere(visit, "/login/second?next=" + quote(wanted, safe=""))
    await sessions.begin(visit, answer, operator, None)
    return answer


async def leave(visit: Visit, gate: Gate) -> web.Response:
    """Log out: the session is gone and its live pages end."""
    if visit.session is not None:
        await sessions.close(visit, visit.session)
        gate.streams.close(visit.session.token_digest)
    return sessions.drop_cookie(visit, elsewhere(visit, "/login"))


async def leave_everywhere(visit: Visit, gate: Gate) -> web.Response:
    """Log out here and wherever else the operator is logged in."""
    if visit.operator is not None:
        await sessions.close_everywhere(visit, gate, visit.operator.name, "")
    return sessions.drop_cookie(visit, elsewhere(visit, "/login"))
