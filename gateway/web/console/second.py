"""The second half of a login: a code or a passkey; and enrolling one, which the first login has to."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote

from aiohttp import web

from gateway.core.errors import Conflict, Forbidden, NotFound, Refused, Tampered
from gateway.core.ports.accounts import Operator, Session
from gateway.core.ports.factors import Factor, FactorKind
from gateway.web.console import login, onetime, passkeys, sessions
from gateway.web.console.passkeys import Place
from gateway.web.console.sessions import Gate
from gateway.web.console.visit import Shown, Visit, elsewhere

LABEL = "records"
"""The label of the keys that seal factors."""
LONGEST_NAME = 40
WRONG = "The code is wrong or was used before."


async def form(visit: Visit) -> web.Response | Shown:
    """Asks for the second factor; whoever has none enrols one first."""
    session, person = _person(visit)
    if person.provider != login.LOCAL:
        return elsewhere(visit, "/login/provider?next=" + quote(login.inside(visit), safe=""))
    factors = await visit.parts.factors.of(session.operator)
    if not factors:
        return elsewhere(visit, "/login/enrol?next=" + quote(login.inside(visit), safe=""))
    return _form(visit, session, factors)


def _form(visit: Visit, session: Session, factors: tuple[Factor, ...], problem: str = "", status: int = 200) -> Shown:
    place = _place(visit)
    keys = [one.credential for one in factors if one.credential is not None]
    values = {
        "problem": problem,
        "next": login.inside(visit),
        "codes": any(one.kind is FactorKind.TOTP for one in factors),
        "options": passkeys.proof_options(place, session, keys) if place and keys else None,
        "lost_place": bool(keys) and place is None,
        "again": visit.operator is not None,
    }
    return Shown("second.html", values, status)


async def show(visit: Visit, gate: Gate) -> web.Response | Shown:
    """Check a code or a passkey. Failures count like wrong passwords."""
    session, operator = _person(visit)
    attempt = await login.begun(visit, gate, session.operator)
    factors = await visit.parts.factors.of(session.operator)
    if not await _proven(visit, session, factors):
        if await login.refused(visit, attempt, operator):
            await sessions.close(visit, session)
            return sessions.drop_cookie(visit, elsewhere(visit, "/login"))
        return _form(visit, session, factors, WRONG, 401)
    await attempt.succeeded()
    answer = web.Response(status=303, headers={"Location": login.inside(visit)})
    await sessions.prove(visit, answer, session)
    return answer


async def _proven(visit: Visit, session: Session, factors: tuple[Factor, ...]) -> bool:
    shown = visit.form.get("credential", "")
    if shown:
        return await _passkey_proven(visit, session, factors, shown)
    for factor in (one for one in factors if one.kind is FactorKind.TOTP):
        secret = visit.parts.sealer.open(LABEL, _context(factor.id), factor.sealed).decode()
        step = onetime.step_of(secret, visit.told("code"), visit.now)
        if step is not None and await visit.parts.factors.advance(factor.id, step, visit.now):
            return True
    return False


async def _passkey_proven(visit: Visit, session: Session, factors: tuple[Factor, ...], shown: str) -> bool:
    place = _place(visit)
    try:
        claimed = passkeys.shown_credential(shown)
        for factor in (one for one in factors if place and one.credential == claimed):
            key = visit.parts.sealer.open(LABEL, _context(factor.id), factor.sealed)
            count = passkeys.proven_count(place, session, shown, key, factor.counter) if place else 0
            return await visit.parts.factors.advance(factor.id, count, visit.now)
    except Forbidden:
        return False
    return False


async def enrolment(visit: Visit) -> Shown:
    """Offers a new secret as a picture, and a passkey where the site's origin is known."""
    session, _ = await _enrolling(visit)
    secret = onetime.new_secret(visit.parts.random)
    return await _enrolment(visit, session, secret)


async def _enrolment(visit: Visit, session: Session, secret: str, problem: str = "", status: int = 200) -> Shown:
    place = _place(visit)
    factors = await visit.parts.factors.of(session.operator)
    taken = [one.credential for one in factors if one.credential is not None]
    address = onetime.address(secret, session.operator, f"{passkeys.NAME} {visit.settings.environment}")
    values = {
        "problem": problem,
        "next": login.inside(visit),
        "secret": secret,
        "kept": _kept(visit, session, secret),
        "picture": onetime.picture(address),
        "options": passkeys.enrolment_options(place, session, taken) if place else None,
        "first": not factors,
    }
    return Shown("enrol.html", values, status)


