"""Values that are plainly of their type: what a matcher lets through, libxml2 takes as well."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.core.model import Content
from gateway.tools import speech
from tests.unit.contents import CATALOG, calm, contents, texts, valid_new_hire
from transforms.plain_values import PlainValues
from transforms.schema_tree import XS, merged

SCHEMAS = {kind: merged(info.xsd, CATALOG.xsds) for kind, info in CATALOG.kinds.items()}
TYPES = sorted(
    (kind, str(one.get("name"))) for kind, schema in SCHEMAS.items() for one in schema.findall(f"{{{XS}}}simpleType")
)
CANONICAL = speech().canonical
"""It remembers across the tests, as it does in a process."""
PLAIN = {kind: PlainValues(schema) for kind, schema in SCHEMAS.items()}
VALUES = st.one_of(
    st.text(max_size=130),
    st.text("0123456789-.:QYN", max_size=22),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\n|Z|\+01:00)?", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,19}(\.[0-9]{0,7})?", fullmatch=True),
    st.sampled_from([value for schema in SCHEMAS.values() for value in schema.xpath("//@value")]),
)


@cache
def validator(kind: str, type_: str) -> etree.XMLSchema:
    """A schema of one element ``v`` of the type."""
    schema = etree.fromstring(etree.tostring(SCHEMAS[kind]))
    for element in schema.findall(f"{{{XS}}}element"):
        schema.remove(element)
    element = etree.SubElement(schema, f"{{{XS}}}element", name="v", nsmap={"own": schema.get("targetNamespace")})
    element.set("type", f"own:{type_}")
    return etree.XMLSchema(schema)


def takes(kind: str, type_: str, value: str) -> bool:
    element = etree.Element(f"{{{SCHEMAS[kind].get('targetNamespace')}}}v")
    try:
        element.text = value
    except ValueError:  # no character of XML
        return False
    return validator(kind, type_).validate(element)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(TYPES), VALUES)
@example(("case-transfer", "DateType"), "2026-02-29")
@example(("case-transfer", "DateType"), "2024-02-29")
@example(("case-transfer", "DateType"), "0000-01-01")
@example(("case-transfer", "DateType"), "2026-04-31")
def test_what_a_matcher_lets_through_the_schema_takes(which: tuple[str, str], value: str) -> None:
    match = PLAIN[which[0]].matcher(which[1])
    if match is not None and match(value) is not None:
        assert takes(*which, value)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("DateType", "2026-01-31"),
        ("AmountType", "-12.30"),
        ("IndicatorType", "Y"),
        ("NameType", "Ñandú O'Neil"),
        ("SSNType", "900123456"),
        ("TimeType", "23:59:59"),
    ],
)
def test_usual_values_need_no_libxml2(type_: str, value: str) -> None:
    """The control of the test above: matchers that let nothing through would pass it."""
    match = PLAIN["case-transfer"].matcher(type_)
    assert match is not None
    assert match(value) is not None


def test_every_type_of_the_schemas_is_understood() -> None:
    assert [which for which in TYPES if PLAIN[which[0]].matcher(which[1]) is None] == []


@calm
@given(st.lists(contents(), min_size=1, max_size=3))
def test_a_document_like_others_before_it_is_found_as_valid_or_faulty_as_alone(some: list[Content]) -> None:
    documents = [CANONICAL.write(content) for content in some]
    alone = [CANONICAL.validate(document, 1) for document in documents]
    for _ in range(2):
        for content, document, found in zip(some, documents, alone, strict=True):
            assert CANONICAL.confirm(content, document, 1) == found


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(valid_new_hire().fields)), st.one_of(VALUES, texts))
@example("HireDate", "")
@example("HireDate", "2026-02-30")
def test_a_value_in_a_shape_that_was_valid_before_is_judged_as_the_schema_judges_it(path: str, value: str) -> None:
    good = valid_new_hire()
    assert CANONICAL.confirm(good, CANONICAL.write(good), 1) == ()
    other = Content(good.kind, {**good.fields, path: value})
    document = CANONICAL.write(other)
    assert CANONICAL.confirm(other, document, 1) == CANONICAL.validate(document, 1)
