"""JUnit XML: one test suite a file, one test case a rule and field; a suite without findings has one that passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from gateway.core.receipt import sample
from gateway.offline import Checked, Explained


def junit(checked: Iterable[Checked]) -> str:
    """The report as build servers read it. A finding that does not block is a passing case with its text as output."""
    suites = [_suite(one) for one in checked]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>"]) + "\n"


def _suite(one: Checked) -> str:
    failures = sum(found.group.severity.blocks for found in one.findings)
    head = (
        f"<testsuite name={quoteattr(one.file)} tests={quoteattr(str(max(len(one.findings), 1)))} "
        f'failures="{failures}" errors="0" skipped="0">'
    )
    properties = [("format", one.info.name), ("confidence", one.info.confidence), ("records", str(one.records))]
    properties += [
        ("refused", str(one.refused)),
        ("refused as a whole", str(one.whole).lower()),
        ("reservation", one.reservation),
    ]
    rows = [f"<property name={quoteattr(name)} value={quoteattr(value)}/>" for name, value in properties if value]
    cases = [_case(one.file, found) for found in one.findings] or [_passed(one.file)]
    return "\n".join([head, "<properties>", *rows, "</properties>", *cases, "</testsuite>"])


def _passed(file: str) -> str:
    return f'<testcase classname={quoteattr(file)} name="every record"/>'


def _case(file: str, found: Explained) -> str:
    group = found.group
    name = f"{group.rule} {group.field}" if group.field else group.rule
    head = f"<testcase classname={quoteattr(file)} name={quoteattr(name)}>"
    text = escape("\n".join(_lines(found)))
    if group.severity.blocks:
        message = quoteattr(f"{found.title} ({group.count})")
        return f"{head}<failure type={quoteattr(group.severity)} message={message}>{text}</failure></testcase>"
    return f"{head}<system-out>{text}</system-out></testcase>"


def _lines(found: Explained) -> Iterator[str]:
    yield f"{found.group.severity}: {found.title} ({found.group.count})"
    yield f"To mend: {found.fix}"
    yield f"Source: {found.source}"
    for one in found.group.samples:
        yield ", ".join(f"{name} {value}" for name, value in sample(one).items())
