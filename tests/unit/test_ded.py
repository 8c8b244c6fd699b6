"""The DED segment and the addenda records that carry it: the convention, its variants, and hostile text."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.model import Content, FormatName, Kind
from gateway.tools import speech
from tests.unit.fixed_width_samples import COVER, EXAMPLES, PRINTABLE
from transforms import ded, formats

CATALOG = schemas.load()
ACH = formats(CATALOG)[FormatName("ach-ded")]
CANONICAL = speech().canonical
FILE = (EXAMPLES / "employer-payments.ach").read_bytes().splitlines()
SEGMENT = "DED*CS*SYN000000101*250314*21250*900010101*Y*SAMPLE,ALP*3904900*Y\\"
VALUES = {
    "Payment/ApplicationCode": "CS",
    "Payment/RemittanceID": "SYN000000101",
    "Payment/PayDate": "2025-03-14",
    "Payment/PaymentAmount": "212.50",
    "Payment/PersonSSNIdentification": "900010101",
    "Payment/MedicalSupportCode": "Y",
    "Payment/ObligorShortName": "SAMPLE,ALP",
    "Payment/FIPSCode": "3904900",
    "Payment/EmploymentTerminationIndicator": "Y",
}
PLAIN = PRINTABLE.replace("*", "").replace("\\", "")


def words(least, most):
    return st.text(PLAIN, min_size=least, max_size=most).filter(lambda text: text == text.rstrip(" "))


payments = st.fixed_dictionaries(
    {
        "Payment/ApplicationCode": words(2, 2),
        "Payment/RemittanceID": words(1, 20),
        "Payment/PayDate": st.dates(date(1970, 1, 1), date(2069, 12, 31)).map(date.isoformat),
        "Payment/PaymentAmount": st.integers(0, 10**10 - 1).map(lambda cents: f"{cents // 100}.{cents % 100:02d}"),
        "Payment/PersonSSNIdentification": st.integers(0, 99_999_999).map(lambda number: f"9{number:08d}"),
        "Payment/MedicalSupportCode": st.sampled_from("YNW"),
    },
    optional={
        "Payment/ObligorShortName": words(1, 10),
        "Payment/FIPSCode": words(5, 7),
        "Payment/EmploymentTerminationIndicator": st.just("Y"),
    },
)


@settings(max_examples=60, deadline=None)
@given(payments)
def test_any_payment_is_written_into_80_characters_and_read_again(values):
    segment, flaws = ded.write(values)
    assert flaws == []
    assert len(segment) <= 80
    assert ded.read(segment) == (values, [])


def test_the_segment_of_the_convention_is_read_and_written_to_the_character():
    assert ded.read(SEGMENT) == (VALUES, [])
    assert ded.write(VALUES) == (SEGMENT, [])


@pytest.mark.parametrize(
    ("segment", "left_out"),
    [
        ("DED*CS*SYN000000101*250314*21250*900010101*Y***\\", 3),
        ("DED*CS*SYN000000101*250314*21250*900010101*Y*SAMPLE,ALP**\\", 2),
        ("DED*CS*SYN000000101*250314*21250*900010101*Y\\", 3),
        ("DED*CS*SYN000000101*250314*21250*900010101*Y*SAMPLE,ALP\\", 2),
        ("DED*CS*SYN000000101*250314*0000021250*900010101*Y*SAMPLE,ALP*3904900*\\", 1),
        ("DED*CS*SYN000000101        *250314*0000021250*900010101*Y*SAMPLE,ALP*3904900* \\ ", 1),
    ],
)
def test_omitted_elements_zero_filled_amounts_and_full_width_are_read(segment, left_out):
    values, flaws = ded.read(segment)
    assert flaws == []
    assert len(values) == 9 - left_out
    assert values.items() <= VALUES.items()


def test_a_pay_date_of_eight_digits_is_read_with_a_warning():
    values, (flaw,) = ded.read(SEGMENT.replace("250314", "20250314"))
    assert values == VALUES
    assert (flaw.rule, flaw.severity, flaw.element, flaw.length) == ("DED-DATE-LONG", "warning", "DED03", 8)


@pytest.mark.parametrize(
    ("old", "new", "rule", "element"),
    [
        ("DED*", "TXP*", "DED-SEGMENT", None),
        ("\\", "", "DED-TERMINATOR", None),
        ("\\", "\\X", "DED-TERMINATOR", None),
        ("*Y\\", "*Y*\\", "DED-ELEMENTS", None),
        ("*CS*", "**", "DED-ELEMENT-MISSING", "DED01"),
        ("*CS*", "*CSX*", "DED-ELEMENT", "DED01"),
        ("SYN000000101", "", "DED-ELEMENT-MISSING", "DED02"),
        ("SYN000000101", "S" * 21, "DED-ELEMENT", "DED02"),
        ("250314", "250230", "DED-ELEMENT", "DED03"),
        ("250314", "031425", "DED-ELEMENT", "DED03"),
        ("250314", "", "DED-ELEMENT-MISSING", "DED03"),
        ("21250", "212.50", "DED-ELEMENT", "DED04"),
        ("21250", "1,250", "DED-ELEMENT", "DED04"),
        ("21250", "+2125", "DED-ELEMENT", "DED04"),
        ("21250", "00000021250", "DED-ELEMENT", "DED04"),
        ("900010101", "900-01-010", "DED-ELEMENT", "DED05"),
        ("900010101", "90001010", "DED-ELEMENT", "DED05"),
        ("*Y*SAMPLE", "**SAMPLE", "DED-ELEMENT-MISSING", "DED06"),
        ("SAMPLE,ALP", "SAMPLE,ALPH", "DED-ELEMENT", "DED07"),
        ("3904900", "3904", "DED-ELEMENT", "DED08"),
        ("*Y\\", "*N\\", "DED-ELEMENT", "DED09"),
    ],
)
def test_each_fault_of_a_segment_names_its_element_and_place(old, new, rule, element):
    segment = SEGMENT.replace(old, new)
    _, flaws = ded.read(segment)
    assert [(flaw.rule, flaw.element) for flaw in flaws] == [(rule, element)]
    if rule == "DED-ELEMENT":
        found = segment[flaws[0].start - 1 : flaws[0].start - 1 + flaws[0].length]
        assert found == new.strip("*\\").split("*")[0]


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.text(PRINTABLE, max_size=80), st.text("DED*CSY\\0123456789 ", max_size=76).map("DED*".__add__)))
def test_any_text_is_read_without_an_exception_and_places_stay_inside(text):
    values, flaws = ded.read(text)
    assert flaws or len(values) >= 6
    assert all(flaw.start >= 1 and flaw.start + flaw.length - 1 <= len(text) + 3 for flaw in flaws)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Payment/RemittanceID", "S*1"),
        ("Payment/RemittanceID", "S\\1"),
        ("Payment/RemittanceID", "S" * 21),
        ("Payment/RemittanceID", "SÉ"),
        ("Payment/PayDate", "2071-01-01"),
        ("Payment/PaymentAmount", "-1.00"),
        ("Payment/PaymentAmount", "100000000.00"),
        ("Payment/PersonSSNIdentification", "9000"),
        ("Payment/ObligorShortName", "SAMPLE,ALPHA"),
        ("Payment/EmploymentTerminationIndicator", "X"),
    ],
)
def test_what_does_not_fit_the_segment_is_a_finding_and_never_cut(path, value):
    segment, flaws = ded.write({**VALUES, path: value})
    assert [(flaw.rule, flaw.path) for flaw in flaws] == [("DED-ELEMENT", path)]
    assert value not in segment


def ach(rows, end=b"\n"):
    """Rules of the file, rules of the records, contents."""
    reader = ACH.reader()
    body = b"".join(row + end for row in rows)
    frames = [*reader.feed(body), *reader.finish()]
    decoded = [ACH.decode(frame, reader.heading) for frame in frames]
    found = [f"{one.record}:{one.rule}" for each in decoded for one in each.findings]
    return [one.rule for one in reader.findings], found, [one.content for one in decoded]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r", b"  \n"])
def test_a_file_is_read_with_any_line_end_or_none(end):
    rows = [*FILE, *[b"9" * 94] * 3]
    assert ach(rows, end) == ach(FILE, b"\r\n")
    told, found, contents = ach(rows, end)
    assert (told, found, len(contents)) == ([], [], 3)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows[:-1], ["ACH-CUT-OFF"]),
        (lambda rows: rows[:4], ["ACH-CUT-OFF"]),
        (lambda rows: rows[1:], ["ACH-ORDER"]),
        (lambda rows: [rows[0], *rows], ["ACH-ORDER"]),
        (lambda rows: [*rows[:2], *rows[3:]], ["ACH-ORDER"]),
        (lambda rows: [*rows, rows[3]], ["ACH-ORDER"]),
        (lambda rows: [rows[3], *rows], ["ACH-ORDER"]),
        (lambda rows: [rows[0][:-1], *rows[1:]], ["ACH-LENGTH"]),
        (lambda rows: [rows[0], rows[1] + b"X", *rows[2:]], ["ACH-LENGTH"]),
        (lambda rows: [*rows, rows[-1]], ["ACH-ORDER"]),
        (lambda rows: [row for row in rows if row[:1] == b"7"], []),
    ],
)
def test_a_file_that_is_not_in_order_or_not_whole_is_refused(change, expected):
    assert ach(change(FILE))[0] == expected
    assert all(CATALOG.rule(rule) for rule in expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"705DED", b"799DED", {"1:FIX-CONSTANT"}),
        (b"0001000", b"0002000", {"1:FIX-CONSTANT"}),
        (b"DED*CS", b"TXP*CS", {"1:DED-SEGMENT"}),
        (b"SYN0", b"S\x01N0", {"1:FIX-CHARACTER"}),
        (b"0000001", b"000000A", {"1:FIX-DIGITS"}),
        (b"0000001", b"       ", {"1:FIX-REQUIRED"}),
        (b"705DED", b"205DED", {"1:ACH-RECORD-UNKNOWN"}),
    ],
)
def test_a_faulty_addenda_record_is_a_finding_of_that_record_alone(old, new, expected):
    first, second, _ = (row for row in FILE if row.startswith(b"7"))
    head, tail = first[:-7], first[-7:]
    record = head + tail.replace(old, new) if old == b"0000001" else first.replace(old, new, 1)
    told, found, contents = ach([record, second])
    assert (told, set(found)) == ([], expected)
    assert contents[1] is not None


def test_a_finding_in_the_segment_stands_at_its_byte_of_the_record():
    record = next(row for row in FILE if row.startswith(b"7")).replace(b"*250314*", b"*250230*")
    reader = ACH.reader()
    (finding,) = ACH.decode([*reader.feed(record), *reader.finish()][0], reader.heading).findings
    assert (finding.field, finding.start, finding.length) == ("DED03", record.index(b"250230") + 1, 6)


def test_a_record_of_a_wrong_length_spoils_no_other():
    rows = [row.replace(b"*21250*", b"*212500*") for row in FILE]
    assert {len(row) for row in rows} == {94, 95}
    told, found, contents = ach(rows)
    assert (told, found) == ([], ["1:FIX-LENGTH"])
    assert [one is None for one in contents] == [True, False, False]


def payment(**entry):
    entries = {f"Entry/{name}": value for name, value in entry.items()}
    return Content(Kind("withholding-payment"), {**VALUES, **entries})


def test_an_addenda_record_is_built_with_the_end_of_the_trace_number():
    for entry in ({"EntryDetailSequenceNumber": "0000042"}, {"TraceNumber": "000000010000042"}):
        encoded = ACH.encode([payment(**entry)], COVER)
        assert encoded.body == f"705{SEGMENT.ljust(80)}00010000042\n".encode()
    assert "FIX-NOT-CARRIED" in {one.rule for one in encoded.findings}


def test_without_a_trace_number_none_is_made_up():
    findings = ACH.encode([payment()], COVER).findings
    expected = [("FIX-REQUIRED", "Entry/EntryDetailSequenceNumber"), ("ACH-BARE", None)]
    assert [(one.rule, one.path) for one in findings] == expected


def test_a_protective_mark_keeps_a_payment_from_leaving_in_addenda():
    marked = Content(Kind("withholding-payment"), {**payment().fields, "FamilyViolenceIndicator": "Y"})
    assert CANONICAL.facts(marked).family_violence
    assert "FIX-MARK-LOST" in {one.rule for one in ACH.encode([marked], COVER).findings}
