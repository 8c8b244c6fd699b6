"""Whole fixed-width files: what stands around the records, every line end, EBCDIC, drafts, and what is refused."""

import pickle
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.errors import Unprocessable
from gateway.core.model import Content, FormatName, Kind, RuleCode
from gateway.core.ports.formats import FormatState
from gateway.tools import speech
from tests.unit.fixed_width_samples import COVER, EXAMPLES, VECTORS, sampled, vector
from transforms import formats
from transforms.files import FixedFile

CATALOG = schemas.load(drafts=True)
FORMATS = {name: one for name, one in formats(CATALOG).items() if isinstance(one, FixedFile)}
CANONICAL = speech(drafts=True).canonical
WRITABLE = sorted(name for name in FORMATS if CATALOG.formats[name].writes)
OF_ANOTHER_FORM = {"tanf-report"}
"""Its social security numbers may be encoded: their form is in the schema, and no picture of the layout tells it."""
VECTOR_FILES = sorted((VECTORS / "fixed").glob("*.vector"))


def read(name: str, body: bytes, *pieces: int):
    format_ = FORMATS[FormatName(name)]
    reader, frames, at = format_.reader(), [], 0
    for size in (*pieces, len(body)):
        frames += reader.feed(body[at : at + size])
        at += size
    frames += reader.finish()
    decoded = [format_.decode(frame, reader.heading) for frame in frames]
    told = [f"file:{one.rule}" for one in reader.findings]
    told += [f"{one.record}:{one.rule}" for each in decoded for one in each.findings]
    return decoded, told, reader


def contents(name: str, seed: int = 7) -> list[Content]:
    """One valid content for each detail of a format, made of sampled records."""
    format_, order = FORMATS[FormatName(name)], CATALOG.files[FormatName(name)]
    chance, made = Random(seed), []  # noqa: S311 - sample data, not secrets
    head = next((r for r in order.records if r.role in ("header", "group")), None)
    opening = dict(order.given)
    if head is not None:
        format_._records.all[0].read(_marked(sampled(chance, CATALOG.layouts[head.layout]), head), opening)
    for record, compiled in zip(order.records, format_._records.all, strict=True):
        if record.role == "detail":
            fields = dict(opening)
            assert compiled.read(_marked(sampled(chance, CATALOG.layouts[record.layout]), record), fields) == []
            made.append(Content(order.kind, format_._sorted(fields)))
    return made


def _marked(text: str, record) -> str:
    for mark in record.marks:
        wanted = mark.text.replace("?", "9")
        text = text[: mark.start - 1] + wanted + text[mark.start - 1 + len(wanted) :]
    return text


@pytest.mark.parametrize("name", WRITABLE)
def test_what_is_written_is_read_again(name):
    made = contents(name)
    encoded = FORMATS[name].encode(made, COVER)
    assert [one for one in encoded.findings if one.severity.blocks] == []
    decoded, told, _ = read(name, encoded.body)
    assert [one for one in told if one != "file:FILE-DRAFT"] == []
    kept = [dict(one.content.fields) for one in decoded]
    for content in kept:
        content.pop("Transmission/TransmitterStateCode", None)
    wanted = [{p: v for p, v in c.fields.items() if p != "Transmission/TransmitterStateCode"} for c in made]
    assert kept == wanted


@pytest.mark.parametrize("name", sorted({*WRITABLE} - OF_ANOTHER_FORM))
def test_what_is_read_fits_the_schema_of_its_kind(name):
    for content in contents(name, seed=11):
        document = CANONICAL.write(content)
        assert [one.path for one in CANONICAL.validate(document, 1)] == []
        assert CANONICAL.facts(content).kind == content.kind


@pytest.mark.parametrize("name", WRITABLE)
def test_any_line_end_or_none_gives_the_same_records(name):
    order = CATALOG.files[FormatName(name)]
    encoding, length = order.encoding, order.length
    body = FORMATS[name].encode(contents(name), COVER).body
    lines = body.split(b"\n")
    body = body.replace(b"\n", b"" if encoding == "ascii" else b"\n")
    rows = lines if order.by_line else [body[at : at + length] for at in range(0, len(body), length)]
    wanted = None
    for end in ("", "\r", "\n", "\r\n"):
        joined = end.encode(encoding).join(rows)
        if not end and (name == "newhire-nv" or order.by_line):
            continue  # without marks only line ends tell the records apart; one record is the whole file here
        decoded, told, _ = read(name, joined)
        assert all(one == "file:FILE-DRAFT" for one in told)
        wanted = wanted or decoded
        assert decoded == wanted or end


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(WRITABLE), st.integers(1, 1500), st.integers(1, 1500))
def test_pieces_of_any_size_give_the_same_records(name, first, second):
    body = FORMATS[name].encode(contents(name), COVER).body
    whole, pieces = read(name, body), read(name, body, first, second)
    assert pieces[:2] == whole[:2]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=3000))
