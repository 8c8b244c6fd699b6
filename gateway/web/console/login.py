"""Logging in and out: argon2, lock-out, a fresh server-side session for each login."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from aiohttp import web

from gateway.core.errors import Forbidden, TooMany
from gateway.core.model import Actor
from gateway.core.ports.store import Operator, Session
from gateway.web.console.lockout import Lockout
from gateway.web.console.passwords import Passwords
from gateway.web.console.security import TOKEN_FIELD
from gateway.web.console.settings import ConsoleSettings
from gateway.web.console.streams import Streams
from gateway.web.console.visit import Shown, Visit, elsewhere

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Gate:
    """What the login remembers between requests of one process."""

    passwords: Passwords
    names: Lockout
    addresses: Lockout
    streams: Streams

    @classmethod
    def of(cls, settings: ConsoleSettings, streams: Streams) -> Gate:
        return cls(
            Passwords(),
            Lockout(settings.bad_attempts, settings.lockout),
            Lockout(settings.bad_attempts_of_address, settings.lockout),
            streams,
        )


def token_digest(cookie: str) -> bytes:
    """How a session is stored: whoever reads the database cannot log in with it."""
    return hashlib.sha256(cookie.encode()).digest()


async def known(visit: Visit) -> tuple[Session, Operator] | None:
    """The live session of the request's cookie."""
    cookie = visit.request.cookies.get(visit.settings.cookie)
    if not cookie:
        return None
    return await visit.parts.operators.session(
        token_digest(cookie), visit.now - visit.settings.idle, visit.now - visit.settings.absolute, visit.now
    )


def login_address(visit: Visit) -> str:
    """The login page, which leads back to the page that was asked for (pages only, never a posted form)."""
    if visit.request.method != "GET" or visit.request.path_qs == visit.url("/"):
        return visit.url("/login")
    return visit.url("/login") + "?next=" + quote(visit.request.path_qs, safe="")


async def form(visit: Visit) -> web.Response | Shown:
    """The login page; for somebody who is logged in, the page behind it."""
    if visit.operator is not None:
        return elsewhere(visit, "/")
    return _form(visit)


def _form(visit: Visit, problem: str = "", status: int = 200) -> Shown:
    return Shown("login.html", {"problem": problem, "next": _inside(visit), "pretoken": pretoken(visit)}, status)


def pretoken(visit: Visit) -> str:
    """The token of the login form: the one of the cookie, or a new one (the answer then sets the cookie)."""
    present = visit.request.cookies.get(visit.settings.login_cookie, "")
    fits = len(present) == 2 * TOKEN_BYTES and present.isalnum()
    return present if fits else visit.parts.random(TOKEN_BYTES).hex()


def _inside(visit: Visit) -> str:
    """Where to go after the login: a path of this console only, never another site."""
    wanted = visit.form.get("next") or visit.request.query.get("next") or ""
    parts = urlsplit(wanted)
    inside = wanted.startswith(visit.url("/")) and not wanted.startswith("//") and "\\" not in wanted
    return wanted if inside and not parts.scheme and not parts.netloc and wanted.isprintable() else visit.url("/")


async def submit(visit: Visit, gate: Gate) -> web.Response | Shown:
    """Check name and password. Unknown names, wrong passwords and disabled accounts get the same answer."""
    cookie = visit.request.cookies.get(visit.settings.login_cookie, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), visit.form.get(TOKEN_FIELD, "").encode()):
        raise Forbidden("The form is out of date: load the page again.", code="csrf")
    name, address = visit.told("name"), visit.request.remote or "unknown"
    if gate.names.locked(name, visit.now) or gate.addresses.locked(address, visit.now):
        raise TooMany("Too many failed logins. Wait 15 minutes, or ask an admin.", code="locked-out")
    operator = await visit.parts.operators.find(name)
    stored = operator.password_hash if operator and not operator.disabled else None
    if not await gate.passwords.match(stored, visit.form.get("password", "")) or operator is None:
        return await _refused(visit, gate, operator, address)
    gate.names.succeeded(name)
    return await _opened(visit, operator)


async def _refused(visit: Visit, gate: Gate, operator: Operator | None, address: str) -> Shown:
    locks = gate.names.failed(visit.told("name"), visit.now)
    locks = gate.addresses.failed(address, visit.now) or locks
    known_name = operator.name if operator else "unknown"  # what was typed may be a password: it is not written down
    entry = visit.parts.scribe.entry(
        Actor("operator", known_name), "operator.refused", f"operator:{known_name}", "locked" if locks else "refused"
    )
    await visit.parts.audit.write([entry])
    return _form(visit, "The name or the password is wrong.", status=401)


async def _opened(visit: Visit, operator: Operator) -> web.Response:
    cookie = visit.parts.random(TOKEN_BYTES).hex()
    session = Session(token_digest(cookie), operator.name, visit.parts.random(TOKEN_BYTES).hex(), visit.now, visit.now)
    actor = Actor("operator", operator.name)
    await visit.parts.operators.open_session(
        session, visit.parts.scribe.entry(actor, "operator.login", f"operator:{operator.name}")
    )
    if visit.session is not None:
        await visit.parts.operators.close_session(visit.session.token_digest)
        await visit.parts.audit.write(
            [visit.parts.scribe.entry(visit.actor, "operator.logout", f"operator:{visit.session.operator}")]
        )
    answer = web.Response(status=303, headers={"Location": _inside(visit)})
    set_cookie(answer, visit.settings, visit.settings.cookie, cookie)
    answer.del_cookie(visit.settings.login_cookie, path="/", secure=visit.settings.secure)
    return answer


async def leave(visit: Visit, gate: Gate) -> web.Response:
    """Log out: the session is gone and its live pages end."""
    if visit.session is not None:
        await visit.parts.operators.close_session(visit.session.token_digest)
        await visit.parts.audit.write(
            [visit.parts.scribe.entry(visit.actor, "operator.logout", f"operator:{visit.session.operator}")]
        )
        gate.streams.close(visit.session.token_digest)
    answer = elsewhere(visit, "/login")
    answer.del_cookie(visit.settings.cookie, path="/", secure=visit.settings.secure)
    return answer


async def leave_everywhere(visit: Visit, gate: Gate) -> web.Response:
    """Log out here and wherever else the operator is logged in."""
    if visit.operator is not None:
        await end_everywhere(visit, gate, visit.operator.name, "")
    answer = elsewhere(visit, "/login")
    answer.del_cookie(visit.settings.cookie, path="/", secure=visit.settings.secure)
    return answer


async def end_everywhere(visit: Visit, gate: Gate, name: str, reason: str) -> None:
    """End every session of the account; live pages of this process end at once, others within one beat."""
    details = {"reason": reason} if reason else None
    entry = visit.parts.scribe.entry(visit.actor, "operator.logout", f"operator:{name}", "everywhere", details)
    await visit.parts.operators.close_all(name, entry)
    gate.streams.close_of(name)


def set_cookie(answer: web.StreamResponse, settings: ConsoleSettings, name: str, value: str) -> None:
    """A cookie for this host and this browser session only, out of reach of scripts and of other sites."""
    answer.set_cookie(name, value, path="/", httponly=True, samesite="Strict", secure=settings.secure)
