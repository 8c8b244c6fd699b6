"""Making API keys and operator accounts, audited."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.core.errors import Misconfigured, NotFound
from gateway.core.model import Actor, PartnerKey
from gateway.core.ports.store import Operator
from gateway.foundation import Foundation
from gateway.web.auth import Owner, Scope, new_api_key
from gateway.web.console.passwords import hash_password

ROLES = ("viewer", "operator", "admin")
SHORTEST_PASSWORD = 14
"""Publication 1075, IA-5 (unconfirmed figure; the strictest that we know of)."""


async def new_partner_key(
    base: Foundation, actor: Actor, partner: PartnerKey, scopes: frozenset[str], lifetime: timedelta
) -> str:
    """A new key of a partner: the token, shown once. Raises Conflict when two live already."""
    return await _new_key(base, actor, _owner(scopes, lifetime, partner=partner))


async def new_operator_key(base: Foundation, actor: Actor, operator: str, lifetime: timedelta) -> str:
    """A new key for an operator's scripts."""
    return await _new_key(base, actor, _owner(frozenset({Scope.READ, Scope.OPERATE}), lifetime, operator=operator))


def _owner(
    scopes: frozenset[str], lifetime: timedelta, partner: PartnerKey | None = None, operator: str | None = None
) -> Owner:
    known = frozenset(Scope) - {Scope.PUBLIC}
    if not scopes <= known:
        raise Misconfigured(f"Scopes are {', '.join(sorted(known))}.", code="scopes")
    try:
        return Owner(frozenset(Scope(scope) for scope in scopes), partner, operator, lifetime)
    except ValueError as error:
        raise Misconfigured(str(error), code="scopes") from None


async def _new_key(base: Foundation, actor: Actor, owner: Owner) -> str:
    fresh = new_api_key(owner, base.clock, base.random, base.keys.hasher())
    holder = f"partner:{owner.partner}" if owner.partner else f"operator:{owner.operator}"
    details: dict[str, str | int] = {"holder": holder, "scopes": " ".join(sorted(owner.scopes))}
    entry = base.scribe.entry(actor, "apikey.added", f"apikey:{fresh.stored.id}", "ok", details)
    await base.stores.callers.add(fresh.stored, entry)
    return fresh.token


async def add_operator(base: Foundation, actor: Actor, name: str, role: str, password: str) -> None:
    """Add an operator account or replace it. Raises Misconfigured for an unknown role or a short password."""
    if role not in ROLES:
        raise Misconfigured(f"A role is one of {', '.join(ROLES)}.", code="role")
    if len(password) < SHORTEST_PASSWORD:
        raise Misconfigured(f"A password has at least {SHORTEST_PASSWORD} characters.", code="password")
    entry = base.scribe.entry(actor, "operator.added", f"operator:{name}", "ok", {"role": role})
    await base.stores.operators.add(Operator(name, role, hash_password(password)), entry)


async def disable_operator(base: Foundation, actor: Actor, name: str) -> None:
    """Shut an account out; its sessions end. Raises NotFound."""
    found = await base.stores.operators.find(name)
    if found is None:
        raise NotFound(f"There is no operator {name}.")
    entry = base.scribe.entry(actor, "operator.added", f"operator:{name}", "disabled", {"role": found.role})
    await base.stores.operators.add(replace(found, disabled=True), entry)
