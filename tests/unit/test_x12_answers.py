"""TA1, 999 and 997 for what was read, and pyx12 as an independent reader of everything that we write."""

import io
import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document
from typer.testing import CliRunner

from gateway.cli.application import app
from gateway.core.errors import Unprocessable
from gateway.core.model import Finding, FormatName, RuleCode, Severity
from gateway.offline.recognise import Recogniser
from tests.unit.contents import COVER, calm
from tests.unit.fixed_width_samples import EXAMPLES
from tests.unit.x12_samples import BODIES, CANONICAL, CATALOG, FORMATS, NAMES, contents, read
from transforms.x12_answers import ANSWERS, acknowledge

ANSWERED = ("x12-834", "x12-270", "x12-271")


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)


def accepted_by_pyx12(body: bytes) -> bool:
    return x12n_document(ParamsBase(), io.StringIO(body.decode("ascii")), io.StringIO(), None)


def changed(name: str, old: str, new: str) -> bytes:
    assert old.encode() in BODIES[name]
    return BODIES[name].replace(old.encode(), new.encode())


def answered(name: str, body: bytes, *more: Finding):
    """(contents of the answers, segments of the interchange that carries them)."""
    _, file, records = read(name, body)
    found = acknowledge(body, (*file, *records, *more), CATALOG.x12[FormatName(name)])
    answer = ANSWERS[CATALOG.x12[FormatName(name)].interchange]
    encoded = FORMATS[answer].encode(found, COVER)
    assert encoded.findings == ()
    decoded, again, faults = read(answer, encoded.body)
    assert ([one.content for one in decoded], again, faults) == (list(found), [], [])
    return found, encoded.body.decode().split("~")[:-1]


def told(segments: list[str], *tags: str) -> list[str]:
    return [one for one in segments if one.split("*")[0] in tags]


MISMATCHES = [
    ("SE*37*0001", "SE*38*0001", "A*000", "IK5*R*4", "AK9*R*1*1*0"),
    ("SE*37*0001", "SE*37*0002", "A*000", "IK5*R*3", "AK9*R*1*1*0"),
    ("SE*37*0001~\n", "", "A*000", "IK5*R*2", "AK9*R*1*1*0"),
    ("GE*1*1001", "GE*2*1001", "A*000", "IK5*R", "AK9*R*2*1*0*5"),
    ("GE*1*1001", "GE*1*1002", "A*000", "IK5*R", "AK9*R*1*1*0*4"),
    ("GE*1*1001~\n", "", "A*000", "IK5*R", "AK9*R*1*1*0*3"),
    ("*X*005010X220A1", "*X*005010X999", "A*000", "IK5*R", "AK9*R*1*1*0*2"),
    ("IEA*1*000001001", "IEA*1*000001002", "R*001", "IK5*R", "AK9*R*1*1*0"),
    ("IEA*1*000001001", "IEA*2*000001001", "R*021", "IK5*R", "AK9*R*1*1*0"),
    ("IEA*1*000001001~\n", "", "R*023", "IK5*R", "AK9*R*1*1*0"),
    ("ISA*00*          *", "ISA*00*\t         *", "R*024", "IK5*R", "AK9*R*1*1*0"),
]
"""What is changed in the enrollment, and what TA1, IK5 and AK9 say of it."""


@pytest.mark.parametrize("name", NAMES)
def test_pyx12_accepts_the_examples_and_what_we_write(name):
    written = FORMATS[name].encode(contents(name), COVER).body
    assert accepted_by_pyx12(BODIES[name] + written if name in ANSWERED else written)


def test_pyx12_accepts_every_kind_of_answer():
    bodies = [changed("x12-834", old, new) for old, new, *_ in MISMATCHES]
    bodies += [changed("x12-834", "DMG*D8*20150314", "DMG*D8*20150229"), changed("x12-834", "BGN*00", "BGN*77")]
    written = [answered("x12-834", body)[1] for body in bodies]
    for number, segments in enumerate(written):  # one file of interchanges that differ in their numbers
        if number and segments[1].startswith("TA1"):
            del segments[1]  # pyx12 knows a TA1 in the first interchange of a file only
        segments[0] = segments[0].replace("*000000001*", f"*{number + 100:09d}*")
        segments[-1] = segments[-1].replace("*000000001", f"*{number + 100:09d}")
    assert accepted_by_pyx12("".join(f"{one}~" for segments in written for one in segments).encode())