async def enrol(visit: Visit) -> web.Response | Shown:
    """Keep a factor once it was shown to work; the login is whole then."""
    session, operator = await _enrolling(visit)
    if visit.form.get("credential"):
        factor = _new_passkey(visit, session)
    else:
        secret = _secret_of(visit, session)
        step = onetime.step_of(secret, visit.told("code"), visit.now)
        if step is None:
            return await _enrolment(visit, session, secret, "The code is wrong. Try the next one.", 401)
        factor = _factor(visit, session, FactorKind.TOTP, secret.encode(), step)
    details = {"kind": factor.kind.value, "factor": factor.id}
    entry = visit.parts.scribe.entry(
        visit.acting(operator), "operator.enrolled", f"operator:{operator.name}", "ok", details
    )
    await visit.parts.factors.add(factor, entry)
    answer = web.Response(status=303, headers={"Location": login.inside(visit)})
    await sessions.prove(visit, answer, session)
    return answer


def _new_passkey(visit: Visit, session: Session) -> Factor:
    place = _place(visit)
    if place is None:
        raise Conflict("Passkeys need the setting console.origin.", code="passkeys-off")
    made = passkeys.enrolled(place, session, visit.form["credential"])
    return _factor(visit, session, FactorKind.PASSKEY, made.public_key, made.count, made.credential)


def _factor(
    visit: Visit, session: Session, kind: FactorKind, plain: bytes, counter: int, credential: bytes | None = None
) -> Factor:
    name = visit.told("label")[:LONGEST_NAME] or kind.value
    number = visit.parts.mint()
    sealed = visit.parts.sealer.seal(LABEL, _context(number), plain)
    return Factor(number, session.operator, kind, name, sealed, counter, visit.now, credential=credential)


async def remove(visit: Visit) -> web.Response:
    """Remove one of the own factors; the last one stays."""
    if visit.operator is None or not sessions.is_fresh(visit):
        return elsewhere(visit, "/login/second?next=" + quote(visit.url("/account"), safe=""))
    name, factor = visit.operator.name, visit.part("id")
    entry = visit.parts.scribe.entry(
        visit.actor, "operator.enrolled", f"operator:{name}", "removed", {"factor": factor}
    )
    if not await visit.parts.factors.remove(name, factor, entry):
        raise NotFound("There is no such factor.")
    return elsewhere(visit, "/account")


def _person(visit: Visit) -> tuple[Session, Operator]:
    """Whose login it is, half or whole."""
    person = visit.operator or visit.entering
    if visit.session is None or person is None:
        raise Forbidden("Log in first.")
    return visit.session, person


async def _enrolling(visit: Visit) -> tuple[Session, Operator]:
    """Somebody without a factor after the password, or somebody who has just shown one: a password alone never adds to
    the factors of an account that has some."""
    session, person = _person(visit)
    if person.provider != login.LOCAL:
        raise Forbidden("The provider of this account asks for the second factor.")
    if visit.operator is not None and sessions.is_fresh(visit):
        return session, person
    if await visit.parts.factors.of(session.operator):
        raise Forbidden("Show your second factor first.", code="second-factor")
    return session, person


def _place(visit: Visit) -> Place | None:
    return Place(visit.settings.origin) if visit.settings.origin else None


def _context(factor: str) -> str:
    return f"factors.sealed:{factor}"


def _kept(visit: Visit, session: Session, secret: str) -> str:
    """The offered secret, sealed for this session: it comes back with the form and cannot be another one."""
    sealed = visit.parts.sealer.seal(LABEL, f"enrolment:{session.token_digest.hex()}", secret.encode())
    return base64.b64encode(sealed).decode()


def _secret_of(visit: Visit, session: Session) -> str:
    try:
        sealed = base64.b64decode(visit.form.get("kept", ""), validate=True)
        return visit.parts.sealer.open(LABEL, f"enrolment:{session.token_digest.hex()}", sealed).decode()
    except (binascii.Error, Tampered) as error:
        raise Refused("The form is out of date: load the page again.", code="csrf") from error
