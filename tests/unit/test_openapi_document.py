"""The OpenAPI document: valid, complete, and made of the route table alone."""

from __future__ import annotations

import json

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from gateway.core.model import FormatName, Kind
from gateway.core.ports.formats import FormatInfo
from gateway.web.api.reference import reference_page
from gateway.web.api.routes import ROUTES
from gateway.web.links import LEADS
from gateway.web.openapi import openapi, problems_of
from gateway.web.problems import PROBLEMS

FORMATS = {
    FormatName("xml"): FormatInfo(
        FormatName("xml"),
        "XML",
        (Kind("locate"),),
        "application/xml",
        ".xml",
        reads=True,
        writes=True,
        confidence="own",
    ),
    FormatName("out"): FormatInfo(
        FormatName("out"), "Out", (Kind("locate"),), "text/x-out", ".out", reads=False, writes=True, confidence="own"
    ),
}
DOCUMENT = openapi(ROUTES, FORMATS, "1.2.3")


def test_the_document_is_valid_openapi():
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)
    assert DOCUMENT["openapi"] == "3.1.1"


def test_every_route_is_described_once_under_a_name_of_its_own():
    described = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(route.described, route.method) for route in ROUTES}
    names = [route.operation.name for route in ROUTES]
    assert len(set(names)) == len(names) == len(described)


def test_every_operation_tells_what_becomes_of_requests_that_cannot_be_read():
    """They are turned away before anybody knows which operation is meant, so each may be the one."""
    told = [
        {status for status in ("400", "414", "431") if "problem" in str(one["responses"].get(status))}
        for methods in DOCUMENT["paths"].values()
        for one in methods.values()
    ]
    assert all(statuses == {"400", "414", "431"} for statuses in told)


def test_no_reference_leads_nowhere():
    wanted = {part.split('"')[0] for part in json.dumps(DOCUMENT).split("#/components/schemas/")[1:]}
    assert wanted <= set(DOCUMENT["components"]["schemas"])


def test_every_link_leads_from_a_member_of_its_answer_to_a_parameter_of_an_operation():
    operations = {one["operationId"]: one for methods in DOCUMENT["paths"].values() for one in methods.values()}
    linked = [
        (response, link)
        for one in operations.values()
        for response in one["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(linked) == sum(len(lead.operations) for leads in LEADS.values() for lead in leads) > 20
    for response, link in linked:
        (content,) = response["content"].values()
        taken = {one["name"] for one in operations[link["operationId"]]["parameters"] if one["in"] == "path"}
        for name, expression in link["parameters"].items():
            assert name in taken
            assert member(content["schema"], expression.removeprefix("$response.body#/").split("/"))["type"] == "string"


def member(schema, pointer):
    """The schema of a member of an answer."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if not pointer:
        return schema
    inner = schema["items"] if pointer[0].isdigit() else schema["properties"][pointer[0]]
    return member(inner, pointer[1:])


def test_formats_that_are_only_written_are_no_request_bodies():
    content = DOCUMENT["paths"]["/v1/submissions"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/xml"}


def test_every_problem_that_an_operation_names_is_in_the_table():
    assert {code for route in ROUTES for code in problems_of(route.operation)} - set(PROBLEMS) == set()


def test_the_idempotency_key_is_a_required_header():
    parameters = DOCUMENT["paths"]["/v1/submissions"]["post"]["parameters"]
    assert any(p["name"] == "Idempotency-Key" and p["required"] and p["in"] == "header" for p in parameters)


def test_request_documents_refuse_unknown_members():
    for route in ROUTES:
        if isinstance(route.operation.body, type):
            schema = DOCUMENT["components"]["schemas"][route.operation.body.__name__]
            assert schema["additionalProperties"] is False


def test_the_reference_names_every_operation_and_escapes_what_it_shows():
    page = reference_page(DOCUMENT).decode()
    for route in ROUTES:
        assert f"id='{route.operation.name}'" in page
    hostile = DOCUMENT | {"info": DOCUMENT["info"] | {"title": "<script>alert(1)</script>"}}
    assert "<script" not in reference_page(hostile).decode()
