"""The reference for people: one page made of the OpenAPI document, and a page for each problem. No scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from gateway.web.problems import Problem

STYLE = b"""
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1b1b; }
code { background: #f0f0f0; padding: 0 .25em; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #005ea2; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { border: 1px solid #a9aeb1; padding: .25rem .5rem; text-align: left; vertical-align: top; }
.method { font-weight: bold; color: #005ea2; }
"""

Document = Mapping[str, Any]


def reference_page(document: Document) -> bytes:
    """The page at ``/docs``."""
    title = escape(document["info"]["title"])
    parts = [f"<h1>{title} {escape(document['info']['version'])}</h1>"]
    parts.append(
        f"<p>{escape(document['info']['summary'])}. Machine-readable: <a href='/openapi.json'>OpenAPI</a>.</p>"
    )
    parts.append(_contents(document))
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'].capitalize())}</h2>")
        parts += _operations(document, tag["name"])
    parts.append("<h2>Documents</h2>")
    parts += _schemas(document["components"]["schemas"])
    return _html(title, "\n".join(parts))


def problem_page(problem: Problem) -> bytes:
    """The page at ``/problems/<code>``."""
    body = (
        f"<h1>{escape(problem.title)}</h1><p>Code <code>{escape(problem.code)}</code>, status {problem.status}.</p>"
        f"<p>{escape(problem.remedy)}</p><p><a href='/docs'>Reference</a></p>"
    )
    return _html(problem.title, body)


def _html(title: str, body: str) -> bytes:
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><link rel='stylesheet' href='/docs/reference.css'>"
    viewport = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
    return (
        f"<!doctype html><html lang='en'><head>{head}{viewport}</head><body><main>{body}</main></body></html>".encode()
    )


def _each(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _contents(document: Document) -> str:
    lines = [
        f"<li><a href='#{escape(op['operationId'])}'><span class='method'>{method}</span> {escape(path)}</a></li>"
        for path, method, op in _each(document)
    ]
    return f"<nav aria-label='Operations'><ul>{''.join(lines)}</ul></nav>"


def _operations(document: Document, tag: str) -> Iterator[str]:
    for path, method, operation in _each(document):
        if tag not in operation["tags"]:
            continue
        name = escape(operation["operationId"])
        yield f"<h3 id='{name}'><span class='method'>{method}</span> <code>{escape(path)}</code></h3>"
        yield f"<p>{escape(operation['summary'])} Scope: <code>{escape(operation['x-scope'])}</code>.</p>"
        yield _table("Parameter", [_parameter(p) for p in operation["parameters"]])
        if "requestBody" in operation:
            yield _table("Body", _contents_of(operation["requestBody"]["content"], operation["requestBody"]))
        answers = [(status, _text(told["description"])) for status, told in operation["responses"].items()]
        yield _table("Status", answers)


def _contents_of(content: Document, body: Document) -> list[tuple[str, str]]:
    return [
        (media, _shape(told["schema"]) if "schema" in told else _format(told, body)) for media, told in content.items()
    ]


def _format(told: Document, body: Document) -> str:
    """A body that is a file: the name of its format for ``?format=``, and what it is."""
    if "x-format" not in told:
        return escape(body.get("description", ""))
    return f"<code>{escape(told['x-format'])}</code> {escape(told['x-title'])}"


def _parameter(parameter: Document) -> tuple[str, str]:
    needed = "required" if parameter["required"] else "optional"
    meaning = parameter.get("description") or parameter["schema"].get("description", "")
    return parameter["name"], f"{needed}, {parameter['in']}. {_text(meaning)}"


def _schemas(schemas: Document) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        yield f"<h3 id='schema-{escape(name)}'>{escape(name)}</h3>"
        if "enum" in schema:
            yield f"<p>One of {', '.join(f'<code>{escape(str(v))}</code>' for v in schema['enum'])}.</p>"
        rows = [
            (member, f"{_shape(part)} {_text(part.get('description', ''))}")
            for member, part in schema.get("properties", {}).items()
        ]
        yield _table("Member", rows)


def _shape(schema: Document) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f"<a href='#schema-{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    return escape(str(schema.get("format") or schema.get("type", "")))


def _text(text: str) -> str:
    """Text with ``code`` between backquotes."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def _table(head: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    lines = "".join(f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{told}</td></tr>" for name, told in rows)
    return f"<table><thead><tr><th scope='col'>{head}</th><th scope='col'>Meaning</th></tr></thead>{lines}</table>"
