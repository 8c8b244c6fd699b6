"""CSENet transactions: read, written to the byte, swapped for the recipient, and every fault named."""

import pickle
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import Unprocessable
from gateway.core.model import Content, Severity
from gateway.core.ports.formats import Frame, Heading
from gateway.core.rules import BusinessRules, told
from gateway.tools import speech
from tests.unit.fixed_width_samples import CATALOG, CHANCES, COVER, EXAMPLES, VECTORS, transaction, vector
from transforms.csenet import CsenetFormat
from transforms.csenet_reader import WINDOW

HUB = CsenetFormat(CATALOG)
STATE = CsenetFormat.outgoing(CATALOG)
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
TODAY = date(2025, 4, 1)


def frames(body: bytes, *pieces: int):
    reader = HUB.reader()
    found = []
    at = 0
    for size in (*pieces, len(body)):
        found += reader.feed(body[at : at + size])
        at += size
    return found + reader.finish(), reader


def verdict(body: bytes) -> list[str]:
    """Every finding as ``record:rule``, advice left out."""
    found, reader = frames(body)
    said = [f"file:{finding.rule}" for finding in reader.findings]
    for frame in found:
        decoded = HUB.decode(frame, reader.heading)
        findings = list(decoded.findings)
        if decoded.content:
            facts = CANONICAL.facts(decoded.content)
            judged = RULES.judge(decoded.content, facts, HUB.name, frame.ordinal, TODAY)
            schema = CANONICAL.validate(CANONICAL.write(decoded.content), frame.ordinal)
            findings = list(told(findings, schema, judged))
        assert all(finding.record == frame.ordinal for finding in findings)
        said += [f"{one.record}:{one.rule}" for one in findings if one.severity is not Severity.NOTICE]
    return said


def example() -> list[Content]:
    found, reader = frames((EXAMPLES / "ohio-to-michigan.csenet").read_bytes())
    return [HUB.decode(frame, reader.heading).content for frame in found]


@pytest.mark.parametrize("path", sorted((VECTORS / "csenet").glob("*.vector")), ids=lambda path: path.stem)
def test_vector(path):
    head, body = vector(path)
    expected = [] if head["expect"] == "nothing" else head["expect"].split()
    assert len(frames(body)[0]) == int(head["records"])
    assert sorted(verdict(body)) == sorted(expected)


@pytest.mark.parametrize("path", sorted((VECTORS / "csenet").glob("*.vector")), ids=lambda path: path.stem)
@settings(max_examples=8, deadline=None)
@given(size=st.integers(1, 700))
def test_pieces_of_any_size_give_the_same_frames(path, size):
    body = vector(path)[1]
    pieces = [size] * (len(body) // size)
    whole, reader = frames(body)
    cut, other = frames(body, *pieces)
    assert cut == whole
    assert other.findings == reader.findings


@settings(max_examples=40, deadline=None)
@given(CHANCES)
def test_every_valid_transaction_is_written_again_to_the_byte(chance):
    body = transaction(chance)
    decoded = STATE.decode(Frame(1, body), Heading())
    assert decoded.findings == ()
    written = STATE.encode([decoded.content], COVER)
    assert (written.body, written.findings) == (body + b"\r", ())


@settings(max_examples=20, deadline=None)
@given(CHANCES, st.integers(1, 3), st.sampled_from([b"\r", b"\n", b"\r\n"]))
def test_a_file_of_any_line_end_is_written_again(chance, number, end):
    bodies = [transaction(chance) for _ in range(number)]
    found, reader = frames(end.join(bodies) + end)
    contents = [STATE.decode(frame, reader.heading).content for frame in found]
    assert STATE.encode(contents, COVER).body == b"".join(body + b"\r" for body in bodies)


@settings(max_examples=20, deadline=None)
@given(CHANCES)
def test_the_canonical_document_keeps_a_transaction(chance):
    content = STATE.decode(Frame(1, transaction(chance)), Heading()).content
    assert CANONICAL.read(CANONICAL.write(content)) == content
    assert list(CANONICAL.read(CANONICAL.write(content)).fields) == list(content.fields)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_without_an_exception(body):
    verdict(body)


@settings(max_examples=20, deadline=None)
@given(CHANCES)
def test_the_schema_takes_every_value_that_the_layouts_take(chance):
    content = STATE.decode(Frame(1, transaction(chance)), Heading()).content
    assert CANONICAL.validate(CANONICAL.write(content), 1) == ()


def test_the_example_is_valid_and_covers_all_seven_functions():
    assert verdict((EXAMPLES / "ohio-to-michigan.csenet").read_bytes()) == []
    contents = example()
    assert {content.get("Header/Function") for content in contents} == set(CATALOG.codes["function"].codes)
    assert {content.kind for content in contents if content.get("Header/Function") == "LO1"} == {"locate"}
    assert {content.kind for content in contents if content.get("Header/Function") != "LO1"} == {"case-transfer"}


def test_the_faulty_example_has_its_faults():
    said = verdict((EXAMPLES / "faulty.csenet").read_bytes())
    assert {"2:CSE-LENGTH", "3:CSE-TRIPLE-UNKNOWN", "4:CSE-LENGTH", "5:FIX-CHARACTER"} <= set(said)
    assert not [one for one in said if one.startswith(("1:", "6:", "7:"))]


def test_the_recipient_finds_itself_under_local():
    content = example()[8]
    body = HUB.encode([content], COVER).body
    assert body[:14] == b"26163003904900"
    assert body[45:75].split() == [content.get(f"Header/{who}CaseID").encode() for who in ("Recipient", "Sender")]
    assert body[17:29].decode() == content.get("Header/TransactionSerialNumber")
    assert body[96:110] == b"20250304050607"
    assert len(body) == 121 + 351 + 181 + 1421 + 341 + 254 + 1


def test_the_sent_day_and_time_are_left_out_for_the_recipient_without_a_finding():
    contents = example()
    assert contents[0].get("Header/SentTime")
    assert HUB.encode(contents, COVER).findings == ()


def test_the_same_delivery_is_the_same_bytes():
    assert HUB.encode(example(), COVER) == HUB.encode(example(), COVER)


def test_a_tenth_participant_has_no_place():
    content = example()[2]
    fields = dict(content.fields) | {f"Participant[{n}]/PersonName/PersonSurName": "X" for n in range(1, 11)}
    findings = HUB.encode([Content(content.kind, fields)], COVER).findings
    assert "CSE-COUNT" in {finding.rule for finding in findings if finding.severity.blocks}


def test_a_new_hire_cannot_be_written():
    with pytest.raises(Unprocessable):
        HUB.encode([Content("new-hire", {})], COVER)


def test_a_faulty_header_is_told_alone():
    body = bytearray((EXAMPLES / "faulty.csenet").read_bytes().split(b"\r\n")[0])
    body[37:45] = b"20251399"
    body[45:60] = b"0" * 15
    assert verdict(bytes(body)) == ["1:FIX-DATE"]


def test_a_file_without_any_line_end_does_not_fill_the_memory():
    reader = HUB.reader()
    for _ in range(20):
        reader.feed(b"x" * WINDOW)
    assert [finding.rule for finding in reader.findings] == ["CSE-UNREADABLE"]
    assert len(reader._incoming.window(10**9)) <= 2 * WINDOW


def test_a_format_travels_to_a_worker_process():
    again = pickle.loads(pickle.dumps(STATE))  # noqa: S301 - our own bytes
    assert again.encode(example(), COVER) == STATE.encode(example(), COVER)
