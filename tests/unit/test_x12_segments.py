"""Segments and elements of X12 files: each fault names its place and never a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.model import Severity
from tests.unit.x12_samples import changed, contents, read, recounted, told
from transforms.x12_numbers import Numbers


@pytest.mark.parametrize(
    ("old", "new", "wanted", "line"),
    [
        ("DMG*D8*20150314", "DMG*D8*20150229", "X12-DATE DMG02", 18),
        ("DMG*D8*20150314", "DMG*RD8*20150314", "X12-CODE DMG01", 18),
        ("DTP*348*D8*20260201~\nREF*1L", "DTP*348*RD8*20260201-20260301~\nREF*1L", "X12-CODE DTP02", 24),
        ("INS*N*19*021", "INS*N*19*999", "X12-CODE INS03", 9),
        ("INS*N*19*021", "INS**19*021", "X12-REQUIRED INS01", 9),
        ("INS*N*19*021", "INS*N*1*021", "X12-LENGTH INS02", 9),
        ("REF*0F*SUB0000001~\nREF*1L", "REF*0F*" + "S" * 51 + "~\nREF*1L", "X12-LENGTH REF02", 10),
        ("N4*COLUMBUS*OH*432150001", "N4*COLUMBUS*OH*4321A", "X12-POSTAL N403", 17),
        ("N3*1 TEST ST", "N3*1 T\xe9ST ST", "X12-CHARACTER N301", 16),
        ("BGN*00*ENROLL-0001*20260131*1205", "BGN*00*ENROLL-0001*20260131*2905", "X12-TIME BGN04", None),
        ("REF*0F*SUB0000001~\nREF*1L", "REF*1L", "X12-SEGMENT-REQUIRED REF", None),
        ("REF*0F*SUB0000001~\nREF*1L", "REF*0F*SUB0000001~\nREF*0F*SUB2~\nREF*1L", "X12-SEGMENT-REPEATED REF", 11),
        ("N3*1 TEST ST*APT 2~\nN4*C", "DMG*D8*20150314~\nN3*1 TEST ST~\nN4*C", "X12-SEGMENT-ORDER N3", 17),
    ],
)
def test_a_fault_names_its_segment_and_element(old, new, wanted, line):
    body = recounted(old, new).decode("utf-8").encode("latin-1")
    _, file, records = read("x12-834", body)
    assert file == []
    blocking = [one for one in records if one.severity.blocks]
    assert wanted in told(blocking)
    assert line in {one.line for one in blocking} or line is None
    assert {one.record for one in blocking} <= {1, 2}


def test_letters_where_a_number_belongs_are_a_finding():
    body = changed("AK9*E*1*1*1", "AK9*E*1*ONE*1", "x12-999")
    _, _, records = read("x12-999", body)
    assert told(records) == ["X12-NUMBER AK903"]


@pytest.mark.parametrize(
    ("added", "wanted"),
    [
        ("QTY*TO*2~", ["QTY"]),
        ("NM1*31*1~\nN3*SOMEWHERE ELSE~\nN4*ELSEWHERE*MI~", ["NM1", "N3", "N4"]),
        ("ZZZZZ*1~", ["?"]),
    ],
)
def test_a_segment_outside_the_table_is_read_over_with_a_notice_and_its_loop_with_it(added, wanted):
    old = "NM1*36*2*ACME TEST WORKS"
    decoded, file, records = read("x12-834", recounted(old, f"{added}\n{old}"))
    assert (file, [one.field for one in records]) == ([], wanted)
    assert all((one.rule, one.severity) == ("X12-SEGMENT-UNREAD", Severity.NOTICE) for one in records)
    assert [one.content for one in decoded] == contents("x12-834")


def test_an_empty_segment_counts_and_is_named_and_shifts_nobody():
    body = recounted("N3*1 TEST ST*APT 2~", "~N3*1 TEST ST*APT 2~").replace(b"DMG*D8*20150314", b"DMG*D8*20150229")
    _, file, records = read("x12-834", body)
    assert file == []
    assert [(one.rule, one.field, one.line) for one in records] == [
        ("X12-SEGMENT-UNREAD", "?", 16), ("X12-DATE", "DMG02", 19),
    ]  # fmt: skip


def test_an_element_that_the_guide_does_not_use_is_a_warning_and_an_unknown_one_a_notice():
    _, _, records = read("x12-834", changed("REF*0F*SUB0000001~", "REF*0F*SUB0000001*WHY**X~"))
    assert {(one.rule, one.field, one.severity) for one in records} == {
        ("X12-UNUSED", "REF03", Severity.WARNING),
        ("X12-UNREAD", "REF05", Severity.NOTICE),
    }


def test_a_finding_never_holds_a_value():
    body = recounted("NM1*IL*1*SAMPLE*ADA*Q***34*900010001", "NM1*IL*1*SAMPLE" + "X" * 60 + "*ADA*Q***34*90001000Q")
    _, _, records = read("x12-834", body.replace(b"DMG*D8*20150314", b"DMG*D8*CANARY77"))
    assert len(records) > 1
    assert not any(word in repr(one) for one in records for word in ("SAMPLE", "CANARY", "90001"))


@given(st.lists(st.text("01A", min_size=1, max_size=10), max_size=40))
def test_a_number_repeats_when_the_same_text_came_before(numbers):
    known = Numbers()
    told = [known.repeats(one) for one in numbers]
    assert told == [len(one) < 10 and one in numbers[:place] for place, one in enumerate(numbers)]