def test_any_bytes_are_read_without_an_exception(name, body):
    read(name, body, 100)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(WRITABLE), st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_read_without_an_exception(name, place, damage):
    body = FORMATS[name].encode(contents(name), COVER).body
    at = place % len(body)
    read(name, body[:at] + damage + body[at + 1 :])


@pytest.mark.parametrize("path", VECTOR_FILES, ids=lambda path: path.stem)
def test_vector(path: Path):
    head, body = vector(path)
    decoded, told, _ = read(head["format"], body)
    expected = [] if head["expect"] == "nothing" else head["expect"].split()
    assert len(decoded) == int(head["records"])
    assert sorted(told) == sorted(expected)


def fcr(count: int = 3) -> list[bytes]:
    body = FORMATS[FormatName("fcr-input")].encode(contents("fcr-input")[:count], COVER).body
    return body.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows[1:], "FILE-HEADER-MISSING"),
        (lambda rows: [rows[1], rows[0], *rows[2:]], "FILE-HEADER-MISSING"),
        (lambda rows: [rows[0], *rows], "FILE-HEADER-REPEATED"),
        (lambda rows: [*rows[:2], rows[0], *rows[2:]], "FILE-HEADER-REPEATED"),
        (lambda rows: rows[:-1], "FILE-TRAILER-MISSING"),
        (lambda rows: [*rows, rows[1]], "FILE-AFTER-TRAILER"),
        (lambda rows: [*rows[:-1], rows[-1].replace(b"00000005", b"00000009")], "FILE-COUNT"),
        (lambda rows: [*rows[:-1], rows[-1].replace(b"00000005", b"0000000X")], "FILE-TRAILER"),
        (lambda rows: [rows[0].replace(b"20250304", b"20250230"), *rows[1:]], "FILE-HEADER"),
        (lambda rows: [rows[0][:-2] + b"\n", *rows[1:]], "FILE-HEADER"),
        (lambda rows: [*rows[:-1], rows[-1][:300]], "FILE-CUT-OFF"),
    ],
)
def test_a_fault_around_the_records_refuses_the_whole_file(change, expected):
    _, told, reader = read("fcr-input", b"".join(change(fcr())))
    assert f"file:{expected}" in told
    assert all(one.severity == "fatal" for one in reader.findings)
    assert all(CATALOG.rule(one.rule) for one in reader.findings)


def test_both_ways_of_counting_are_accepted_where_no_source_tells_which():
    rows = fcr()
    rows[-1] = rows[-1].replace(b"00000005", b"00000003")
    assert read("fcr-input", b"".join(rows))[1] == []


def test_every_control_at_fault_is_named():
    body = FORMATS[FormatName("directory-match")].encode(contents("directory-match"), COVER).body
    broken = body.replace(b"000000000010000000000000000000003", b"000000000070000000000800000000009")
    _, told, reader = read("directory-match", broken)
    assert told.count("file:FILE-COUNT") == 3
    assert [one.field for one in reader.findings if one.rule == "FILE-COUNT"] == [
        "qw_records",
        "error_records",
        "total_records",
    ]


def test_an_unknown_agency_is_a_finding_of_that_record_alone():
    body = FORMATS[FormatName("fpls-answers")].encode(contents("fpls-answers")[:2], COVER).body
    decoded, told, _ = read("fpls-answers", body[:60] + b"Z77" + body[63:])
    assert told == ["1:FILE-RECORD-UNKNOWN"]
    assert [one.content is None for one in decoded] == [True, False]


def test_the_overlay_is_chosen_by_the_agency():
    decoded, _, _ = read(
        "fpls-answers", FORMATS[FormatName("fpls-answers")].encode(contents("fpls-answers"), COVER).body
    )
    by_agency = {
        one.content.get("AgencyCode"): {path.partition("/")[0] for path in one.content.fields} for one in decoded
    }
    assert "DefenseAnswer" in by_agency["A01"]
    assert "VeteransAnswer" in by_agency["F01"]
    assert "StateWageAgencyAnswer" in by_agency["B99"]
    assert "FederalEmployeeAnswer" in by_agency["B01"]


def test_ebcdic_says_the_same_as_ascii():
    made = contents("fcr-input")
    plain = FORMATS[FormatName("fcr-input")].encode(made, COVER).body
    for name in ("cp037", "cp1140"):
        body = FORMATS[FormatName(f"fcr-input-{name}")].encode(made, COVER).body
        assert body.decode(name) == plain.decode().replace("\n", "")
        assert read(f"fcr-input-{name}", body)[0] == read("fcr-input", plain)[0]


def test_bytes_that_ascii_does_not_know_are_findings_in_ebcdic():
    body = bytearray(FORMATS[FormatName("fcr-input-cp037")].encode(contents("fcr-input")[:1], COVER).body)
    body[640 + 10] = 0x9F
    assert "1:FIX-CHARACTER" in read("fcr-input-cp037", bytes(body))[1]


