"""The route table is all that the API answers, and every line says who may."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gateway.core import errors
from gateway.web.api import asked
from gateway.web.api.operation import AnyBody
from gateway.web.api.routes import ROUTES
from gateway.web.auth import OPERATOR_SCOPES, PARTNER_SCOPES, Scope
from gateway.web.problems import PROBLEMS

WEB = Path(__file__).parents[2] / "gateway" / "web"
PUBLIC = {
    "/.well-known/jwks.json",
    "/about/attestation",
    "/about/crypto",
    "/v1/rules",
    "/v1/rules/{code}",
    "/v1/log/checkpoint",
    "/v1/log/timestamps",
    "/v1/log/timestamps/{size}/checkpoint",
    "/v1/log/timestamps/{size}/token",
    "/v1/log/tile/entries/{place:.+}",
    "/v1/log/tile/{level}/{place:.+}",
    "/problems/{code}",
    "/openapi.json",
    "/docs",
    "/docs/reference.css",
    "/livez",
    "/readyz",
    "/version",
    "/oauth/token",
    "/oauth/jwks",
    "/.well-known/oauth-authorization-server",
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation.name)
def test_every_route_says_who_may_and_what_it_answers(route):
    operation = route.operation
    assert isinstance(operation.scope, Scope)
    assert (operation.scope is Scope.PUBLIC) == (route.path in PUBLIC)
    assert operation.summary.endswith(".")
    assert operation.answers
    if route.method in ("POST", "PUT", "PATCH") and operation.body is None:
        assert route.path.endswith(("/acknowledge", "/test", "/send")), "a body that the description does not know"
    if operation.scope is not Scope.PUBLIC:
        assert route.path.startswith("/v1/")


def test_every_scope_is_somebodys_and_used():
    assert {route.operation.scope for route in ROUTES} == set(Scope)
    assert PARTNER_SCOPES | OPERATOR_SCOPES | {Scope.PUBLIC} == set(Scope)
    assert Scope.OPERATE not in PARTNER_SCOPES
    assert Scope.SUBMIT not in OPERATOR_SCOPES


def test_whatever_changes_a_delivery_of_others_is_for_operators():
    for route in ROUTES:
        if any(word in route.path for word in ("replays", "retry", "withdraw", "dead-letters", "queues")):
            assert route.operation.scope is Scope.OPERATE


def test_no_operation_takes_a_senders_name_from_a_request():
    """Who sends is who calls: a request document or body query with a sender would be a way around it."""
    for route in ROUTES:
        fields = set()
        if isinstance(route.operation.body, type):
            fields |= set(route.operation.body.model_fields)
        if isinstance(route.operation.body, AnyBody) and route.operation.query is not None:
            fields |= set(route.operation.query.model_fields)
        assert not fields & {"sender", "principal", "operator", "actor"}


def test_every_query_and_request_document_refuses_what_it_does_not_know():
    for route in ROUTES:
        for model in (route.operation.query, route.operation.body):
            if isinstance(model, type):
                assert issubclass(model, asked.Asked)
                assert model.model_config["extra"] == "forbid"


def refusal_codes(path):
    """``code=`` of every error of the tree that a file raises."""
    ours = {name for name in dir(errors) if isinstance(getattr(errors, name), type)}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ours:
            yield from (k.value.value for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant))


def test_every_code_that_the_web_raises_has_its_page():
    raised = {code for path in (*(WEB / "api").glob("*.py"), *WEB.glob("*.py")) for code in refusal_codes(path)}
    assert raised
    assert raised - set(PROBLEMS) == set()
