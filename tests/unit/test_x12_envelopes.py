"""Envelopes of X12 files: what does not hold refuses the file, and nothing grows without end."""

import pytest

from gateway.core.model import Content, RuleCode, Severity
from gateway.core.ports.formats import Heading
from tests.unit.contents import COVER
from tests.unit.x12_samples import CATALOG, ENROLLMENT, FORMATS, changed, contents, read, told
from transforms.x12_reader import RECORD_LIMIT, X12Reader
from transforms.x12_segments import SEGMENT_LIMIT


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", ["X12-ISA-MISSING None"]),
        (b"Dear Sir", ["X12-ISA-MISSING None"]),
        (b"\xef\xbb\xbf" + ENROLLMENT, ["X12-ISA-MISSING None"]),
        (ENROLLMENT[:60], ["X12-ISA-LENGTH None"]),
        (changed("*ZZ*39             *", "*ZZ*39*"), ["X12-ISA-LENGTH ISA"]),
        (changed("*P*:~", "*P*^~"), ["X12-DELIMITERS ISA"]),
        (changed("*P*:~", "*P*A~"), ["X12-DELIMITERS ISA"]),
        (changed("*00501*", "*00401*"), ["X12-RELEASE ISA12"]),
        (changed("GS*BE", "GS*HS"), ["X12-RELEASE GS01"]),
        (changed("*X*005010X220A1", "*X*004010X095A1"), ["X12-RELEASE GS08"]),
        (changed("ST*834*", "ST*820*"), ["X12-RELEASE ST01"]),
        (changed("*260131*1205*^", "*261331*1205*^"), ["X12-ENVELOPE ISA09"]),
        (changed("*20260131*1205*1001*X", "*20260131*2505*1001*X"), ["X12-ENVELOPE GS05"]),
        (changed("*000001001*1*P", "*00000100A*1*P"), ["X12-ENVELOPE ISA13", "X12-CONTROL-NUMBER IEA02"]),
        (changed("SE*37*", "SE*38*"), ["X12-COUNT SE01"]),
        (changed("SE*37*", "SE*MANY*"), ["X12-ENVELOPE SE01", "X12-COUNT SE01"]),
        (changed("SE*37*", f"SE*{'9' * 5_000}*"), ["X12-ENVELOPE SE01", "X12-COUNT SE01"]),
        (changed("GE*1*1001", f"GE*{'9' * 5_000}*1001"), ["X12-ENVELOPE GE01", "X12-COUNT GE01"]),
        (changed("IEA*1*", f"IEA*{'0' * 5_000}1*"), ["X12-ENVELOPE IEA01"]),
        (changed("SE*37*", "SE**"), ["X12-ENVELOPE SE01", "X12-COUNT SE01"]),
        (changed("SE*37*0001", "SE*37*0002"), ["X12-CONTROL-NUMBER SE02"]),
        (changed("GE*1*1001", "GE*2*1001"), ["X12-COUNT GE01"]),
        (changed("GE*1*1001", "GE*1*1002"), ["X12-CONTROL-NUMBER GE02"]),
        (changed("IEA*1*", "IEA*0*"), ["X12-COUNT IEA01"]),
        (changed("IEA*1*000001001", "IEA*1*000001002"), ["X12-CONTROL-NUMBER IEA02"]),
        (changed("SE*37*0001~\n", ""), ["X12-TRAILER-MISSING SE"]),
        (changed("SE*37*0001~\nGE*1*1001~\n", ""), ["X12-TRAILER-MISSING SE", "X12-TRAILER-MISSING GE"]),
        (changed("GE*1*1001~\n", ""), ["X12-TRAILER-MISSING GE"]),
        (changed("IEA*1*000001001~\n", ""), ["X12-TRAILER-MISSING IEA"]),
        (changed("~\nIEA*1*000001001~\n", "~\nIEA*1*0000"), ["X12-CUT None", "X12-TRAILER-MISSING IEA"]),
        (changed("GS*BE", "REF*1L*X~\nGS*BE"), ["X12-STRUCTURE REF"]),
        (changed("ST*834", "GS*BE"), ["X12-TRAILER-MISSING GE"]),
        (changed("GE*1*1001", "LX*1~\nGE*1*1001"), ["X12-STRUCTURE LX"]),
        (changed("SE*37*0001", "SE*37*0001*X"), ["X12-ENVELOPE SE03"]),
    ],
)
def test_an_envelope_that_does_not_hold_refuses_the_file(body, wanted):
    _, file, _ = read("x12-834", body)
    assert told(file) == wanted
    assert all(one.severity is Severity.FATAL for one in file)


