"""Format json: the canonical form as JSON, cut from files of any size."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Kind
from gateway.core.ports.formats import Frame, Heading
from tests.unit.contents import CATALOG, COVER, calm, contents, cut_at_once, decode_all, rules_of, valid_new_hire
from transforms.json_cutter import DEPTH_LIMIT, JsonCutter
from transforms.json_format import JsonFormat
from transforms.json_text import MEMBERS

JSON = JsonFormat(CATALOG)


def cut(body, piece=None):
    cutter = JsonCutter()
    step = piece or len(body) or 1
    frames = [frame for n in range(0, len(body), step) for frame in cutter.feed(body[n : n + step])]
    frames += cutter.finish()
    return [(f.ordinal, f.body, f.line) for f in frames], [finding.rule for finding in cutter.findings]


def decode(body):
    return JSON.decode(Frame(1, body if isinstance(body, bytes) else body.encode(), 1), Heading())


# --- decode and encode -----------------------------------------------------------------------------------------------


@calm
@given(st.lists(contents(), max_size=4))
def test_what_is_encoded_is_decoded_exactly(records):
    found = decode_all(JSON, JSON.encode(records, COVER).body)
    assert [decoded.content for decoded in found] == records
    assert not any(decoded.findings for decoded in found)


def test_the_shape_is_that_of_the_schema_with_arrays_where_elements_repeat():
    fields = {"Header/Function": "LO1", "Participant[1]/RelationshipCode": "C", "Participant[2]/RelationshipCode": "D"}
    body = json.loads(JSON.encode([Content(Kind("locate"), fields)], COVER).body)
    assert body == {
        "kind": "locate",
        "Header": {"Function": "LO1"},
        "Participant": [{"RelationshipCode": "C"}, {"RelationshipCode": "D"}],
    }


def test_members_are_written_and_read_in_schema_order():
    backwards = '{"HireDate":"2026-01-31","Employee":{"PersonSSNIdentification":"900000001"},"kind":"new-hire"}'
    assert list(decode(backwards).content.fields) == ["Employee/PersonSSNIdentification", "HireDate"]


def test_an_empty_object_takes_no_number_among_those_of_its_name():
    decoded = decode(
        '{"kind":"locate","Participant":[{},{"RelationshipCode":"C"},{"Address":{}},{"RelationshipCode":"D"}]}'
    )
    assert decoded.content.fields == {"Participant[1]/RelationshipCode": "C", "Participant[2]/RelationshipCode": "D"}
    assert [(found.rule, found.path) for found in decoded.findings] == [
        ("JSON-EMPTY", "/Participant/0"),
        ("JSON-EMPTY", "/Participant/2/Address"),
    ]


@pytest.mark.parametrize("member", ['"Participant":[@]', '"Nobody":[[@]]', '"Note":"\\",@","Nobody":[@]'])
def test_a_record_of_more_members_than_any_real_one_is_refused_before_it_is_looked_at(member):
    decoded = decode('{"kind":"locate",' + member.replace("@", ",".join(["{}"] * (MEMBERS + 2))) + "}")
    assert (decoded.content, rules_of(decoded)) == (None, ["JSON-SIZE"])


def test_commas_within_texts_are_no_members():
    long = "," * 2 * MEMBERS
    assert decode(f'{{"kind":"new-hire","Employer":{{"EmployerName":"\\"{long}"}}}}').findings == ()


def test_white_space_around_a_day_or_an_amount_is_none_of_it():
    spaced = '{"kind":"case-transfer","Order":[{"OrderFilingDate":"\\n2026-01-31 ","OrderAmount":" -5.00"}]}'
    assert decode(spaced).content.fields == {"Order[1]/OrderFilingDate": "2026-01-31", "Order[1]/OrderAmount": "-5.00"}


@pytest.mark.parametrize(
    ("body", "rule", "path"),
    [
        ('{"kind":"new-hire","ShoeSize":"44"}', "JSON-UNKNOWN", "/ShoeSize"),
        ('{"kind":"new-hire","Employee":{"900000001":"44"}}', "JSON-UNKNOWN", "/Employee/?????????"),
        ('{"kind":"new-hire","HireDate":20260131}', "JSON-TYPE", "/HireDate"),
        ('{"kind":"new-hire","HireDate":1e999}', "JSON-TYPE", "/HireDate"),
        ('{"kind":"new-hire","HireDate":' + "9" * 5000 + "}", "JSON-TYPE", "/HireDate"),
        ('{"kind":"new-hire","HireDate":null}', "JSON-TYPE", "/HireDate"),
        ('{"kind":"new-hire","HireDate":["2026-01-31"]}', "JSON-TYPE", "/HireDate"),
        ('{"kind":"new-hire","Employee":"Ada"}', "JSON-TYPE", "/Employee"),
        ('{"kind":"locate","Participant":{"RelationshipCode":"C"}}', "JSON-TYPE", "/Participant"),
        (
            '{"kind":"locate","Participant":[{"RelationshipCode":"C"},{"RelationshipCode":7}]}',
            "JSON-TYPE",
            "/Participant/1/RelationshipCode",
        ),
        ('{"kind":"new-hire","Employee":{"a":1,"a":2}}', "JSON-DUPLICATE", "/Employee"),
        ('{"kind":"new-hire","HireDate":"a","HireDate":"b"}', "JSON-DUPLICATE", "/"),
        ('{"kind":"new-hire","HireDate":"\\ud800"}', "JSON-CHARACTER", "/HireDate"),
        ('{"kind":"new-hire","HireDate":"\\u0000"}', "JSON-CHARACTER", "/HireDate"),
        ('{"kind":"new-hire","HireDate":""}', "JSON-EMPTY", "/HireDate"),
        ('{"kind":"locate","Participant":[{}]}', "JSON-EMPTY", "/Participant/0"),
    ],
)
def test_what_leaves_the_schema_is_found_at_its_pointer(body, rule, path):
    finding = decode(body).findings[0]
    assert (finding.rule, finding.path, finding.record) == (rule, path, 1)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"kind":"new-hire","HireDate":"\xff"}', "JSON-ENCODING"),
        ('{"kind":"new-hire","HireDate":NaN}', "JSON-CONSTANT"),
        ('{"kind":"new-hire","HireDate":-Infinity}', "JSON-CONSTANT"),
        ('{"kind":"new-hire",}', "JSON-MALFORMED"),
        ('{"kind":"new-hire"} {}', "JSON-MALFORMED"),
        ("{'kind':'new-hire'}", "JSON-MALFORMED"),
        ('{"kind":"new-hire","HireDate":"a\nb"}', "JSON-MALFORMED"),
        ("", "JSON-MALFORMED"),
        ("[" * 100_000, "JSON-DEPTH"),
        ("[]", "JSON-SHAPE"),
        ("{}", "JSON-KIND"),
        ('{"kind":"dog-tag"}', "JSON-KIND"),
        ('{"kind":["new-hire"]}', "JSON-KIND"),
    ],
)
def test_an_unreadable_record_has_no_content(body, rule):
    decoded = decode(body)
    assert (decoded.content, rules_of(decoded)) == (None, [rule])


def test_a_kind_that_is_not_in_the_catalog_cannot_be_written():
    with pytest.raises(Unprocessable, match="cannot write kind dog-tag"):
        JSON.encode([Content(Kind("dog-tag"), {})], COVER)


def test_the_format_travels_to_worker_processes():
    copy = pickle.loads(pickle.dumps(JSON))  # noqa: S301 - our own bytes
    assert copy.encode([valid_new_hire()], COVER) == JSON.encode([valid_new_hire()], COVER)


# --- cutting ---------------------------------------------------------------------------------------------------------

WELL_FORMED = {
    "one record": (b'{"a": {"b": "}"}}', [(1, b'{"a": {"b": "}"}}', 1)]),
    "byte order mark": (b"\xef\xbb\xbf{}", [(1, b"{}", 1)]),
    "empty object": (b"{}", [(1, b"{}", 1)]),
    "lines": (b'{"a":"1"}\n\n{"a":"2"}\r\n', [(1, b'{"a":"1"}', 1), (2, b'{"a":"2"}', 3)]),
    "one after the other": (b"{}{} {}", [(1, b"{}", 1), (2, b"{}", 1), (3, b"{}", 1)]),
    "records": (b' {\n"records" : [ {"a":1} ,\n{"b":[1,2]}]\n}\n', [(1, b'{"a":1}', 2), (2, b'{"b":[1,2]}', 3)]),
    "no records": (b'{"records": [ ]}', []),
    "escapes": (b'{"records":[{"a":"\\\\"},{"a":"\\"]}"}]}', [(1, b'{"a":"\\\\"}', 1), (2, b'{"a":"\\"]}"}', 1)]),
    "not objects": (b'{"records":[1,"a,]",{}]}', [(1, b"1", 1), (2, b'"a,]"', 1), (3, b"{}", 1)]),
    "trailing comma": (b'{"records":[{},]}', [(1, b"{}", 1), (2, b"", 1)]),
}


@pytest.mark.parametrize("piece", [None, 1, 2, 5])
@pytest.mark.parametrize(("body", "frames"), WELL_FORMED.values(), ids=WELL_FORMED)
def test_files_are_cut_into_records(body, frames, piece):
    assert cut(body, piece) == (frames, [])


BROKEN = {
    "empty": (b"", "JSON-CUT"),
    "blank": (b" \n", "JSON-CUT"),
    "array": (b"[{}]", "JSON-SHAPE"),
    "text": (b"hello", "JSON-SHAPE"),
    "records not an array": (b'{"records": {}}', "JSON-SHAPE"),
    "another member": (b'{"records": [], "more": 1}', "JSON-SHAPE"),
    "wrong bracket": (b'{"records": [}', "JSON-SHAPE"),
    "after the end": (b'{"records": []} {}', "JSON-SHAPE"),
    "text after a record": (b"{} hello", "JSON-SHAPE"),
    "cut off record": (b'{"a": "', "JSON-CUT"),
    "cut off array": (b'{"records": [', "JSON-CUT"),
    "cut off envelope": (b'{"records": []', "JSON-CUT"),
    "deep": (b'{"a":' + b"[" * DEPTH_LIMIT, "JSON-DEPTH"),
}


@pytest.mark.parametrize("piece", [None, 1, 3])
@pytest.mark.parametrize(("body", "rule"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_cut_to_its_end_says_why(body, rule, piece):
    assert cut(body, piece)[1] == [rule]


def test_the_depth_that_is_allowed_is_read():
    body = b'{"a":' + b"[" * (DEPTH_LIMIT - 1) + b"]" * (DEPTH_LIMIT - 1) + b"}"
    assert cut(body) == ([(1, body, 1)], [])


def test_memory_is_bounded_by_a_record_not_by_the_file():
    cutter = JsonCutter()
    cutter.feed(b'{"records":[')
    record = b'{"a":"' + b"x" * 5000 + b'"},'
    for _ in range(200):
        cutter.feed(record)
        assert len(cutter._buffer) < 2 * len(record)


def test_a_record_that_never_ends_is_refused_in_time():
    cutter = JsonCutter()
    cutter.feed(b'{"a":"')
    for _ in range(9):
        cutter.feed(b"x" * 2**20)
    assert [finding.rule for finding in cutter.findings] == ["JSON-SIZE"]
    assert not cutter._buffer


def test_a_long_list_of_records_is_cut_without_looking_at_bytes_twice():
    body = JSON.encode([valid_new_hire()] * 3000, COVER).body
    frames, findings = cut_at_once(JSON, body)
    assert (len(frames), findings) == (3000, ())


punctuation = st.lists(
    st.sampled_from(['{"records":[', "{", "}", "[", "]", ",", '"', "\\", ":", "a", " ", "\n", '{"a":"b"}']), max_size=25
)


@calm
@given(punctuation, st.integers(1, 7))
def test_any_brackets_are_cut_alike_in_any_pieces(parts, piece):
    body = "".join(parts).encode()
    assert cut(body, piece) == cut(body)


@calm
@given(st.binary(max_size=200))
def test_any_bytes_decode_to_findings_not_to_errors(body):
    assert JSON.decode(Frame(1, body, None), Heading()).findings
