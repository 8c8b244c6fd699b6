"""Formats newhire-csv-*: the column orders of three states, read only."""

import csv
import io
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.catalog import Picture
from gateway.core.errors import Unprocessable
from gateway.core.model import FormatName
from gateway.core.ports.formats import Frame, Heading
from gateway.tools import speech
from tests.unit.contents import CATALOG, COVER, calm, cut_at_once, rules_of, valid_new_hire
from transforms.delimited import LINE_LIMIT, DelimitedFormat, LineCutter

ORDERS = {name: DelimitedFormat(CATALOG, name) for name in CATALOG.columns}
HIRES = sorted(name for name in ORDERS if name.startswith("newhire-"))
NC = ORDERS[FormatName("newhire-csv-nc")]
NC_COLUMNS = CATALOG.columns[FormatName("newhire-csv-nc")].columns
CANONICAL = speech().canonical

ROW = {
    "SSN": "900000001",
    "employee last name": "Sample",
    "employee first name": "Ada",
    "employer name": 'Acme "Test", Works',
    "FEIN": "990000001",
    "hire date": "20260131",
}


def line(columns=NC_COLUMNS, **changes):
    row = {**ROW, **{name.replace("_", " "): value for name, value in changes.items()}}
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([row.get(column.name, "") for column in columns])
    return text.getvalue()


def decode(text, format=NC):
    return format.decode(Frame(1, text if isinstance(text, bytes) else text.encode(), 1), Heading())


def cut(body, piece=None):
    cutter = LineCutter(CATALOG.columns[FormatName("newhire-csv-nc")])
    step = piece or len(body) or 1
    frames = [frame for n in range(0, len(body), step) for frame in cutter.feed(body[n : n + step])]
    frames += cutter.finish()
    return [(f.ordinal, f.body, f.line) for f in frames], [finding.rule for finding in cutter.findings]


@pytest.mark.parametrize("name", HIRES)
def test_a_row_becomes_a_valid_new_hire_whose_sender_is_the_employer(name):
    decoded = decode(line(CATALOG.columns[name].columns), ORDERS[name])
    assert decoded.findings == ()
    assert decoded.content.fields == {
        "Employee/PersonSSNIdentification": "900000001",
        "Employee/PersonName/PersonSurName": "Sample",
        "Employee/PersonName/PersonGivenName": "Ada",
        "Employer/EmployerName": 'Acme "Test", Works',
        "Employer/EmployerFEINID": "990000001",
        "HireDate": "2026-01-31",
    }
    assert CANONICAL.validate(CANONICAL.write(decoded.content), 1) == ()
    assert CANONICAL.facts(decoded.content).sender == "990000001"


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_every_column_lands_at_its_path(name):
    columns = CATALOG.columns[name].columns
    values = ["20260131" if c.picture is Picture.DATE else f"v{n}" for n, c in enumerate(columns)]
    values = ["" if c.picture is Picture.RESERVED else v[: c.length] for c, v in zip(columns, values, strict=True)]
    fields = decode(",".join(values), ORDERS[name]).content.fields
    for column, value in zip(columns, values, strict=True):
        if column.path:
            assert fields[column.path] == ("2026-01-31" if column.picture is Picture.DATE else value)
    assert CATALOG.columns[name].given.items() <= fields.items()


def test_the_orders_have_as_many_columns_as_their_sources_say():
    assert {name: len(order.columns) for name, order in CATALOG.columns.items()} == {
        "newhire-csv-nc": 22,
        "newhire-csv-nj": 25,
        "newhire-csv-ga": 44,
        "ks-injury-claims": 53,
    }


EXAMPLE = Path(__file__).parents[2] / "examples" / "agencies" / "kansas-injury-claims.csv"
CLAIMS = ORDERS[FormatName("ks-injury-claims")]


@pytest.mark.parametrize("delimiter", list("|;\t,"))
def test_a_delimiter_that_its_source_leaves_open_is_the_one_that_gives_all_columns(delimiter):
    claim = ["4711", "OSCAR", "SAMPLE, JR; A|B", *[""] * 50]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(claim)
    decoded = decode(text.getvalue(), CLAIMS)
    assert decoded.findings == ()
    assert decoded.content.fields == {
        **CATALOG.columns[FormatName("ks-injury-claims")].given,
        "PersonID": "4711",
        "PersonName/PersonGivenName": "OSCAR",
        "PersonName/PersonSurName": "SAMPLE, JR; A|B",
    }
    assert CANONICAL.validate(CANONICAL.write(decoded.content), 1) == ()
    assert rules_of(decode(text.getvalue() + delimiter, CLAIMS)) == ["CSV-COLUMNS"]


def test_claims_for_an_injury_are_read_with_their_days_and_amounts_as_they_stand():
    frames, told = cut_at_once(CLAIMS, EXAMPLE.read_bytes())
    decoded = [CLAIMS.decode(frame, Heading()) for frame in frames]
    assert (told, [one.findings for one in decoded]) == ((), [(), ()])
    first = decoded[0].content
    assert (first.get("InjuryClaim/LossDateText"), first.get("InjuryClaim/WeeklyRateText")) == ("02/11/2025", "412.50")
    assert first.get("InjuryClaim/ClaimantAttorney/FirmName") == "NOBODY AND SONS, LLC"
    facts = CANONICAL.facts(first)
    assert (facts.sender, facts.recipient, facts.tags["answer_type"]) == ("KS-COMPENSATION", "20", "InjuryClaim")


