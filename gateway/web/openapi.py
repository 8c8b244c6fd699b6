"""The OpenAPI 3.1.1 document, made of the route table and the models; nothing in it is written twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gateway.core.model import FormatName
from gateway.core.ports.formats import FormatInfo
from gateway.web.access import TOKEN_PATH
from gateway.web.api.operation import JSON, Answer, AnyBody, Form, Operation, Route
from gateway.web.api.told import ProblemTold
from gateway.web.auth import PARTNER_SCOPES, Scope
from gateway.web.links import links_of
from gateway.web.problems import MEDIA_TYPE, PROBLEMS

VERSION = "3.1.1"
_REF = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_ALWAYS = ("invalid-http", "target-too-long", "header-fields-too-large", "internal", "unavailable")
"""The first three before it is known which operation is meant."""
_KEYED = ("unauthenticated", "forbidden", "too-many-requests")
_DOCUMENT = ("invalid-json", "invalid-members", "unsupported-media-type", "too-large", "body-timeout", "body-cut-off")

FORM = "application/x-www-form-urlencoded"

Document = dict[str, Any]
"""A JSON object whose shape the OpenAPI specification gives; a test checks it against the specification's schema."""

SCHEMES: Mapping[str, Document] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "gwk",
        "description": "An API key: for tests and small employers, and for operators' scripts",
    },
    "token": {
        "type": "oauth2",
        "description": "Client credentials with private_key_jwt; over mutual TLS the token is bound to the certificate",
        "flows": {
            "clientCredentials": {
                "tokenUrl": TOKEN_PATH,
                "scopes": {scope.value: f"The scope {scope.value}" for scope in sorted(PARTNER_SCOPES)},
            }
        },
    },
    "certificate": {"type": "mutualTLS", "description": "A client certificate that the partner's file lists"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature-Input",
        "description": "A message signature (RFC 9421) tagged child-support-gateway, with Signature beside it",
    },
}
"""How callers prove themselves: docs/callers.md."""


def openapi(routes: Sequence[Route], formats: Mapping[FormatName, FormatInfo], version: str) -> Document:
    """The whole document."""
    schemas = _schemas(routes)
    paths: Document = {}
    for route in routes:
        paths.setdefault(route.described, {})[route.method.lower()] = _operation(route, formats)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Child-support gateway",
            "version": version,
            "summary": "Exchange of child-support records between states, tribes, employers and agencies",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This gateway"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.operation.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": SCHEMES,
        },
    }


def problems_of(operation: Operation) -> tuple[str, ...]:
    """Every problem code that the operation can answer with."""
    codes = [*_ALWAYS, *operation.problems]
    if operation.scope is not Scope.PUBLIC:
        codes += _KEYED
    if operation.rated:
        codes.append("too-many-requests")
    if operation.query is not None:
        codes += ["bad-request", "invalid-members"]
    if operation.body is not None:
        codes += ["body-timeout", "body-cut-off", "too-large", "encoding-refused", "content-digest-mismatch"]
    if isinstance(operation.body, type):
        codes += _DOCUMENT
    return tuple(dict.fromkeys(codes))


def _schemas(routes: Sequence[Route]) -> Document:
    asked: dict[type[BaseModel], JsonSchemaMode] = {}
    told: dict[type[BaseModel], JsonSchemaMode] = {ProblemTold: "serialization"}
    for route in routes:
        body = route.operation.body.model if isinstance(route.operation.body, Form) else route.operation.body
        if isinstance(body, type):
            asked[body] = "validation"
        told |= {answer.model: "serialization" for answer in route.operation.answers.values() if answer.model}
    return dict(_definitions(tuple((asked | told).items())))


@cache
def _definitions(models: tuple[tuple[type[BaseModel], JsonSchemaMode], ...]) -> Document:
    """Two thirds of the document's time; models do not change."""
    _, definitions = models_json_schema(models, ref_template=_REF)
    schemas: Document = definitions["$defs"]
    return schemas


def _operation(route: Route, formats: Mapping[FormatName, FormatInfo]) -> Document:
    operation = route.operation
    described: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(route.described), *_query_parameters(operation), *_headers(operation)],
        "responses": _responses(operation),
        "security": [] if operation.scope is Scope.PUBLIC else _security(operation.scope),
        "x-scope": operation.scope.value,
    }
    if operation.body is not None:
        described["requestBody"] = _body(operation.body, formats)
    return described


def _security(scope: Scope) -> list[Document]:
    """The proofs that will do, each by itself; operators have API keys only."""
    if scope not in PARTNER_SCOPES:
        return [{"key": []}]
    tokens = [scope.value]
    return [{"key": []}, {"token": tokens, "certificate": []}, {"token": tokens}, {"signature": []}]


def _body(body: type[BaseModel] | AnyBody | Form, formats: Mapping[FormatName, FormatInfo]) -> Document:
    if isinstance(body, Form):
        return {"required": True, "content": {FORM: {"schema": _reference(body.model)}}}
    if not isinstance(body, AnyBody):
        return {"required": True, "content": {JSON: {"schema": _reference(body)}}}
    read = [info for info in formats.values() if info.reads and (not body.only or info.name in body.only)]
    told = "A file; its format is told by Content-Type or by ?format="
    return {
        "required": True,
        "description": "One record; its form is told by Content-Type" if body.only else told,
        "content": {info.media_type: {"x-format": info.name, "x-title": info.title} for info in read}
        or {"application/octet-stream": {}},
    }


def _path_parameters(path: str) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(path)
    ]


def _query_parameters(operation: Operation) -> list[Document]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema()
    return [
        {"name": name, "in": "query", "required": False, "schema": _inlined(part, schema.get("$defs", {}))}
        for name, part in schema["properties"].items()
    ]


def _inlined(part: object, definitions: Mapping[str, object]) -> object:
    """The schema without references: parameters stand outside the components."""
    if isinstance(part, Mapping):
        if "$ref" in part:
            return _inlined(definitions[str(part["$ref"]).rsplit("/", 1)[1]], definitions)
        return {key: _inlined(value, definitions) for key, value in part.items()}
    return [_inlined(one, definitions) for one in part] if isinstance(part, list) else part


def _headers(operation: Operation) -> list[Document]:
    return [
        {
            "name": name.removesuffix("*"),
            "in": "header",
            "required": name.endswith("*"),
            "description": meaning,
            "schema": {"type": "string"},
        }
        for name, meaning in operation.headers.items()
    ]


def _responses(operation: Operation) -> Document:
    responses: Document = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    if links := links_of(operation.name):
        next(iter(responses.values()))["links"] = links
    for code in problems_of(operation):
        problem = PROBLEMS[code]
        told = responses.setdefault(str(problem.status), {"description": "", "content": {}})
        told["content"].setdefault(MEDIA_TYPE, {"schema": _reference(ProblemTold)})
        told["description"] = "; ".join(filter(None, [told["description"], f"`{code}`: {problem.title}"]))
    return dict(sorted(responses.items()))


def _answer(answer: Answer) -> Document:
    told: Document = {"description": answer.summary, "content": {}}
    if answer.media_type is not None:
        told["content"] = {answer.media_type: {"schema": _reference(answer.model)} if answer.model else {}}
    if answer.or_media_type is not None:
        told["content"][answer.or_media_type] = {}
    if answer.headers:
        told["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    return told


def _reference(model: type[BaseModel]) -> Document:
    return {"$ref": _REF.format(model=model.__name__)}
