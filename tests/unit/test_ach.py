"""Whole NACHA files: what their control records say, CTX entries, and the files that are written."""

from datetime import date
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.model import Content, FormatName, Kind
from gateway.core.rules import BusinessRules
from gateway.core.whole_file import WholeFile
from gateway.offline.layouts import blocks_of
from gateway.offline.recognise import Recogniser
from gateway.tools import speech
from tests.unit.fixed_width_samples import COVER, EXAMPLES, PRINTABLE

CATALOG = schemas.load()
FORMATS = speech().formats
ACH = FORMATS[FormatName("ach-ded")]
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
WHOLE = WholeFile.of(CATALOG)
EXAMPLE = (EXAMPLES / "employer-payments.ach").read_text().splitlines()
CTX = (EXAMPLES / "employer-payments-ctx.ach").read_text().splitlines()
HEADER, BATCH, ENTRY, ADDENDA, CONTROL, LAST = 0, 1, 2, 3, 8, 9
PLAIN = PRINTABLE.replace("*", "").replace("\\", "")


def read(rows):
    """What the file is told, what the records are told, contents."""
    reader = ACH.reader()
    body = "".join(f"{row}\n" for row in rows).encode()
    frames = [*reader.feed(body), *reader.finish()]
    decoded = [ACH.decode(frame, reader.heading) for frame in frames]
    found = [f"{one.record}:{one.rule}" for each in decoded for one in each.findings]
    return list(reader.findings), found, [one.content for one in decoded]


def rules(rows):
    return [one.rule for one in read(rows)[0]]


def changed(rows, row, start, text):
    """``start`` is 1-based."""
    line = rows[row]
    return [*rows[:row], f"{line[: start - 1]}{text}{line[start - 1 + len(text) :]}", *rows[row + 1 :]]


def test_a_payment_says_what_file_batch_and_entry_say():
    told, found, contents = read(EXAMPLE)
    assert (told, found) == ([], [])
    assert {path: contents[1].fields[path] for path in contents[1].fields if not path.startswith("Payment/")} == {
        "Entry/CompanyName": "ACME SAMPLE",
        "Entry/CompanyIdentificationCode": "1",
        "Entry/CompanyID": "990000001",
        "Entry/CompanyEntryText": "CHILD SUP",
        "Entry/CompanyDate": "2025-03-14",
        "Entry/EffectiveEntryDate": "2025-03-17",
        "Entry/OriginatingInstitutionID": "00000001",
        "Entry/TransactionCode": "22",
        "Entry/AccountNumber": "900000000000001",
        "Entry/TransmittalAmount": "1040.00",
        "Entry/ReceivingCompanyName": "OHIO TEST SDU",
        "Entry/TraceNumber": "000000010000002",
        "Entry/EntryDetailSequenceNumber": "0000002",
        "Entry/EntryClassCode": "CCD",
        "Entry/ReceivingInstitutionID": "000000013",
        "Entry/IdentificationNumber": "SYN000000000002",
        "PaymentFile/DestinationID": "000000013",
        "PaymentFile/OriginID": "990000001",
        "PaymentFile/DestinationName": "FICTION BANK",
        "PaymentFile/OriginName": "ACME SAMPLE WORKS",
    }