def test_a_cell_that_is_wider_than_its_receiver_has_room_for_is_a_finding_and_never_cut():
    decoded = decode("|".join(["9" * 10, "A" * 21, *[""] * 51]), CLAIMS)
    (finding,) = decoded.findings
    assert (finding.rule, finding.field, finding.note) == (
        "CSV-WIDTH",
        "claimant_first_name",
        "column 2: more than 20 characters",
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (line().rsplit(",", 1)[0], "CSV-COLUMNS"),
        (line() + ",", "CSV-COLUMNS"),
        ("", "CSV-COLUMNS"),
        (line() + '"', "CSV-QUOTE"),
        ('"' + line(), "CSV-QUOTE"),
        (line().encode() + b"\xff", "CSV-ENCODING"),
        ("x" * (LINE_LIMIT + 1), "CSV-LENGTH"),
    ],
    ids=["too few", "too many", "empty", "stray quote", "open quote", "encoding", "length"],
)
def test_an_unreadable_line_has_no_content(text, rule):
    decoded = decode(text)
    assert (decoded.content, rules_of(decoded)) == (None, [rule])


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"hire_date": "2026-01-31"}, "CSV-DATE", "hire date"),
        ({"hire_date": "20260230"}, "CSV-DATE", "hire date"),
        ({"hire_date": "01312026"}, "CSV-DATE", "hire date"),
        ({"birth_date": "00000000"}, "CSV-DATE", "birth date"),
        ({"filler": "~secret~"}, "CSV-RESERVED", "filler"),
        ({"employer_name": "a\x07b"}, "CSV-CHARACTER", "employer name"),
    ],
)
def test_a_bad_field_is_found_with_its_column_and_without_its_value(changes, rule, field):
    (finding,) = decode(line(**changes)).findings
    number = [column.name for column in NC_COLUMNS].index(field) + 1
    assert (finding.rule, finding.field, finding.line) == (rule, field, 1)
    assert finding.note.startswith(f"column {number}: ")
    assert next(iter(changes.values())) not in repr(finding)


def test_blank_fields_are_absent_and_all_others_are_kept_to_the_character():
    fields = decode(line(employee_city="   ", employee_state=" OH ")).content.fields
    assert "Employee/EmployeeAddress/AddressCityName" not in fields
    assert fields["Employee/EmployeeAddress/AddressStateCode"] == " OH "


LINES = {
    "endings": (b"a\rb\r\nc\nd", [(1, b"a", 1), (2, b"b", 2), (3, b"c", 3), (4, b"d", 4)]),
    "blank lines": (b"\r\n\na\n \nb\n", [(1, b"a", 3), (2, b"b", 5)]),
    "heading": (b"ssn,last name\na\n", [(1, b"a", 2)]),
    "quoted heading": (b'\xef\xbb\xbf"SSN","last name"\r\na\r\n', [(1, b"a", 2)]),
    "heading only first": (b"a\nssn,b\n", [(1, b"a", 1), (2, b"ssn,b", 2)]),
    "open quote": (b'"a\nb\n', [(1, b'"a', 1), (2, b"b", 2)]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("piece", [None, 1, 2])
@pytest.mark.parametrize(("body", "frames"), LINES.values(), ids=LINES)
def test_files_are_cut_into_lines(body, frames, piece):
    assert cut(body, piece) == (frames, [])


@pytest.mark.parametrize("piece", [1000, None])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nb\n"])
def test_a_line_that_does_not_end_in_time_is_fatal(end, piece):
    assert cut(b"a\n" + b"x" * (LINE_LIMIT + 1) + end, piece) == ([(1, b"a", 1)], ["CSV-LENGTH"])


@pytest.mark.parametrize("piece", [1000, None])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_a_line_of_just_the_limit_is_read(end, piece):
    frames, rules = cut(b"x" * LINE_LIMIT + end, piece)
    assert ([len(body) for _, body, _ in frames], rules) == ([LINE_LIMIT], [])


@calm
@given(st.lists(st.sampled_from(["a", ",", '"', "\r", "\n", "ssn", " "]), max_size=25), st.integers(1, 5))
def test_any_lines_are_cut_alike_in_any_pieces(parts, piece):
    body = "".join(parts).encode()
    assert cut(body, piece) == cut(body)


@calm
@given(st.dictionaries(st.sampled_from(["employee last name", "employer name", "employee city"]), st.text(max_size=20)))
def test_any_text_in_a_field_is_kept_or_found(values):
    decoded = decode(line(**values))
    found = dict(zip((c.name for c in NC_COLUMNS), (c.path for c in NC_COLUMNS), strict=True))
    if decoded.content and not decoded.findings:
        for name, value in values.items():
            assert decoded.content.fields.get(found[name], "") == (value if value.strip(" ") else "")


@calm
@given(st.binary(max_size=200))
def test_any_bytes_decode_to_findings_not_to_errors(body):
    assert decode(body).findings


def test_employers_files_are_never_written():
    with pytest.raises(Unprocessable, match="read only"):
        NC.encode([valid_new_hire()], COVER)


def test_the_format_travels_to_worker_processes():
    copy = pickle.loads(pickle.dumps(NC))  # noqa: S301 - our own bytes
    assert decode(line(), copy) == decode(line())
    assert cut_at_once(copy, b"a\n") == cut_at_once(NC, b"a\n")
