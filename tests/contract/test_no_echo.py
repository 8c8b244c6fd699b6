"""Whatever is sent to whatever route: nothing of it comes back in an error, and nothing of it is logged."""

from __future__ import annotations

import json
import re

import pytest
from structlog.testing import capture_logs

from gateway.web.api.application import ROUTES
from gateway.web.auth import Scope
from tests.contract.api_stack import running

SECRET = "ZQ900551234"
PARAMETER = re.compile(r"\{[^}]*\}")


@pytest.fixture
async def stack(sqlite_url, tmp_path):
    async with running(sqlite_url, tmp_path) as stack:
        yield stack


def disguises(path):
    """The route's path with the secret in it, in the query, and as name of a parameter."""
    filled = PARAMETER.sub(SECRET, path)
    return (
        filled,
        f"{filled}?{SECRET}=1",
        f"{filled}?limit={SECRET}&cursor={SECRET}&format={SECRET}",
        f"{path}/{SECRET}",
    )


def bodies():
    """Documents and files with the secret where a member, a value, a type or a text is expected."""
    for document in ({SECRET: 1}, {"reason": SECRET * 30, "token": [SECRET]}, {"delivery": SECRET, "state": SECRET}):
        yield {"data": json.dumps(document).encode(), "Content_Type": "application/json"}
    yield {"data": b'{"' + SECRET.encode(), "Content_Type": "application/json"}
    yield {"data": SECRET.encode(), "Content_Type": f"text/{SECRET}", "Content_Encoding": SECRET}


def attempts(route):
    """Caller, method, path and body of everything that is tried at a route."""
    caller = "pat" if route.operation.scope is Scope.OPERATE else "ohio"
    plain, *others = disguises(route.described)
    some, *more = bodies() if route.method != "GET" else ({},)
    yield from ((caller, route.method, plain, body) for body in (some, *more))
    yield from ((caller, route.method, path, some) for path in others)
    yield None, route.method, plain, some


def echoed(answer, lines):
    return SECRET in answer.body.decode("utf-8", "replace") + str(dict(answer.headers)) + str(lines)


async def test_no_error_repeats_what_was_sent_and_no_log_line_does(stack):
    asked = [one for route in ROUTES for one in attempts(route)]
    for caller, method, path, body in asked:
        with capture_logs() as lines:
            answer = await stack.call(caller, method, path, Idempotency_Key=f"k {SECRET}", X_Secret=SECRET, **body)
        assert not echoed(answer, lines), (method, path)
    assert len(asked) > 200


async def test_a_key_that_is_none_and_a_method_that_is_none_are_not_repeated(stack):
    stack.tokens["wrong"] = SECRET
    for method in ("GET", "PATCH", SECRET):
        with capture_logs() as lines:
            answer = await stack.call("wrong", method, "/v1/submissions")
        assert not echoed(answer, lines)


async def test_control_an_answer_that_quotes_its_path_is_seen(stack):
    answer = await stack.call("ohio", "GET", f"/v1/records/{SECRET}")
    assert not echoed(answer, [])
    assert echoed(answer, [{"event": "request", "path": f"/v1/records/{SECRET}"}])