@pytest.mark.parametrize(
    ("row", "start", "text", "expected"),
    [
        (HEADER, 2, "02", [("ACH-RECORD", "priority_code")]),
        (HEADER, 24, "251399", [("ACH-RECORD", "file_creation_date")]),
        (HEADER, 35, "095", [("ACH-RECORD", "record_size")]),
        (BATCH, 2, "225", [("ACH-SERVICE-CLASS", None)] * 3 + [("ACH-BATCH", None)]),
        (BATCH, 42, "99000000X", [("ACH-BATCH", None)]),
        (BATCH, 80, "00000002", [("ACH-BATCH", None)]),
        (BATCH, 88, "000000X", [("ACH-RECORD", "batch_number"), ("ACH-BATCH", None)]),
        (
            ENTRY,
            2,
            "27",
            [("ACH-SERVICE-CLASS", None)]
            + [("ACH-TOTAL", name) for name in ("total_debit_amount", "total_credit_amount")] * 2,
        ),
        (ENTRY, 4, "99", [("ACH-HASH", "entry_hash")] * 2),
        (ENTRY, 30, "0000021251", [("ACH-TOTAL", "total_credit_amount")] * 2),
        (ENTRY, 30, "00000X1250", [("ACH-RECORD", "amount")] + [("ACH-TOTAL", "total_credit_amount")] * 2),
        (ENTRY, 79, "0", [("ACH-ADDENDA", None)]),
        (ENTRY, 88, "0000009", [("ACH-TRACE", None)]),
        (ADDENDA, 88, "0000009", [("ACH-TRACE", None)]),
        (CONTROL, 5, "000007", [("ACH-COUNT", "entry_addenda_count")]),
        (CONTROL, 11, "0000000004", [("ACH-HASH", "entry_hash")]),
        (CONTROL, 21, "000000000001", [("ACH-TOTAL", "total_debit_amount")]),
        (CONTROL, 33, "000000125251", [("ACH-TOTAL", "total_credit_amount")]),
        (CONTROL, 45, "2990000001", [("ACH-BATCH", None)]),
        (LAST, 2, "000002", [("ACH-COUNT", "batch_count")]),
        (LAST, 8, "000002", [("ACH-COUNT", "block_count")]),
        (LAST, 14, "00000007", [("ACH-COUNT", "entry_addenda_count")]),
        (LAST, 22, "0000000004", [("ACH-HASH", "entry_hash")]),
        (LAST, 44, "000000125251", [("ACH-TOTAL", "total_credit_amount")]),
        (LAST, 44, "00000012525X", [("ACH-RECORD", "total_credit_amount")]),
    ],
)
def test_each_control_that_does_not_agree_refuses_the_file_and_is_named(row, start, text, expected):
    told, _, _ = read(changed(EXAMPLE, row, start, text))
    assert [(one.rule, one.field) for one in told] == expected
    assert WHOLE.refused_by(told) == expected[0][0]
    assert all("125250" not in (one.note or "") for one in told)


def test_all_faults_of_a_file_are_named_at_once():
    rows = changed(changed(EXAMPLE, LAST, 2, "000009"), CONTROL, 33, "000000000001")
    assert rules([*rows[:ADDENDA], *rows[ADDENDA + 1 :]]) == [
        "ACH-ADDENDA",
        "ACH-COUNT",
        "ACH-TOTAL",
        "ACH-COUNT",
        "ACH-COUNT",
        "ACH-ENTRY-ALONE",
    ]


def test_the_file_of_before_is_taken_again_when_nothing_is_compared():
    """Control: without the rules that refuse whole files the faulty one would be taken."""
    told, _, contents = read(changed(EXAMPLE, LAST, 44, "000000125251"))
    assert WHOLE.refused_by(told) is not None
    assert WholeFile(frozenset(), WHOLE.formats).refused_by(told) is None
    assert len(contents) == 3


def test_an_entry_that_announces_no_addenda_is_money_that_nobody_explains():
    entry = f"622000000013900000000000001  0000001000SYN000000000004{'OHIO TEST SDU':22}  0000000010000004"
    control = changed(
        changed(changed(EXAMPLE, CONTROL, 5, "000007"), CONTROL, 11, "0000000004"), CONTROL, 33, "000000126250"
    )
    last = changed(changed(changed(control, LAST, 14, "00000007"), LAST, 22, "0000000004"), LAST, 44, "000000126250")
    rows = changed(last, LAST, 8, "000002")
    assert rules([*rows[:CONTROL], entry, *rows[CONTROL:]]) == ["ACH-ENTRY-ALONE"]


def test_a_wrong_check_digit_and_another_amount_than_the_entrys_are_warnings():
    assert read(changed(EXAMPLE, ENTRY, 12, "4"))[:2] == ([], ["1:ACH-ROUTING"])
    told, found, contents = read(changed(EXAMPLE, ADDENDA, 31, "21249"))
    assert (told, found) == ([], ["1:ACH-AMOUNT"])
    assert [contents[0].fields[path] for path in ("Payment/PaymentAmount", "Entry/TransmittalAmount")] == [
        "212.49",
        "212.50",
    ]


def test_a_companys_free_text_in_place_of_a_day_is_not_kept_and_said():
    told, found, contents = read(changed(EXAMPLE, BATCH, 64, "MAR 14"))
    assert (told, found) == ([], [f"{number}:FILE-NOT-KEPT" for number in (1, 2, 3)])
    assert "Entry/CompanyDate" not in contents[0].fields


