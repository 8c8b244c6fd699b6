"""Login sessions: server-side rows behind an opaque cookie, replaced at every step of a login and at its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from gateway.core.glass import End
from gateway.core.model import Actor
from gateway.core.ports.accounts import Operator, Session
from gateway.core.ports.login_failures import LoginFailures
from gateway.web.console.devices import Unfit, unfit
from gateway.web.console.lockout import Lockout
from gateway.web.console.passwords import Passwords
from gateway.web.console.settings import ConsoleSettings
from gateway.web.console.streams import Streams
from gateway.web.console.visit import Visit

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Gate:
    """What the login knows between requests."""

    passwords: Passwords
    names: Lockout
    addresses: Lockout
    streams: Streams

    @classmethod
    def of(
        cls,
        settings: ConsoleSettings,
        streams: Streams,
        failures: LoginFailures,
        token: Callable[[str, str], bytes],
    ) -> Gate:
        span, within = settings.lockout, settings.attempts_within
        return cls(
            Passwords(restricted=settings.restricted),
            Lockout(failures, token, "name", settings.bad_attempts, span, within),
            Lockout(failures, token, "address", settings.bad_attempts_of_address, span, within),
            streams,
        )


def token_digest(cookie: str) -> bytes:
    """How a session is stored: whoever reads the database cannot log in with it."""
    return hashlib.sha256(cookie.encode()).digest()


async def known(visit: Visit, *, seen: bool = True) -> tuple[Session, Operator] | None:
    """The live session of the request's cookie; seen now, unless an open page asks by itself. Raises Forbidden when it
    was begun on another computer than the one that shows the cookie now; that ends it."""
    cookie = visit.request.cookies.get(visit.settings.cookie)
    if not cookie:
        return None
    idle_since, born_since = visit.now - visit.settings.idle, visit.now - visit.settings.absolute
    found = await visit.parts.operators.session(token_digest(cookie), idle_since, born_since, visit.now, seen=seen)
    if found is not None and found[0].device != visit.seen.thumbprint:
        why = visit.seen.why or Unfit.OTHER
        await close(visit, found[0], why.value)
        raise unfit(why)
    return found


def is_whole(settings: ConsoleSettings, session: Session) -> bool:
    """Whether the login is complete: a second factor was shown, or the site asks for none."""
    return session.proved_at is not None or not settings.second_factor


def is_fresh(visit: Visit) -> bool:
    """Whether a second factor was shown not long ago."""
    if not visit.settings.second_factor:
        return True
    proved = visit.session.proved_at if visit.session else None
    return proved is not None and visit.now - proved <= visit.settings.fresh


async def begin(visit: Visit, answer: web.Response, operator: Operator, proved_at: datetime | None) -> None:
    """A new session on the answer's cookie, in place of the one that the request came with."""
    await _open(visit, answer, operator.name, proved_at, visit.now)
    answer.del_cookie(visit.settings.login_cookie, path="/", secure=visit.settings.secure)


async def prove(visit: Visit, answer: web.Response, session: Session) -> None:
    """The session after a second factor: a new token, the same age."""
    await _open(visit, answer, session.operator, visit.now, session.created_at)


async def _open(
    visit: Visit, answer: web.Response, name: str, proved_at: datetime | None, created_at: datetime
) -> None:
    cookie = visit.parts.random(TOKEN_BYTES).hex()
    csrf = visit.parts.random(TOKEN_BYTES).hex()
    session = Session(token_digest(cookie), name, csrf, created_at, visit.now, proved_at, visit.seen.thumbprint)
    outcome = "ok" if is_whole(visit.settings, session) else "second-factor-due"
    entry = visit.parts.scribe.entry(Actor("operator", name), "operator.login", f"operator:{name}", outcome, on(visit))
    before = visit.session
    if before is not None and before.operator != name:
        await close(visit, before)
        before = None
    await visit.parts.operators.open_session(session, entry, before.token_digest if before else None)
    if before is not None and before.created_at != created_at:  # a provider proves by another login
        await visit.parts.glass.follows(name, before.created_at, created_at)
    set_cookie(answer, visit.settings, visit.settings.cookie, cookie)


def on(visit: Visit) -> dict[str, str | int] | None:
    """The computer of a visit, for audit entries."""
    return None if visit.seen.thumbprint is None else {"device": visit.seen.thumbprint}


async def close(visit: Visit, session: Session, why: str = "ok") -> None:
    """End one session."""
    await visit.parts.glass.ends(session.operator, End.LOGOUT)
    await visit.parts.operators.close_session(session.token_digest)
    actor = Actor("operator", session.operator)
    entry = visit.parts.scribe.entry(actor, "operator.logout", f"operator:{session.operator}", why)
    await visit.parts.audit.write([entry])


async def close_everywhere(visit: Visit, gate: Gate, name: str, reason: str) -> None:
    """End every session of the account; live pages of this process end at once, others within one beat."""
    details = {"reason": reason} if reason else None
    entry = visit.parts.scribe.entry(visit.actor, "operator.logout", f"operator:{name}", "everywhere", details)
    await visit.parts.glass.ends(name, End.LOGOUT)
    await visit.parts.operators.close_all(name, entry)
    gate.streams.close_of(name)


def drop_cookie(visit: Visit, answer: web.Response) -> web.Response:
    """The answer, which makes the browser forget its session."""
    answer.del_cookie(visit.settings.cookie, path="/", secure=visit.settings.secure)
    return answer


def set_cookie(answer: web.StreamResponse, settings: ConsoleSettings, name: str, value: str) -> None:
    """A cookie for this host and this browser session only, out of reach of scripts and of other sites."""
    answer.set_cookie(name, value, path="/", httponly=True, samesite="Strict", secure=settings.secure)