def test_the_check_can_fail():
    assert not accepted_by_pyx12(changed("x12-999", "IK4*2**8", "IK4*2**99"))


@pytest.mark.parametrize("name", ANSWERED)
def test_a_file_without_a_fault_is_accepted(name):
    found, segments = answered(name, BODIES[name])
    assert [one.split("*")[4:6] for one in told(segments, "TA1")] == [["A", "000"]]
    assert told(segments, "IK5", "AK5", "AK9") in (["IK5*A", "AK9*A*1*1*1"], ["AK5*A", "AK9*A*1*1*1"])
    assert [CANONICAL.validate(CANONICAL.write(one), 1) for one in found] == [(), ()]


def test_the_answer_goes_back_to_whom_it_came_from_right_after_the_isa():
    _, segments = answered("x12-834", BODIES["x12-834"])
    assert segments[0][32:69] == "ZZ*39             *ZZ*99000001       "
    assert segments[1].startswith("TA1*000001001*260131*1205*")
    assert segments[2].startswith("GS*FA*KS-MEDICAID*39*")
    assert told(segments, "AK1", "AK2") == ["AK1*BE*1001*005010X220A1", "AK2*834*0001*005010X220A1"]


@pytest.mark.parametrize(
    ("old", "new", "tags"),
    [
        ("*1*P*:~", "*1*4*:~", ["ISA", "TA1", "GS", "AK1", "AK2"]),
        ("*X*005010X220A1", "*X*            ", ["ISA", "TA1"]),
        ("*X*005010X220A1", "*X*5           ", ["ISA", "TA1", "GS", "AK1", "AK2"]),
        ("ST*834*0001*", "ST*834*0   *", ["ISA", "TA1", "GS", "AK1"]),
        ("ST*834*0001*005010X220A1", "ST*834*0001*            ", ["ISA", "TA1", "GS", "AK1", "AK2"]),
    ],
    ids=["ISA15", "GS08 of blanks", "GS08 filled up", "ST02 filled up", "ST03 of blanks"],
)
def test_what_an_interchange_may_not_say_is_not_repeated_by_its_answer(old, new, tags):
    _, segments = answered("x12-834", changed("x12-834", old, new))
    assert [one.split("*")[0] for one in told(segments, "ISA", "TA1", "GS", "AK1", "AK2")] == tags
    assert segments[0].split("*")[15] == "P"


def test_version_4010_is_answered_with_997():
    _, segments = answered("x12-270", BODIES["x12-270"])
    assert told(segments, "AK1", "AK2") == ["AK1*HS*2001", "AK2*270*0001"]
    assert segments[3] == "ST*997*0001"


def test_no_ta1_unless_the_interchange_asks_for_one():
    found, segments = answered("x12-834", changed("x12-834", "*1*P*:~", "*0*P*:~"))
    assert (len(found), told(segments, "TA1")) == (1, [])


@pytest.mark.parametrize(("old", "new", "ta1", "ik5", "ak9"), MISMATCHES)
def test_a_mismatch_never_ends_in_an_acceptance(old, new, ta1, ik5, ak9):
    _, segments = answered("x12-834", changed("x12-834", old, new))
    assert told(segments, "TA1")[0].endswith(ta1)
    assert told(segments, "IK5", "AK9") == [ik5, ak9]


def test_a_record_that_is_refused_beside_others_is_an_acceptance_with_errors():
    _, segments = answered("x12-834", changed("x12-834", "DMG*D8*20150314", "DMG*D8*20150229"))
    assert told(segments, "IK3", "IK4", "IK5", "AK9") == ["IK3*DMG*16**8", "IK4*2**8", "IK5*E*5", "AK9*E*1*1*1"]


def test_a_set_of_which_every_record_is_refused_is_rejected():
    _, segments = answered("x12-834", changed("x12-834", "BGN*00", "BGN*77"))
    assert told(segments, "IK3", "IK4", "IK5", "AK9") == ["IK3*BGN*2**8", "IK4*1**7", "IK5*R*5", "AK9*R*1*1*0"]