def test_an_employee_belongs_to_the_employer_before_it():
    first, *_ = contents("newhire-ma")
    other = Content(first.kind, {**first.fields, "Employer/EmployerName": "ANOTHER MILL"})
    body = FORMATS[FormatName("newhire-ma")].encode([first, first, other], COVER).body
    assert [line[:1] for line in body.splitlines()] == [b"A", b"B", b"B", b"A", b"B"]
    assert [line[89:95] for line in body.splitlines() if line[:1] == b"A"] == [b"000002", b"000001"]
    decoded, told, _ = read("newhire-ma", body)
    assert told == []
    assert decoded[2].content.get("Employer/EmployerName") == "ANOTHER MILL"
    assert "1:FILE-GROUP-MISSING" in read("newhire-ma", body.splitlines(keepends=True)[1])[1]


def test_a_wrong_count_of_a_group_refuses_the_file():
    body = FORMATS[FormatName("newhire-ma")].encode(contents("newhire-ma"), COVER).body
    assert read("newhire-ma", body.replace(b"000001 \n", b"000002 \n", 1))[1] == ["file:FILE-COUNT"]


def test_a_family_violence_mark_survives_and_is_a_fact():
    made = contents("fcr-input")[1]
    marked = Content(made.kind, {**made.fields, "FamilyViolenceIndicator": "Y"})
    assert CANONICAL.facts(marked).family_violence
    decoded, _, _ = read("fcr-input", FORMATS[FormatName("fcr-input")].encode([marked], COVER).body)
    assert decoded[0].content.get("FamilyViolenceIndicator") == "Y"
    prohibited = Content(Kind("locate-answer"), {"AgencyCode": "H99", "ResponseCode": "39"})
    assert CANONICAL.facts(prohibited).nondisclosure


def test_records_of_several_senders_do_not_go_under_one_header():
    (first,) = contents("newhire-ut")
    other = Content(first.kind, {**first.fields, "Employer/EmployerName": "ANOTHER MILL"})
    rules = [one.rule for one in FORMATS[FormatName("newhire-ut")].encode([first, other], COVER).findings]
    assert "FILE-HEADER-CONFLICT" in rules


def test_a_draft_is_withheld_unless_the_setting_allows_it_and_says_so_with_every_answer():
    shipped = schemas.load()
    drafts = {name for name, info in CATALOG.formats.items() if info.state is FormatState.DRAFT}
    assert drafts == set(shipped.withheld)
    assert not drafts & set(formats(shipped))
    for name in drafts & set(FORMATS):
        assert "file:FILE-DRAFT" in read(name, b"")[1]
    assert FORMATS[FormatName("newhire-ut")].encode(contents("newhire-ut"), COVER).findings[0].rule == "FILE-DRAFT"


def test_what_is_only_known_in_part_is_never_written():
    with pytest.raises(Unprocessable):
        FORMATS[FormatName("newhire-nc")].encode([], COVER)


def test_records_of_another_kind_are_not_written():
    with pytest.raises(Unprocessable):
        FORMATS[FormatName("newhire-wa")].encode([Content(Kind("wage"), {})], COVER)


def test_the_format_survives_the_way_to_a_worker_process():
    again = pickle.loads(pickle.dumps(FORMATS[FormatName("fcr-input")]))  # noqa: S301 - our own bytes
    assert again.encode(contents("fcr-input"), COVER) == FORMATS[FormatName("fcr-input")].encode(
        contents("fcr-input"), COVER
    )


def test_what_a_format_cannot_carry_is_named():
    content = contents("newhire-wa")[0]
    marked = Content(content.kind, {**content.fields, "Employee/FamilyViolenceIndicator": "Y", "HireStateCode": "WA"})
    rules = {one.rule for one in FORMATS[FormatName("newhire-wa")].encode([marked], COVER).findings}
    assert {RuleCode("FIX-MARK-LOST"), RuleCode("FIX-NOT-CARRIED")} <= rules


WITHOUT_EMPLOYER = {"newhire-tn", "newhire-vendor"}
"""Drafts of which no public source shows where the employer stands, without whom no hire is valid."""


def test_every_file_has_an_example():
    shown = {path.stem for path in (EXAMPLES / "fixed").iterdir()} | {"ije-natality", "ije-mortality"}
    assert {*CATALOG.files} - shown == set()


@pytest.mark.parametrize("path", sorted((EXAMPLES / "fixed").iterdir()), ids=lambda path: path.stem)
def test_every_example_is_read_without_a_blocking_finding_and_shows_nobody_real(path):
    decoded, told, _ = read(path.stem, path.read_bytes())
    assert [one for one in told if one != "file:FILE-DRAFT"] == []
    values = [v for one in decoded for p, v in one.content.fields.items() if "SSN" in p and v.isdecimal()]
    assert all(value.startswith(("9", "000", "666")) for value in values)
    for one in decoded:
        missing = CANONICAL.validate(CANONICAL.write(one.content), 1)
        assert {finding.field for finding in missing} == ({"Employer"} if path.stem in WITHOUT_EMPLOYER else set())
