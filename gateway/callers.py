"""Making API keys and operator accounts, audited."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.core.caller import Tier
from gateway.core.caller_floor import floors
from gateway.core.errors import Misconfigured, NotFound
from gateway.core.model import Actor, PartnerKey
from gateway.core.own_name import LONGEST, is_surname, seal_surname
from gateway.core.ports.accounts import Operator
from gateway.core.roles import Role
from gateway.foundation import Foundation
from gateway.web.auth import OPERATOR_SCOPES, Owner, Scope, new_api_key
from gateway.web.console.passwords import hash_password
from gateway.web.console.rights import NARROWED, Right, allowed, known_role

_SCOPES: Mapping[Role | None, frozenset[str]] = {
    Role.OPERATOR: OPERATOR_SCOPES,
    Role.DATA_STEWARD: frozenset({Scope.READ}),
    Role.AUDITOR: frozenset({Scope.READ}),
}
"""Role -> scopes of its API keys; other roles have the console alone."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
LONGEST_LIFE = timedelta(days=90)
"""Of a partner's API key."""
SHORTEST_PASSWORD = 14
"""Publication 1075, IA-5 (unconfirmed figure; the strictest that we know of)."""


async def new_partner_key(
    base: Foundation, actor: Actor, partner: PartnerKey, scopes: frozenset[str], lifetime: timedelta
) -> str:
    """A new key of a partner: the token, shown once. Raises Conflict when two live already, Misconfigured for a longer
    life than keys may have and for a partner whose agreements need a stronger proof."""
    if lifetime > LONGEST_LIFE:
        raise Misconfigured(f"A partner's API key lives {LONGEST_LIFE.days} days at most.", code="key-lifetime")
    directory = await base.stores.partners.directory()
    asked = floors(directory, base.clock().date(), synthetic=base.settings.api.sandbox).get(partner, Tier.API_KEY)
    if not Tier.API_KEY.at_least(asked):
        raise Misconfigured(f"What {partner} exchanges needs proof by {asked.value}, not a key.", code="proof-too-weak")
    return await _new_key(base, actor, _owner(scopes, lifetime, partner=partner))


async def new_operator_key(base: Foundation, actor: Actor, operator: str, lifetime: timedelta) -> str:
    """A new key for an operator's scripts, with what the API lets the account's role do. A name without an account is a
    program of the site: it may do what operators do. Raises Misconfigured for an account that may nothing there."""
    account = await base.stores.operators.find(operator)
    scopes = scopes_of(account)
    if not scopes:
        raise Misconfigured(f"The account {operator} may do nothing over the API.", code="scopes")
    return await _new_key(base, actor, _owner(scopes, lifetime, operator=operator))


def scopes_of(account: Operator | None) -> frozenset[str]:
    """What keys of the account may do. ``operate`` withdraws as well as retries, so it is the operators' alone."""
    if account is None:
        return OPERATOR_SCOPES
    if account.disabled:
        return frozenset()
    return _SCOPES.get(known_role(account.role), frozenset())


async def _revoke_beyond(base: Foundation, actor: Actor, account: Operator) -> None:
    """Revoke the account's keys that may more than its role does now."""
    for key in await base.stores.callers.list(None):
        if key.principal.operator == account.name and not key.principal.scopes <= scopes_of(account):
            entry = base.scribe.entry(actor, "apikey.revoked", f"apikey:{key.id}", "ok", {"reason": "role changed"})
            await base.stores.callers.revoke(key.id, entry)


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


@dataclass(frozen=True, slots=True)
class Account:
    """An operator account to be made. ``partner`` is for the role partner-admin, and only for it."""

    name: str
    role: str
    password: str
    partner: str | None = None
    surname: str | None = None
    """None: an account that is there keeps the one that it has."""
    break_glass: bool = False


async def add_operator(base: Foundation, actor: Actor, account: Account) -> None:
    """Add an operator account or replace it; its sessions end, its second factors stay. Raises Misconfigured for an
    unknown role, a partner that does not fit the role, or a short password."""
    role, partner = _checked(account, (await base.stores.partners.directory()).partners.keys())
    if len(account.password) < SHORTEST_PASSWORD:
        raise Misconfigured(f"A password has at least {SHORTEST_PASSWORD} characters.", code="password")
    details: dict[str, str | int] = {"role": role.value}
    if partner is not None:
        details["partner"] = partner
    if account.break_glass:
        details["break_glass"] = "allowed"
    entry = base.scribe.entry(actor, "operator.added", f"operator:{account.name}", "ok", details)
    if account.break_glass and not allowed(role, Right.BREAK):
        raise Misconfigured(f"An account with the role {role} has no glass to break.", code="role-glass")
    made = Operator(
        account.name,
        role.value,
        _hashed(base, account.password),
        partner=partner,
        sealed_surname=await _surname(base, account),
        break_glass=account.break_glass,
    )
    await base.stores.operators.add(made, entry)
    await _revoke_beyond(base, actor, made)


async def _surname(base: Foundation, account: Account) -> bytes | None:
    """Sealed."""
    if account.surname is None:
        found = await base.stores.operators.find(account.name)
        return found.sealed_surname if found else None
    name = account.surname.strip()
    if not is_surname(name):
        raise Misconfigured(f"A surname has letters, and at most {LONGEST} characters.", code="surname")
    return seal_surname(base.tools.examiner.sealer, account.name, name)


def _hashed(base: Foundation, password: str) -> str:
    return hash_password(password, restricted=base.settings.crypto.restricted)


def _checked(account: Account, partners: Collection[PartnerKey]) -> tuple[Role, PartnerKey | None]:
    role = known_role(account.role)
    if role is None:
        raise Misconfigured(f"A role is one of {', '.join(Role)}.", code="role")
    if not _NAME.fullmatch(account.name):
        raise Misconfigured("A name has 1 to 64 letters, digits and . _ @ -", code="operator-name")
    if (account.partner is not None) != (role in NARROWED):
        raise Misconfigured("The role partner-admin, and only it, needs the key of its partner.", code="role-partner")
    if account.partner is not None and account.partner not in partners:
        raise Misconfigured("There is no partner with this key.", code="role-partner")
    return role, None if account.partner is None else PartnerKey(account.partner)


async def disable_operator(base: Foundation, actor: Actor, name: str) -> None:
    """Shut an account out; its sessions end. Raises NotFound."""
    found = await base.stores.operators.find(name)
    if found is None:
        raise NotFound(f"There is no operator {name}.")
    entry = base.scribe.entry(actor, "operator.added", f"operator:{name}", "disabled", {"role": found.role})
    shut = replace(found, disabled=True)
    await base.stores.operators.add(shut, entry)
    await _revoke_beyond(base, actor, shut)


async def reset_factors(base: Foundation, actor: Actor, name: str) -> int:
    """Forget an account's second factors and end its sessions; how many there were. Raises NotFound."""
    if await base.stores.operators.find(name) is None:
        raise NotFound(f"There is no operator {name}.")
    entry = base.scribe.entry(actor, "operator.enrolled", f"operator:{name}", "reset")
    count = await base.stores.factors.remove(name, None, entry)
    ended = base.scribe.entry(actor, "operator.logout", f"operator:{name}", "everywhere")
    await base.stores.operators.close_all(name, ended)
    return count
