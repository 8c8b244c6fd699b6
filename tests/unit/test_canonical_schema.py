"""The walk through our XSD profile."""

from dataclasses import replace

import pytest
import xmlschema
from lxml import etree

from gateway.core.catalog import Picture
from gateway.core.errors import Misconfigured
from tests.unit.contents import CATALOG, LEAVES, TREES
from transforms.paths import check_paths
from transforms.schema_tree import merged, tree

HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">'


def shape(body, **includes):
    texts = {f"{name}.xsd": text.encode() for name, text in includes.items()}
    return tree(merged("main.xsd", {"main.xsd": f"{HEAD}{body}</xs:schema>".encode(), **texts}), "Root")


ROOT = '<xs:element name="Root" type="t:RootType"/>'


@pytest.mark.parametrize("kind", sorted(CATALOG.kinds))
def test_every_schema_keeps_to_the_schema_of_schemas(kind):
    """What explains faulty documents takes this for granted."""
    xmlschema.XMLSchema10(whole(kind), validation="strict")


def test_an_attribute_that_the_schema_of_schemas_does_not_know_is_seen():
    odd = whole("new-hire").replace("<xs:sequence>", '<xs:sequence odd="1">', 1)
    with pytest.raises(xmlschema.XMLSchemaParseError):
        xmlschema.XMLSchema10(odd, validation="strict")


def whole(kind):
    """Its schema, with the includes written in."""
    return etree.tostring(merged(CATALOG.kinds[kind].xsd, CATALOG.xsds)).decode()


def group(members):
    return f'<xs:complexType name="RootType"><xs:sequence>{members}</xs:sequence></xs:complexType>'


def test_leaves_come_in_schema_order_with_an_index_where_they_repeat():
    found = shape(
        ROOT
        + group('<xs:element name="B" type="t:Part" maxOccurs="3"/><xs:element name="A" type="xs:date" minOccurs="0"/>')
        + '<xs:complexType name="Part"><xs:sequence><xs:element name="C" type="xs:string"/></xs:sequence>'
        "</xs:complexType>"
    )
    assert list(found.leaves()) == ["B[1]/C", "A"]
    assert found.root.children["B"].repeated
    assert found.root.children["B"].required
    assert not found.root.children["A"].required


def test_a_chameleon_include_takes_the_namespace_of_its_reader():
    shared = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:simpleType name="Code">'
        '<xs:restriction base="xs:string"/></xs:simpleType><xs:complexType name="Pair"><xs:sequence>'
        '<xs:element name="One" type="Code"/></xs:sequence></xs:complexType></xs:schema>'
    )
    found = shape(
        '<xs:include schemaLocation="shared.xsd"/>' + ROOT + group('<xs:element name="P" type="t:Pair"/>'),
        shared=shared,
    )
    assert list(found.leaves()) == ["P/One"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        ROOT,
        ROOT + '<xs:complexType name="RootType"><xs:choice/></xs:complexType>',
        ROOT + group('<xs:element name="A" type="t:RootType"/>'),
        ROOT + group('<xs:element name="A"/>'),
        ROOT + group("<xs:any/>"),
        ROOT + group('<xs:element name="A" type="t:Unknown"/>'),
        '<xs:include schemaLocation="missing.xsd"/>',
    ],
    ids=["no root", "no type", "choice", "recursion", "untyped", "any", "unknown type", "missing include"],
)
def test_a_schema_outside_the_profile_is_refused_at_start(body):
    with pytest.raises(Misconfigured):
        shape(body)


def test_a_schema_that_is_not_xml_is_refused_at_start():
    with pytest.raises(Misconfigured, match="line 1"):
        merged("main.xsd", {"main.xsd": b"<oops"})


@pytest.mark.parametrize(
    "path",
    [
        "",
        "Participant",
        "Participant/PersonName/PersonSurName",
        "Participant[0]/PersonName/PersonSurName",
        "Participant[01]/PersonName/PersonSurName",
        "Participant[1]/PersonName",
        "Header[1]/Function",
        "Header/Function/Other",
        "header/function",
        "Header//Function",
    ],
)
def test_a_path_that_is_not_a_leaf_of_the_schema_has_no_place(path):
    assert TREES["locate"].place(path) is None


def test_places_sort_into_document_order():
    shape_of_kind = TREES["case-transfer"]
    orders = [shape_of_kind.place(path).order for path in LEAVES["case-transfer"]]
    assert orders == sorted(orders)


@pytest.mark.parametrize("kind", sorted(CATALOG.kinds))
def test_our_schemas_compile_when_their_includes_are_written_in(kind):
    info = CATALOG.kinds[kind]
    assert etree.XMLSchema(etree.fromstring(etree.tostring(merged(info.xsd, CATALOG.xsds))))
    assert TREES[kind].namespace == info.namespace


def test_every_path_of_the_catalog_exists():
    check_paths(CATALOG)


def test_a_column_with_an_unknown_path_is_refused_at_start():
    name, order = next(iter(CATALOG.columns.items()))
    wrong = replace(order.columns[0], path="Employee/ShoeSize", picture=Picture.TEXT)
    columns = {**CATALOG.columns, name: replace(order, columns=(wrong, *order.columns[1:]))}
    with pytest.raises(Misconfigured, match="Employee/ShoeSize"):
        check_paths(replace(CATALOG, columns=columns))


def test_facts_with_an_unknown_path_are_refused_at_start():
    info = CATALOG.kinds["locate"]
    wrong = replace(info, facts=replace(info.facts, serial=("{Header/Nothing}",)))
    with pytest.raises(Misconfigured, match="Header/Nothing"):
        check_paths(replace(CATALOG, kinds={**CATALOG.kinds, "locate": wrong}))


def test_a_layout_with_an_unknown_path_is_refused_at_start():
    layout = CATALOG.layouts["csenet-case"]
    fields = tuple(replace(f, path="Nowhere") if f.path else f for f in layout.fields)
    layouts = {**CATALOG.layouts, "csenet-case": replace(layout, fields=fields)}
    with pytest.raises(Misconfigured, match="Nowhere"):
        check_paths(replace(CATALOG, layouts=layouts))