def test_every_control_that_does_not_agree_is_named():
    body = changed("SE*37*0001", "SE*9*0009").replace(b"GE*1*1001", b"GE*3*7").replace(b"IEA*1*", b"IEA*4*")
    _, file, _ = read("x12-834", body)
    assert told(file) == [
        "X12-CONTROL-NUMBER SE02", "X12-COUNT SE01", "X12-CONTROL-NUMBER GE02", "X12-COUNT GE01", "X12-COUNT IEA01",
    ]  # fmt: skip
    assert [one.line for one in file] == [39, 39, 40, 40, 41]


@pytest.mark.parametrize("one", [b"ST*834*0001*005010X220A1~SE*9*X~", b"ST*834*0001*005010X220A1~SE*2*0001~"])
def test_faults_of_sets_are_not_kept_without_end(one):
    head = ENROLLMENT[: ENROLLMENT.index(b"ST*")]
    reader = FORMATS["x12-834"].reader()
    for _ in range(8):
        reader.feed(head + one * 10_000)
        head = b""
    reader.finish()
    assert told(reader.findings[-1:]) == ["FILE-FAULTS None"]
    assert len(reader.findings) < 50_010


def test_a_set_without_a_member_is_a_warning():
    body = ENROLLMENT[: ENROLLMENT.index(b"INS*")] + b"SE*7*0001~GE*1*1001~IEA*1*000001001~"
    decoded, file, _ = read("x12-834", body)
    assert (decoded, told(file), file[0].severity) == ([], ["X12-EMPTY-SET ST"], Severity.WARNING)


def test_a_segment_that_never_ends_is_refused_before_it_fills_the_memory():
    reader = FORMATS["x12-834"].reader()
    head = ENROLLMENT[: ENROLLMENT.index(b"N3*1 TEST")]
    reader.feed(head + b"N3*")
    piece, pieces = b"A" * 65_536, 0
    while not reader.findings and pieces < 160:
        reader.feed(piece)
        pieces += 1
    assert [one.rule for one in reader.findings] == [RuleCode("X12-SEGMENT-SIZE")]
    assert pieces * len(piece) <= SEGMENT_LIMIT + len(piece)
    assert (reader.feed(ENROLLMENT), reader.finish()) == ([], [])


def test_a_record_that_never_ends_is_refused():
    more = b"REF*17*FILLED WITH SOMETHING LONG ENOUGH TO COUNT~" * 1000
    reader = FORMATS["x12-834"].reader()
    reader.feed(ENROLLMENT[: ENROLLMENT.index(b"NM1*IL")])
    for _ in range(RECORD_LIMIT // len(more) + 1):
        reader.feed(more)
    assert [one.rule for one in reader.findings] == [RuleCode("X12-RECORD-SIZE")]


def test_many_small_members_cannot_each_carry_a_large_header():
    reader = FORMATS["x12-834"].reader()
    head = ENROLLMENT[: ENROLLMENT.index(b"N1*P5")] + b"QTY*TO*1~" * 2000
    frames = reader.feed(head + b"INS*N*19*021~" * 50_000)
    assert (frames, [one.rule for one in reader.findings]) == ([], [RuleCode("X12-RECORD-SIZE")])


def test_a_record_that_is_all_faults_says_so_and_no_more():
    body = ENROLLMENT[: ENROLLMENT.index(b"HD*021")] + b"HD~" * 20_000
    reader = FORMATS["x12-834"].reader()
    frames = reader.feed(body + b"SE*1*0001~")
    found = FORMATS["x12-834"].decode(frames[0], Heading()).findings
    assert (len(frames), len(found), found[-1].rule, found[-1].severity) == (1, 501, "X12-FAULTS", Severity.ERROR)


def test_a_record_of_many_benefits_is_written_whole():
    made = contents("x12-834")[1]
    fields = {path: value for path, value in made.fields.items() if not path.startswith("HealthInsurance")}
    for number in range(1, 1_501):
        fields |= {f"HealthInsurance[{number}]/MaintenanceTypeCode": "021"}
        fields |= {f"HealthInsurance[{number}]/InsuranceLineCode": "HLT"}
    body = FORMATS["x12-834"].encode([Content(made.kind, fields)], COVER).body
    assert body.count(b"HD*021**HLT~") == 1_500


def test_each_interchange_tells_its_number_and_where_it_begins():
    reader = FORMATS["x12-834"].reader()
    other = ENROLLMENT.replace(b"000001001", b"000001002")
    reader.feed(ENROLLMENT + other)
    reader.finish()
    assert [(one.told["ISA13"], one.line) for one in reader.headers] == [("000001001", 1), ("000001002", 42)]
    assert reader.heading.file == reader.headers[0].told


def test_a_file_has_no_more_interchanges_than_their_numbers_can_be_kept():
    empty = ENROLLMENT[:106] + b"IEA*0*000001001~"
    for count, wanted in ((3, []), (4, ["X12-INTERCHANGES ISA"])):
        reader = X12Reader(CATALOG.x12["x12-834"], most=3)
        reader.feed(empty * count)
        assert told(reader.findings) == wanted
        assert len(reader.headers) == 3
