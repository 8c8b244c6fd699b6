"""The links of the API's description, followed from one answer to the next: they lead to what is described."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import requests
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.web.api.routes import ROUTES
from gateway.web.auth import Scope
from gateway.web.links import LEADS
from gateway.web.openapi import openapi
from tests.assurance import NIGHT
from tests.contract.api_stack import FORMATS
from tests.contract.test_api_fuzz import CHECKS, PATIENCE, SCOPES, read, server

__all__ = ["server"]
AT_NIGHT = pytest.mark.skipif(not NIGHT, reason="made-up walks take many steps before one of them finds a way")
STEPS = 8
"""Requests that follow each other in one walk."""
LINKED = frozenset({*LEADS, *(to for leads in LEADS.values() for lead in leads for to in lead.operations)})


def document(change=lambda link: link):
    """The description with each link changed."""
    found = json.loads(json.dumps(openapi(ROUTES, FORMATS, "1.2.3")))
    for methods in found["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                if links := response.get("links"):
                    response["links"] = {name: change(link) for name, link in links.items()}
    return found


def operations(described):
    schema = read(described)
    found = [one.ok() for one in schema.get_all_operations()]
    return {one.definition.raw["operationId"]: one for one in found}


class Caller:
    """Calls an operation as whoever may, and checks the answer against the description."""

    def __init__(self, server, session):
        self.address, self.tokens = server
        self.session, self.reached = session, Counter()

    def terms(self, name):
        token = self.tokens["pat" if SCOPES[name] is Scope.OPERATE else "ohio"]
        headers = {"Authorization": f"Bearer {token}"}
        return {"base_url": self.address, "headers": headers, "timeout": PATIENCE, "session": self.session}

    def looked_at(self, case, response):
        """The answer is one that is described; counts those about something that has an id."""
        case.validate_response(response, checks=CHECKS)
        if "{" in case.operation.path and response.status_code < 300:
            self.reached[case.operation.definition.raw["operationId"]] += 1


@pytest.fixture
def caller(server):
    """With a submission of two records, the second of which is bad."""
    with requests.Session() as session:
        session.trust_env = False  # no look for a proxy at each request
        found = Caller(server, session)
        terms = found.terms("postSubmission")
        headers = terms["headers"] | {"Content-Type": "application/xml", "Idempotency-Key": "linked"}
        session.post(f"{found.address}/v1/submissions", b"one\nbad\n", headers=headers).raise_for_status()
        yield found


def follow(caller, described):
    """Every link of every answer, beginning with what takes no id."""
    known = operations(described)
    waiting = [(name, ()) for name in LEADS if "{" not in known[name].path and known[name].method == "get"]
    seen = set(waiting)
    while waiting:
        name, parameters = waiting.pop()
        case = known[name].Case(path_parameters=dict(parameters))
        response = case.call(**caller.terms(name))
        caller.looked_at(case, response)
        links = known[name].definition.raw["responses"].get(str(response.status_code), {}).get("links", {})
        for link in links.values():
            told = {key: pointed(response.json(), member) for key, member in link["parameters"].items()}
            step = (link["operationId"], tuple(told.items()))
            if None not in told.values() and step not in seen and known[step[0]].method == "get":
                seen.add(step)
                waiting.append(step)


def pointed(answer, expression):
    """What a runtime expression names in the answer; None when there is nothing."""
    for part in expression.removeprefix("$response.body#/").split("/"):
        rows = isinstance(answer, list)
        answer = answer[int(part)] if rows and len(answer) > int(part) else None if rows else answer.get(part)
        if answer is None:
            return None
    return answer


TOLD = {
    "getSubmission",
    "listSubmissionRecords",
    "listSubmissionFindings",
    "getAcceptedReceipt",
    "getRecord",
    "getRecordTrace",
    "getDelivery",
    "getRule",
}


@pytest.mark.claim("A35", control="test_control_a_link_to_another_member_leads_nowhere")
def test_every_link_of_an_answer_leads_to_what_is_described(caller, claim):
    follow(caller, document())
    claim.measured(f"0 failures at {caller.reached.total()} linked answers of {len(caller.reached)} operations")
    assert set(caller.reached) >= TOLD


def astray(link):
    """A link that names another member."""
    return link | {"parameters": dict.fromkeys(link["parameters"], "$response.body#/rows/0/state")}


def test_control_a_link_to_another_member_leads_nowhere(caller):
    follow(caller, document(astray))
    assert not caller.reached


def walk(caller, described, start, walks):
    """So many walks of made-up requests that take ids from each other's answers."""
    schema = read(described).include(operation_id=sorted(LINKED))
    schema.config.phases.stateful.inference.algorithms = []  # no links but those that are described

    class Walk(schema.as_state_machine()):
        def get_call_kwargs(self, case):
            return caller.terms(case.operation.definition.raw["operationId"])

        def validate_response(self, response, case, **_more):
            caller.looked_at(case, response)

    calm = settings(
        max_examples=walks,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    run_state_machine_as_test(seed(start)(Walk), settings=calm)


@AT_NIGHT
@pytest.mark.claim("A35", control="test_control_along_other_links_no_id_is_right")
def test_made_up_walks_along_the_links_find_no_defect(caller, claim):
    walks = claim.size(push=40, night=2_000)
    walk(caller, document(), claim.seed, walks)
    claim.measured(f"0 failures in {walks} walks; {caller.reached.total()} right ids")
    assert caller.reached


@AT_NIGHT
def test_control_along_other_links_no_id_is_right(caller):
    walk(caller, document(astray), 1, 40)
    assert not caller.reached