def test_faults_stand_in_the_order_of_the_set_with_their_codes():
    body = changed("x12-270", "DMG*D8*20150314*F", "DMG*D8*20151314*FF").replace(b"TRN*1*TRACE-1*9990000039", b"TRN*1")
    _, segments = answered("x12-270", body)
    assert told(segments, "AK3", "AK4", "AK5") == [
        "AK3*TRN*8**8", "AK4*2**1", "AK4*3**1", "AK3*DMG*11**8", "AK4*2**8", "AK4*3**5", "AK5*E*5",
    ]  # fmt: skip


def test_a_missing_and_a_doubled_segment_have_codes_of_their_own():
    body = changed("x12-834", "REF*0F*SUB0000001~\nREF*1L*GRP-100~", "REF*1L*GRP-100~\nREF*1L*GRP-101~")
    _, segments = answered("x12-834", body)
    assert told(segments, "IK3", "IK5") == ["IK3*REF*9**5", "IK3*REF*13**3", "IK5*E*5"]


def test_one_rejected_set_among_accepted_ones_is_a_group_accepted_in_part():
    one = BODIES["x12-270"].decode()
    first, last = one.index("ST*270"), one.index("GE*1")
    other = one[first:last].replace("*0001~", "*0002~").replace("BHT*0022*13", "BHT*0022*99")
    body = (one[:first] + other + one[first:last] + one[last:].replace("GE*1", "GE*2")).encode()
    _, segments = answered("x12-270", body)
    assert told(segments, "AK2", "AK5", "AK9") == [
        "AK2*270*0002", "AK5*R*5", "AK2*270*0001", "AK5*A", "AK9*P*2*2*1",
    ]  # fmt: skip


def twice(second: str, *, same_group: bool = True) -> bytes:
    """The inquiry's set twice, the second under this number, in one group or in two."""
    one = BODIES["x12-270"].decode()
    first, last = one.index("ST*270"), one.index("GE*1")
    other = one[first:last].replace("*0001~", f"*{second}~")
    if same_group:
        return (one[:last] + other + one[last:].replace("GE*1", "GE*2")).encode()
    group, end = one[one.index("GS*") : first], one.index("IEA*")
    body = one[:end] + group.replace("*2001*", "*2002*") + other + one[last:end].replace("*2001", "*2002")
    return (body + one[end:].replace("IEA*1", "IEA*2")).encode()


def test_two_sets_of_a_group_under_one_number_refuse_the_file_and_are_told_apart_by_the_code():
    """Both were taken, and the answer named two sets alike: their sender could not tell which of them was at fault."""
    _, file, _ = read("x12-270", twice("0001"))
    assert [(str(one.rule), one.field, one.severity) for one in file] == [
        ("X12-NUMBER-REPEATED", "ST02", Severity.FATAL)
    ]
    _, segments = answered("x12-270", twice("0001"))
    assert told(segments, "AK2", "AK5", "AK9") == [
        "AK2*270*0001", "AK5*R", "AK2*270*0001", "AK5*R*23", "AK9*R*2*2*0",
    ]  # fmt: skip
    assert not accepted_by_pyx12(twice("0001"))


@pytest.mark.parametrize("body", [twice("0002"), twice("00001"), twice("000A"), twice("0001", same_group=False)])
def test_numbers_that_differ_and_those_of_another_group_are_no_repetition(body):
    assert read("x12-270", body)[1] == []


def test_a_fault_before_the_record_is_placed_where_it_is_though_the_record_is_named():
    fault = Finding(RuleCode("X12-CODE"), Severity.ERROR, record=1, field="BGN01", line=9)
    _, segments = answered("x12-834", BODIES["x12-834"], fault)
    assert told(segments, "IK3", "IK4") == ["IK3*BGN*2**8", "IK4*1**7"]


