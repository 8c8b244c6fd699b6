"""Every route of the API, asked by every kind of caller, answers as docs/access.md says."""

from __future__ import annotations

import re

import pytest

from gateway.core.model import PartnerKey
from gateway.docs import FOLDER
from gateway.web.api.routes import ROUTES
from gateway.web.auth import OPERATOR_SCOPES, PARTNER_SCOPES, Owner, Scope
from tests.contract.api_stack import running

NOBODY, YES = "nobody", "yes"
SOMETHING = "01a2030a-7dcf-7000-9fe2-bc462ff396fa"
BY_PATH = {(route.method, route.path): route for route in ROUTES}
DOOR = re.compile(r"no scope|Only operators")


def documented():
    """(method, path as described) -> the scope that it asks for (None: public), and who may have it."""
    page = (FOLDER / "access.md").read_text(encoding="utf-8").split("## API")[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    return {
        tuple(row[0].strip("`").split(" ", 1)): (
            None if row[1].startswith("none") else Scope(row[1].strip("`")),
            dict(zip(rows[0][2:], (cell == YES for cell in row[2:]), strict=True)),
        )
        for row in rows[2:]
    }


def expected(kind, scope, route):
    """One cell: ``in``, or the status of the refusal at the door."""
    asked, who = documented()[route]
    if asked is None:
        return "in"
    if kind == NOBODY:
        return 401
    return "in" if who[kind] and scope is asked else 403


async def answered(stack, caller, method, path):
    """What the running API says: ``in`` for whatever is not a refusal at the door."""
    where = re.sub(r"\{[^}]+\}", SOMETHING, path)
    answer = await stack.call(caller, method, where, json=None if method == "GET" else {})
    assert answer.status < 500, where
    if answer.status == 403:
        return 403 if DOOR.search(answer.json["detail"]) else "in"
    return 401 if answer.status == 401 and BY_PATH[method, path].operation.scope is not Scope.PUBLIC else "in"


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    """An API with a key for each single scope: of a partner each, and of an operator."""
    async with running(sqlite_url, tmp_path) as stack:
        for scope in sorted(PARTNER_SCOPES):
            await stack.new_key(f"partner {scope}", Owner(frozenset({scope}), PartnerKey(f"state-{scope}")))
        for scope in sorted(OPERATOR_SCOPES):
            await stack.new_key(f"operator {scope}", Owner(frozenset({scope}), operator="pat"))
        yield stack


def callers():
    """(name of the key, kind of caller, its scope)."""
    yield None, NOBODY, None
    yield from ((f"partner {scope}", "partner", scope) for scope in sorted(PARTNER_SCOPES))
    yield from ((f"operator {scope}", "operator", scope) for scope in sorted(OPERATOR_SCOPES))


async def wrong_cells(stack, swapped=None):
    """(caller, route, expected, answered) of every cell that is not as documented; how many there are."""
    wrong, cells = [], 0
    for caller, kind, scope in callers():
        for (method, path), route in BY_PATH.items():
            wanted = expected(kind, scope, (method, route.described))
            found = await answered(stack, swapped if swapped and caller else caller, method, path)
            cells += 1
            if found != wanted:
                wrong.append((caller, f"{method} {path}", wanted, found))
    return wrong, cells


def test_every_route_has_its_row():
    assert set(documented()) == {(method, route.described) for (method, _), route in BY_PATH.items()}


@pytest.mark.claim("A39", control="test_control_a_key_with_another_scope_is_noticed")
async def test_every_cell_is_answered_as_the_table_says(stack, claim):
    wrong, cells = await wrong_cells(stack)
    assert wrong == []
    claim.measured(f"{cells} of {cells} cells of the API as expected")


async def test_control_a_key_with_another_scope_is_noticed(stack):
    wrong, _ = await wrong_cells(stack, swapped="operator operate")
    assert {found for *_, found in wrong} == {"in", 403}
