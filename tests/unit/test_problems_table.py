"""Problem documents: one table, fixed titles, no words of the request."""

from __future__ import annotations

import inspect
import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from gateway.core import errors
from gateway.core.errors import Conflict, GatewayError, Misconfigured, Refused, Tampered, Unavailable, Unreadable
from gateway.core.model import Finding, RuleCode, Severity
from gateway.web import problems
from gateway.web.problems import PROBLEMS, Fault, InvalidMembers, RateExceeded, SlowBody

SECRET = "900-55-1234"
ENTITY = "01900000-0000-7000-8000-000000000000"
CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, GatewayError) and not issubclass(found, errors.DeliveryFailed)
]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_that_can_reach_the_edge_is_in_the_table_as_it_is(error):
    problem = PROBLEMS[error.code]
    assert (problem.status, problem.title) == (error.status, error.title)


def test_the_document_in_docs_is_the_table():
    page = Path(__file__).parents[2] / "docs" / "problems.md"
    assert page.read_text() == problems.markdown()


def test_a_code_without_a_row_answers_under_its_class_and_keeps_its_name():
    instance = problems.of_error(Conflict("Two keys are live.", code="api-keys-two"))
    document = instance.document(ENTITY)
    assert (document["type"], document["code"], document["status"]) == ("/problems/conflict", "api-keys-two", 409)
    assert document["detail"] == "Two keys are live."
    assert document["instance"] == f"urn:uuid:{ENTITY}"


@pytest.mark.parametrize("error", [Tampered(SECRET), Misconfigured(SECRET), GatewayError(SECRET)])
def test_details_of_our_own_faults_stay_inside(error):
    document = problems.of_error(error).document(ENTITY)
    assert SECRET not in json.dumps(document)
    assert document["status"] == 500


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(Unavailable(retry_after=timedelta(seconds=7)), "7"), (RateExceeded(timedelta(milliseconds=20)), "1")],
)
def test_who_may_come_again_is_told_when_in_whole_seconds(error, seconds):
    assert problems.of_error(error).headers["Retry-After"] == seconds


def test_errors_of_aiohttp_lose_their_words():
    for error in (
        web.HTTPBadRequest(reason="x", text=SECRET),
        web.HTTPNotFound(text=SECRET),
        web.HTTPGone(text=SECRET),
    ):
        document = problems.of_http(error).document(ENTITY)
        assert SECRET not in json.dumps(document)
        assert document["status"] == error.status


def test_wrong_members_are_named_by_pointer():
    document = problems.of_error(InvalidMembers([Fault("/ids/0", "string_pattern", "a UUID")])).document(ENTITY)
    assert document["errors"] == [{"pointer": "/ids/0", "code": "string_pattern", "expected": "a UUID"}]


def test_an_unreadable_file_shows_places_and_at_most_a_hundred_of_them():
    finding = Finding(RuleCode("CSE-LENGTH"), Severity.FATAL, record=3, start=5, length=2, note="expected 7 bytes")
    instance = problems.of_error(Unreadable("Nothing can be read.", [finding] * 500))
    document = instance.document(ENTITY, lambda rule: (f"Title of {rule}", f"Fix of {rule}", f"Source of {rule}"))
    assert len(document["findings"]) == 100
    assert document["findings"][0] == {
        "rule": "CSE-LENGTH",
        "severity": "fatal",
        "field": None,
        "record": 3,
        "columns": "5-6",
        "note": "expected 7 bytes",
        "title": "Title of CSE-LENGTH",
        "fix": "Fix of CSE-LENGTH",
        "source": "Source of CSE-LENGTH",
        "help": "/v1/rules/CSE-LENGTH",
    }


def test_extension_members_are_snake_case_and_types_are_addresses_on_the_gateway():
    for error in (SlowBody(), Refused("x", code="invalid-json"), InvalidMembers([])):
        document = problems.of_error(error).document(None)
        assert all(name.isidentifier() and name == name.lower() for name in document)
        assert str(document["type"]).startswith("/problems/")
        assert "instance" not in document