def test_the_payments_of_a_ctx_entry_are_its_ded_segments():
    told, found, contents = read(CTX)
    assert ([one.rule for one in told], found) == (["CTX-PASSED-OVER"], [])
    assert [one.fields["Payment/PaymentAmount"] for one in contents] == ["212.50", "1040.00"]
    assert {one.fields["Entry/TransmittalAmount"] for one in contents} == {"1252.50"}
    plain = [{p: v for p, v in one.fields.items() if p.startswith("Payment/")} for one in read(EXAMPLE)[2][:2]]
    assert [{p: v for p, v in one.fields.items() if p.startswith("Payment/")} for one in contents] == plain
    for content in contents:
        assert CANONICAL.validate(CANONICAL.write(content), 1) == ()
        assert RULES.judge(content, CANONICAL.facts(content), ACH.name, 1, date(2026, 11, 1)) == ()
    assert Recogniser(CATALOG, FORMATS).fits("\n".join(CTX).encode()) == ("ach-ded",)


def ctx(text):
    """A file of one CTX entry of 1252.50 with this text."""
    pieces = [text[at : at + 80].ljust(80) for at in range(0, len(text), 80)]
    entry = changed(CTX, 2, 55, f"{len(pieces):04d}")[2]
    addenda = [f"705{piece}{number:04d}0000001" for number, piece in enumerate(pieces, 1)]
    count = len(pieces) + 1
    control = f"{CTX[-2][:4]}{count:06d}{CTX[-2][10:]}"
    blocks = -(-(count + 4) // 10)
    last = f"{CTX[-1][:7]}{blocks:06d}{count:08d}{CTX[-1][21:]}"
    return [*CTX[:2], entry, *addenda, control, last]


ST, SE = "ST*820*0001\\", "SE*3*0001\\"
DED = "DED*CS*SYN000000101*20250314*125250*900010101*Y\\"


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        (ST + DED + SE, ["CTX-PASSED-OVER"], []),
        (ST + DED.replace("20250314", "250314") + SE, ["CTX-PASSED-OVER"], []),
        (ST + DED.replace("125250", "125251") + SE, ["ACH-AMOUNT", "CTX-PASSED-OVER"], []),
        (ST + DED + SE.replace("3", "4"), ["CTX-SET", "CTX-PASSED-OVER"], []),
        (ST + DED + SE.replace("0001", "0002"), ["CTX-SET", "CTX-PASSED-OVER"], []),
        (ST + DED, ["CTX-SET", "CTX-PASSED-OVER"], []),
        (ST + DED + SE + DED, ["CTX-SET", "CTX-PASSED-OVER"], []),
        (ST.replace("820", "835") + DED + SE, ["CTX-SET", "CTX-PASSED-OVER"], None),
        (ST + DED + SE[:-1], ["CTX-SET", "CTX-PASSED-OVER"], []),
        (ST + "X" * 5000, ["CTX-SET", "CTX-PASSED-OVER"], []),
        (ST + DED.replace("CS", "C\x01") + SE, ["CTX-PASSED-OVER"], ["1:FIX-CHARACTER"]),
        (ST + DED.replace("*Y", "") + SE, ["CTX-PASSED-OVER"], ["1:DED-ELEMENT-MISSING"]),
        ("UNB+UNOA:1+SENDER", ["ACH-ENTRY-ALONE"], []),
        (DED, ["ACH-ENTRY-ALONE"], []),
    ],
)
def test_a_transaction_set_that_does_not_hold_refuses_the_file(text, expected, found):
    told, each, _ = read(ctx(text))
    assert [one.rule for one in told] == expected
    assert found is None or each == found


def test_a_segment_without_an_end_takes_no_time_for_all_that_came_before():
    rows = ctx(ST + "X" * 80 * 9_990)
    begun = process_time()
    assert "CTX-SET" in rules(rows)
    assert process_time() - begun < 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: changed(rows, 2, 55, "0009"), "ACH-ADDENDA"),
        (lambda rows: changed(rows, 4, 84, "0003"), "ACH-TRACE"),
        (lambda rows: [*rows[:4], rows[4][:-1], *rows[5:]], "ACH-LENGTH"),
    ],
)
def test_the_addenda_of_a_ctx_entry_are_counted(change, expected):
    assert expected in rules(change(CTX))


def test_a_file_that_came_whole_is_written_whole():
    _, _, contents = read(EXAMPLE)
    encoded = ACH.encode(contents, COVER)
    assert encoded.findings == ()
    made = encoded.body.decode().splitlines()
    assert made[1:] == EXAMPLE[1:]
    assert made[0] == changed(EXAMPLE, HEADER, 24, "25030405068")[0][:34] + EXAMPLE[0][34:]