def test_a_file_on_disk_is_answered_under_counting_numbers(tmp_path):
    two = BODIES["x12-270"].decode()
    first, last = two.index("GS*"), two.index("IEA*")
    again = two[first:last].replace("*2001*X", "*2002*X").replace("GE*1*2001", "GE*1*2002")
    file = tmp_path / "two-groups.x12"
    file.write_text(two[:last] + again + two[last:].replace("IEA*1", "IEA*2"), encoding="ascii")
    out = tmp_path / "answer.x12"
    done = CliRunner().invoke(app, ["acknowledge", str(file), "--number", "41", "--out", str(out)])
    assert done.exit_code == 0, done.output
    decoded, file_findings, records = read("x12-997", out.read_bytes())
    assert (file_findings, records) == ([], [])
    assert [one.content.get("FunctionalGroup/ControlNumber") for one in decoded] == [None, "2001", "2002"]
    assert [one[90:99] for one in out.read_text().replace("ISA*", "\nISA*").split("\n")[1:]] == [
        "000000041",
        "000000042",
    ]


def numbered(name: str, number: int) -> bytes:
    """The example under another control number of its interchange."""
    body = BODIES[name].decode()
    return body.replace(body[90:99], f"{number:09d}").encode()


def results(found, path):
    return [one.get(path) for one in found if one.get(path)]


ANSWERED_ALONE = "Interchange/ControlNumber", "Interchange/AcknowledgementCode", "FunctionalGroup/AcknowledgementCode"


def test_each_interchange_of_a_file_is_answered_by_itself():
    good, faulty = numbered("x12-834", 1001), numbered("x12-834", 1002).replace(b"DMG*D8*20150314", b"DMG*D8*20150229")
    body = good + b"\r\n" + faulty + numbered("x12-834", 1003)
    _, file, records = read("x12-834", body)
    found = acknowledge(body, (*file, *records), CATALOG.x12[FormatName("x12-834")])
    assert [results(found, path) for path in ANSWERED_ALONE] == [
        ["000001001", "000001002", "000001003"],
        ["A", "A", "A"],
        ["A", "E", "A"],
    ]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_file_with_one_interchange_that_does_not_count_up_is_refused_with_all_others(at):
    parts = [numbered("x12-834", 1001 + place) for place in range(3)]
    parts[at] = parts[at].replace(b"IEA*1*", b"IEA*2*")
    body = b"".join(parts)
    _, file, records = read("x12-834", body)
    found = acknowledge(body, (*file, *records), CATALOG.x12[FormatName("x12-834")])
    assert results(found, ANSWERED_ALONE[1]) == ["R" if place == at else "A" for place in range(3)]
    assert results(found, ANSWERED_ALONE[2]) == ["R", "R", "R"]


def test_an_interchange_without_its_end_ends_where_the_next_begins():
    cut = numbered("x12-834", 1001)
    body = cut[: cut.index(b"IEA")] + numbered("x12-834", 1002)
    _, file, records = read("x12-834", body)
    found = acknowledge(body, (*file, *records), CATALOG.x12[FormatName("x12-834")])
    assert results(found, "Interchange/NoteCode")[0] == "023"
    assert results(found, ANSWERED_ALONE[0]) == ["000001001", "000001002"]
    assert results(found, ANSWERED_ALONE[2]) == ["R", "R"]


def test_answers_to_several_interchanges_on_disk_are_interchanges_that_pyx12_accepts(tmp_path):
    file, out = tmp_path / "three.x12", tmp_path / "answer.x12"
    file.write_bytes(b"".join(numbered("x12-834", number) for number in (1001, 1002, 1003)))
    done = CliRunner().invoke(app, ["acknowledge", str(file), "--number", "7", "--out", str(out)])
    assert done.exit_code == 0, done.output
    decoded, told_of_file, records = read("x12-999", out.read_bytes())
    assert (told_of_file, records, len(decoded)) == ([], [], 6)
    interchanges = [f"ISA*{one}" for one in out.read_text().split("ISA*")[1:]]
    assert [one[90:99] for one in interchanges] == ["000000007", "000000008", "000000009"]
    assert all(accepted_by_pyx12(one.encode()) for one in interchanges)


