"""Format xml: records and batches as partners post and receive them."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Kind
from gateway.core.ports.formats import Frame, Heading
from tests.unit.contents import CATALOG, COVER, calm, contents, decode_all, rules_of, valid_new_hire
from transforms.canonical import Canonical
from transforms.xml_format import XmlFormat

CANONICAL = Canonical(CATALOG)
XML = XmlFormat(CATALOG)
VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "xml").glob("*.vector"))
HIRE = '<NewHire xmlns="urn:child-support-gateway:new-hire:1">'


def decode(text):
    return XML.decode(Frame(1, text.encode(), 1), Heading())


@calm
@given(st.lists(contents(), max_size=4))
def test_what_is_encoded_is_decoded_exactly(records):
    found = decode_all(XML, XML.encode(records, COVER).body)
    assert [decoded.content for decoded in found] == records
    assert not any(decoded.findings for decoded in found)


def test_one_record_is_a_document_of_its_own_and_several_are_a_batch():
    one = XML.encode([valid_new_hire()], COVER)
    two = XML.encode([valid_new_hire()] * 2, COVER)
    assert one.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<NewHire ')
    assert b"<Batch " in two.body
    assert (one.media_type, one.extension, one.findings) == ("application/xml", ".xml", ())


def test_prefixes_comments_and_character_data_sections_are_accepted():
    decoded = decode(
        '<n:NewHire xmlns:n="urn:child-support-gateway:new-hire:1" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b">'
        "<!-- c --><n:HireDate>2026-<!-- c -->01-31</n:HireDate><n:Employer>\n"
        "<n:EmployerName> A <![CDATA[& <Sons>]]> &#x26; </n:EmployerName></n:Employer></n:NewHire>"
    )
    assert decoded.content.fields == {"HireDate": "2026-01-31", "Employer/EmployerName": " A & <Sons> & "}
    assert decoded.findings == ()


@pytest.mark.parametrize("day", ["2026-01-31", "\n  2026-01-31\n", "\t2026-01-31&#13;", " <!-- c --> 2026-01-31 "])
def test_white_space_around_a_day_or_an_amount_is_none_of_it(day):
    order = f"<Order><OrderFilingDate>{day}</OrderFilingDate><OrderAmount> -5.00 </OrderAmount></Order>"
    decoded = decode(f'<CaseTransfer xmlns="urn:child-support-gateway:case-transfer:1">{order}</CaseTransfer>')
    assert decoded.content.fields == {"Order[1]/OrderFilingDate": "2026-01-31", "Order[1]/OrderAmount": "-5.00"}
    assert decoded.findings == ()


@pytest.mark.parametrize(
    "empty", ["<Participant/>", "<Participant> </Participant>", "<Participant><Address/></Participant>"]
)
def test_an_empty_element_takes_no_number_among_those_of_its_name(empty):
    full = "<Participant><RelationshipCode>D</RelationshipCode></Participant>"
    decoded = decode(f'<Locate xmlns="urn:child-support-gateway:locate:1">{empty}{full}{empty}{full}</Locate>')
    assert list(decoded.content.fields) == ["Participant[1]/RelationshipCode", "Participant[2]/RelationshipCode"]
    assert set(rules_of(decoded)) == {"XML-EMPTY"}
    assert CANONICAL.read(CANONICAL.write(decoded.content)) == decoded.content


def test_a_day_of_white_space_alone_is_left_for_the_schema_to_refuse():
    decoded = decode(f"{HIRE}<HireDate> </HireDate></NewHire>")
    assert "XSD-TYPE" in {found.rule for found in CANONICAL.validate(CANONICAL.write(decoded.content), 1)}


@pytest.mark.parametrize(
    ("body", "rule", "path"),
    [
        ("<ShoeSize>44</ShoeSize>", "XML-UNKNOWN", "ShoeSize"),
        ("<Employee><x.1>a</x.1></Employee>", "XML-UNKNOWN", "Employee/x??"),
        ('<HireDate xmlns="">2026-01-31</HireDate>', "XML-UNKNOWN", "HireDate"),
        ("<HireDate><b/></HireDate>", "XML-UNKNOWN", "HireDate"),
        ("<HireStateCode>OH</HireStateCode><HireDate>2026-01-31</HireDate>", "XML-ORDER", "HireDate"),
        ("<HireDate>2026-01-31</HireDate><HireDate>2026-02-01</HireDate>", "XML-REPEATED", "HireDate"),
        ("<Employee>secret</Employee>", "XML-TEXT", "Employee"),
        ("<HireDate>2026-01-31</HireDate>secret", "XML-TEXT", "Employee"),
        ('<HireDate id="secret">2026-01-31</HireDate>', "XML-ATTRIBUTE", "HireDate"),
        ("<HireDate/>", "XML-EMPTY", "HireDate"),
        ("<Employer>\n</Employer>", "XML-EMPTY", "Employer"),
    ],
)
def test_what_leaves_the_schema_is_found_with_its_line_and_never_its_value(body, rule, path):
    (finding,) = XML.decode(Frame(3, f"{HIRE}\n{body}</NewHire>".encode(), 10), Heading()).findings
    assert finding.rule == rule
    assert finding.record == 3
    if rule != "XML-TEXT":
        assert finding.path == path
        assert finding.line == 11
    assert "secret" not in repr(finding)


def test_the_first_of_two_values_is_kept_beside_the_finding():
    decoded = decode(f"{HIRE}<HireDate>2026-01-31</HireDate><HireDate>2026-02-01</HireDate></NewHire>")
    assert decoded.content.fields == {"HireDate": "2026-01-31"}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<!DOCTYPE a><a/>", "XML-DOCTYPE"),
        ("<NewHire", "XML-MALFORMED"),
        ("", "XML-MALFORMED"),
        ("<NewHire/>", "XML-KIND"),
        ('<NewHire xmlns="urn:other"/>', "XML-KIND"),
    ],
)
def test_an_unreadable_record_has_no_content(body, rule):
    decoded = decode(body)
    assert (decoded.content, rules_of(decoded)) == (None, [rule])


def test_a_fault_in_one_record_leaves_its_neighbours_alone():
    good = XML.encode([valid_new_hire()] * 2, COVER).body
    found = decode_all(XML, good.replace(b"<HireDate>", b"<HireDay>", 1).replace(b"</HireDate>", b"</HireDay>", 1))
    assert [rules_of(decoded) for decoded in found] == [["XML-UNKNOWN"], []]


def test_a_kind_that_is_not_in_the_catalog_cannot_be_written():
    with pytest.raises(Unprocessable, match="cannot write kind dog-tag"):
        XML.encode([Content(Kind("dog-tag"), {})], COVER)


def test_the_format_travels_to_worker_processes():
    copy = pickle.loads(pickle.dumps(XML))  # noqa: S301 - our own bytes
    assert copy.encode([valid_new_hire()], COVER) == XML.encode([valid_new_hire()], COVER)


@calm
@given(st.binary(max_size=200))
def test_any_bytes_decode_to_findings_not_to_errors(body):
    assert XML.decode(Frame(1, body, None), Heading()).findings


@pytest.mark.parametrize("vector", VECTORS, ids=lambda path: path.stem)
def test_vectors(vector):
    """A vector is ``expect:`` with the rules that are found (none: accepted), ``records:``, a blank line, the file."""
    head, _, body = vector.read_bytes().partition(b"\n\n")
    expected = dict(line.split(": ") if ": " in line else (line.rstrip(":"), "") for line in head.decode().split("\n"))
    reader = XML.reader()
    frames = [*reader.feed(body), *reader.finish()]
    decoded = [XML.decode(frame, reader.heading) for frame in frames]
    rules = [f.rule for f in reader.findings] + [f.rule for one in decoded for f in one.findings]
    assert rules == expected["expect"].split()
    assert sum(1 for one in decoded if one.content) == int(expected["records"])


def test_there_are_vectors():
    assert len(VECTORS) > 5