def test_batches_end_where_their_header_or_the_order_of_traces_does_and_the_file_is_filled_up():
    _, _, contents = read(EXAMPLE)
    other = Content(contents[0].kind, {**contents[0].fields, "Entry/CompanyEntryText": "ARREARS"})
    made = ACH.encode([contents[1], contents[2], contents[0], other], COVER).body.decode().splitlines()
    assert [row[:1] for row in made] == list("15676785678567899999")
    assert {len(row) for row in made} == {94}
    assert made[-1] == "9" * 94
    told, found, again = read(made)
    assert (told, found) == ([], [])
    assert again == [contents[1], contents[2], contents[0], other]


def test_payments_of_two_bank_files_do_not_share_a_header():
    _, _, contents = read(EXAMPLE)
    other = Content(contents[0].kind, {**contents[0].fields, "PaymentFile/OriginID": "990000009"})
    assert [one.rule for one in ACH.encode([contents[0], other], COVER).findings] == ["FILE-HEADER-CONFLICT"]


@pytest.mark.parametrize(
    "change",
    [
        {"Entry/AccountNumber": ""},
        {"Entry/EntryClassCode": "CTX"},
        {"Entry/TraceNumber": "1"},
        {"PaymentFile/OriginID": ""},
    ],
)
def test_nothing_of_a_bank_is_made_up(change):
    """One payment that does not say all leaves the others without entries too: half a file moves half the money."""
    _, _, contents = read(EXAMPLE)
    less = Content(contents[0].kind, {p: v for p, v in {**contents[0].fields, **change}.items() if v})
    encoded = ACH.encode([less, *contents[1:]], COVER)
    assert {row[:1] for row in encoded.body.decode().splitlines()} == {"7"}
    assert [one.note for one in encoded.findings if one.rule == "ACH-BARE"] == ["1 of 3 payments"]


def words(length):
    return st.text(PLAIN, min_size=1, max_size=length).map(str.strip).filter(bool)


def entries():
    routing = st.integers(0, 99_999_999).map(lambda number: f"{number:08d}0")
    return st.fixed_dictionaries(
        {
            "Entry/CompanyName": words(16),
            "Entry/CompanyID": words(9),
            "Entry/CompanyEntryText": words(10),
            "Entry/TransactionCode": st.sampled_from(["22", "23", "27", "32"]),
            "Entry/AccountNumber": words(17),
            "Entry/TransmittalAmount": st.integers(0, 10**10 - 1).map(
                lambda cents: f"{cents // 100}.{cents % 100:02d}"
            ),
            "Entry/ReceivingCompanyName": words(22),
            "Entry/TraceNumber": st.integers(0, 10**15 - 1).map(lambda number: f"{number:015d}"),
            "Entry/ReceivingInstitutionID": routing,
            "Entry/OriginatingInstitutionID": st.integers(0, 99_999_999).map(lambda number: f"{number:08d}"),
        },
        optional={
            "Entry/CompanyText": words(20),
            "Entry/IdentificationNumber": words(15),
            "Entry/DiscretionaryCode": words(2),
        },
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(entries(), min_size=1, max_size=12))
def test_any_payments_are_written_into_a_file_whose_controls_hold(made):
    base = read(EXAMPLE)[2][0].fields
    known = {p: v for p, v in base.items() if not p.startswith("Entry/")} | {"Entry/EntryClassCode": "CCD"}
    contents = [
        Content(
            Kind("withholding-payment"),
            {**known, **one, "Entry/EntryDetailSequenceNumber": one["Entry/TraceNumber"][-7:]},
        )
        for one in made
    ]
    encoded = ACH.encode(contents, COVER)
    assert encoded.findings == ()
    told, _, again = read(encoded.body.decode().splitlines())
    assert told == []
    assert [one.fields for one in again] == [one.fields for one in contents]


def test_a_payment_is_shown_with_its_entry_and_batch_and_one_of_ctx_by_its_values():
    for rows, titles in ((EXAMPLE, ["ach-addenda", "ach-entry", "ach-batch-header"]), (CTX, [])):
        reader = ACH.reader()
        frame = reader.feed("".join(f"{row}\n" for row in rows).encode())[0]
        blocks = list(blocks_of(CATALOG, ACH.name, frame.body.decode()))
        assert [block.title for block in blocks] == titles
        assert [block.cut(frame.body.decode(), block.layout.fields[0]) for block in blocks] == list("765")[
            : len(blocks)
        ]
