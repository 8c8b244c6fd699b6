"""The API against its own description: made-up requests to every operation find no defect and no undescribed answer."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.web.api.routes import ROUTES
from gateway.web.auth import Scope
from gateway.web.limits import Limits
from gateway.web.openapi import openapi
from tests.contract.api_stack import FORMATS, running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
]
"""All but those for whole runs, and but that what fits the description is accepted: records have rules of their own."""


def read(document):
    """The description as Schemathesis reads it; that something is too large is a refusal, too."""
    schema = schemathesis.openapi.from_dict(document)
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    return schema


SCHEMA = read(json.loads(json.dumps(openapi(ROUTES, FORMATS, "1.2.3"))))
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}
PATIENCE = 60.0
"""Seconds for one answer: what is looked at is what it says, not how busy the machine is."""
UNHURRIED = Limits(rate_per_second=None, public_per_second=None)
"""No rates: beyond them every answer would say so, and nothing else would be looked at any more."""
SCOPES = {route.operation.name: route.operation.scope for route in ROUTES}


@contextmanager
def in_a_thread(url, folder) -> Iterator[tuple[str, dict[str, str]]]:
    """The API in an event loop of its own, since the client here is a blocking one: address and tokens."""
    ready: Future[tuple[str, dict[str, str]]] = Future()
    stop = threading.Event()

    async def serve() -> None:
        async with running(url, folder, UNHURRIED) as stack:
            ready.set_result((stack.address, stack.tokens))
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield ready.result(timeout=30)
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "gateway.db"
    path.write_bytes(sqlite_template.read_bytes())
    with in_a_thread(f"sqlite+aiosqlite:///{path}", folder) as served:
        yield served


def requests_to(operation, server, caller, examples) -> int:
    """So many made-up requests to one operation, such as fit the description and such as break it, fewer where it
    takes nothing that could be made up; raises what its description does not allow. How many there were."""
    address, tokens = server
    sent = 0

    with requests.Session() as session:
        session.trust_env = False  # no look for a proxy at each request

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=st.one_of(operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)))
        def check(case) -> None:
            nonlocal sent
            sent += 1
            response = case.call(
                base_url=address,
                session=session,
                headers={"Authorization": f"Bearer {tokens[caller]}"},
                timeout=PATIENCE,
            )
            case.validate_response(response, checks=CHECKS)

        check()
    return sent


@pytest.mark.claim("A35", control="test_control_an_answer_that_is_not_described_is_found")
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_made_up_requests_get_only_described_answers(server, name, claim):
    examples = claim.size(push=50, night=10_000)
    caller = "pat" if SCOPES[name] is Scope.OPERATE else "ohio"
    sent = requests_to(OPERATIONS[name], server, caller, examples)
    claim.measured(f"{name}: 0 failures at {sent} requests")


def test_control_an_answer_that_is_not_described_is_found(server):
    """The same description without a word about records that do not exist."""
    document = json.loads(json.dumps(openapi(ROUTES, FORMATS, "1.2.3")))
    del document["paths"]["/v1/records/{id}"]["get"]["responses"]["404"]
    (operation,) = [
        found.ok()
        for found in schemathesis.openapi.from_dict(document).get_all_operations()
        if found.ok().definition.raw["operationId"] == document["paths"]["/v1/records/{id}"]["get"]["operationId"]
    ]
    with pytest.raises(FailureGroup) as failures:
        requests_to(operation, server, "ohio", 8)
    assert {type(one).__name__ for one in failures.value.exceptions} == {"UndefinedStatusCode"}
