"""Every route against every way to call: a table of who may what, and real calls that it has to agree with."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date

import pytest

from gateway.core.caller import Tier
from gateway.core.model import Actor, Agreement, AgreementKey, AgreementMode, Kind
from gateway.web.api import application
from gateway.web.api.routes import ROUTES
from gateway.web.auth import Scope
from tests.contract.api_stack import IOWA, OHIO, TANF, running
from tests.contract.caller_stack import door, identity, know

PARTNERS = frozenset({"key", "token", "signature"})
MAY = {
    Scope.SUBMIT: PARTNERS,
    Scope.READ: PARTNERS | {"operator", "reader"},
    Scope.MAILBOX: PARTNERS,
    Scope.ACKNOWLEDGE: PARTNERS,
    Scope.QUERY: PARTNERS,
    Scope.OPERATE: frozenset({"operator"}),
}
"""Scope -> the callers that may; everybody else is refused. A scope that is not here fails the tests below."""
CALLERS = ("nobody", "forged", "weak", "reader", "key", "token", "signature", "operator")
SETUP = Actor("operator", "setup")
UNKNOWN, WEAK = 401, "proof-too-weak"
FEDERAL = Agreement(
    AgreementKey("federal"),
    AgreementMode.DIRECT,
    frozenset({TANF}),
    TANF,
    frozenset({Kind("locate-answer")}),
    "42 USC 653(c)",
    date(2020, 1, 1),
)


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        await know(stack, iowa=identity("iowa").caller(Tier.TOKEN))
        entry = stack.parts.scribe.entry(SETUP, "partner.applied", "agreement:federal")
        await stack.parts.partners.apply([], [FEDERAL], [entry])
        yield stack


async def proofs(gate, stack, method, path):
    """Caller -> the fields that it sends."""
    bearer = {name: {"Authorization": f"Bearer {stack.tokens[name]}"} for name in ("ohio", "tanf", "reader", "pat")}
    token = (await gate.token(identity("iowa"))).json["access_token"]
    return {
        "nobody": {},
        "forged": {"Authorization": f"Bearer {token[:-6]}AAAAAA"},
        "weak": bearer["tanf"],
        "reader": bearer["reader"],
        "key": bearer["ohio"],
        "token": {"Authorization": f"Bearer {token}"},
        "signature": gate.sign(identity("iowa"), method, path),
        "operator": bearer["pat"],
    }


def address(route) -> str:
    return re.sub(r"\{[^}]*\}", lambda _: str(uuid.uuid4()), route.described)


def admitted(answer) -> bool:
    """Whether the door let the caller through, whatever came after."""
    refused = answer.status == UNKNOWN or (answer.status == 403 and answer.json["code"] in ("forbidden", WEAK))
    return not refused


async def asked(gate, stack) -> dict[tuple[str, str], bool]:
    """(operation, caller) -> whether it was let in, for every route with a scope."""
    found = {}
    for route in ROUTES:
        if route.operation.scope is Scope.PUBLIC:
            continue
        path = address(route)
        for caller, fields in (await proofs(gate, stack, route.method, path)).items():
            answer = await gate.ask(route.method, path, headers=fields)
            found[route.operation.name, caller] = admitted(answer)
    return found


def expected() -> dict[tuple[str, str], bool]:
    return {
        (route.operation.name, caller): caller in MAY[route.operation.scope]
        for route in ROUTES
        if route.operation.scope is not Scope.PUBLIC
        for caller in CALLERS
    }


@pytest.mark.claim("A39", control="test_without_the_check_of_scopes_the_table_does_not_hold")
async def test_every_route_lets_in_whom_the_table_names_and_nobody_else(stack, claim):
    async with door(stack) as gate:
        found = await asked(gate, stack)
    wrong = {case for case, may in expected().items() if found[case] is not may}
    assert not wrong
    claim.measured(f"{len(found)} of {len(found)} pairs of route and machine caller as expected")


async def test_without_the_check_of_scopes_the_table_does_not_hold(stack, monkeypatch):
    monkeypatch.setattr(application, "check_scope", lambda _principal, _scope: None)
    async with door(stack) as gate:
        found = await asked(gate, stack)
    assert any(found[case] is not may for case, may in expected().items())


def test_a_route_without_a_rule_fails():
    assert {route.operation.scope for route in ROUTES} - {Scope.PUBLIC} == set(MAY)


async def test_federal_kinds_ask_for_more_than_a_key_but_not_in_a_sandbox(stack):
    key = {"Authorization": f"Bearer {stack.tokens['tanf']}"}
    async with door(stack) as real, door(stack, sandbox=True) as sandbox:
        assert (await real.ask("GET", "/v1/mailbox", headers=key)).json["code"] == WEAK
        assert (await sandbox.ask("GET", "/v1/mailbox", headers=key)).status == 200
    over = replace(FEDERAL, valid_until=date(2026, 3, 1))
    entry = stack.parts.scribe.entry(SETUP, "partner.applied", "agreement:federal")
    await stack.parts.partners.apply([], [over], [entry])
    async with door(stack) as real:
        assert (await real.ask("GET", "/v1/mailbox", headers=key)).status == 200
    assert {OHIO, IOWA, TANF} == set((await stack.parts.directory()).partners)