def test_a_record_is_shown_by_segment_with_its_values_masked():
    file = str(EXAMPLES / "x12" / "enrollment.834.x12")
    shown = CliRunner().invoke(app, ["show", file, "--record", "1", "--json"])
    blocks = json.loads(shown.stdout)["blocks"]
    name = next(one["fields"] for one in blocks if one["block"] == "NM1")
    assert [(one["field"], one["value"]) for one in name[:4]] == [
        ("NM101", "XX"), ("NM102", "9"), ("NM103", "XXXXXX"), ("NM104", "XXX"),
    ]  # fmt: skip
    assert "SAMPLE" not in shown.stdout


def test_the_table_of_a_set_is_shown_with_its_source():
    shown = json.loads(CliRunner().invoke(app, ["layout", "show", "x12-834", "--json"]).stdout)["layouts"][0]
    assert (shown["version"], shown["confidence"]) == ("005010X220A1", "secondary source")
    assert "GroupPolicyID" in {field["path"] for field in shown["fields"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_recognised_by_its_content(name):
    assert Recogniser(CATALOG, FORMATS).fits(BODIES[name]) == (name,)


def test_a_file_of_another_kind_is_not_acknowledged(tmp_path):
    file = tmp_path / "w4.txt"
    file.write_bytes((EXAMPLES / "ohio-new-hires.w4").read_bytes())
    done = CliRunner().invoke(app, ["acknowledge", str(file), "--number", "41"])
    assert isinstance(done.exception, Unprocessable)


def test_a_finding_of_the_rules_refuses_its_set_without_a_place():
    rule = Finding(RuleCode("XSD-LENGTH"), Severity.ERROR, record=1, path="CaseID")
    _, segments = answered("x12-834", BODIES["x12-834"], rule)
    assert told(segments, "IK3", "IK5") == ["IK5*E*5"]


def test_warnings_and_notices_do_not_turn_an_acceptance():
    notice = Finding(RuleCode("X12-SEGMENT-UNREAD"), Severity.NOTICE, record=1, field="QTY", line=5)
    warning = Finding(RuleCode("X12-UNUSED"), Severity.WARNING, record=1, field="REF03", line=10)
    _, segments = answered("x12-834", BODIES["x12-834"], notice, warning)
    assert told(segments, "IK3", "IK5") == ["IK5*A"]


def test_an_acknowledgement_is_never_acknowledged():
    for name in ("x12-999", "x12-997"):
        assert acknowledge(BODIES[name], (), CATALOG.x12[FormatName(name)]) == ()


@pytest.mark.parametrize(
    "body", [b"", b"Dear Sir", BODIES["x12-834"][:80], BODIES["x12-834"].replace(b"*P*:~", b"*P**~")]
)
def test_what_has_no_readable_isa_has_no_answer(body):
    assert acknowledge(body, (), CATALOG.x12[FormatName("x12-834")]) == ()


def test_an_answer_holds_no_value_of_the_record():
    _, segments = answered(
        "x12-834", changed("x12-834", "34*900010001", "34*90001000Z").replace(b"20150314", b"CANARY77")
    )
    assert told(segments, "IK4") == ["IK4*2**8"]
    assert not any(word in one for one in segments for word in ("CANARY", "90001000Z", "SAMPLE"))


@settings(calm, max_examples=50)
@given(st.sampled_from(ANSWERED), st.data())
def test_any_damage_is_answered_without_an_exception_and_what_is_refused_is_never_accepted(name, data):
    body = bytearray(BODIES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(106, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 4))] = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from([b"~", b"*", b"~ST*834*0001~", b"~GE*1*1~"]))
        )
    _, file, records = read(name, bytes(body))
    found = acknowledge(bytes(body), (*file, *records), CATALOG.x12[FormatName(name)])
    answer = ANSWERS[CATALOG.x12[FormatName(name)].interchange]
    encoded = FORMATS[answer].encode(found, COVER)
    assert not [one for one in encoded.findings if one.rule != "X12-SENDER-CONFLICT"]
    if any(one.severity is Severity.FATAL for one in file):
        assert {one.get("FunctionalGroup/AcknowledgementCode") for one in found} <= {"R", None}
        assert all(
            value == "R"
            for one in found
            for path, value in one.fields.items()
            if path.startswith("TransactionSet") and path.endswith("]/AcknowledgementCode")
        )
