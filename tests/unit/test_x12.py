"""X12 sets as tables: examples both ways, envelopes that do not hold, segments out of place, hostile bytes."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from gateway.core.errors import Misconfigured
from gateway.core.model import Content, FormatName, Kind, RuleCode, Severity
from gateway.core.ports.formats import Frame, Heading
from gateway.tools import speech
from schemas.document import parse
from schemas.x12_sets import transaction_set
from tests.unit.contents import COVER, calm
from tests.unit.fixed_width_samples import EXAMPLES
from transforms.x12_reader import RECORD_LIMIT
from transforms.x12_segments import SEGMENT_LIMIT

CATALOG = schemas.load(drafts=True)
FORMATS = speech(drafts=True).formats
CANONICAL = speech(drafts=True).canonical
BODIES = {
    name: (EXAMPLES / "x12" / file).read_bytes()
    for name, file in {
        "x12-834": "enrollment.834.x12",
        "x12-270": "inquiry.270.x12",
        "x12-271": "answer.271.x12",
        "x12-999": "acknowledgement.999.x12",
        "x12-997": "acknowledgement.997.x12",
    }.items()
}
ENROLLMENT = BODIES["x12-834"]
NAMES = sorted(BODIES)


def read(name: str, body: bytes, *pieces: int):
    """(decoded, findings of the file, findings of the records)."""
    engine = FORMATS[FormatName(name)]
    reader, frames, at = engine.reader(), [], 0
    for size in (*pieces, len(body)):
        frames += reader.feed(body[at : at + size])
        at += size
    frames += reader.finish()
    decoded = [engine.decode(frame, reader.heading) for frame in frames]
    return decoded, list(reader.findings), [one for each in decoded for one in each.findings]


def told(findings) -> list[str]:
    return [f"{one.rule} {one.field}" for one in findings]


def contents(name: str) -> list[Content]:
    return [one.content for one in read(name, BODIES[name])[0]]


def changed(old: str, new: str, name: str = "x12-834") -> bytes:
    body = BODIES[name]
    assert old.encode() in body
    return body.replace(old.encode(), new.encode())


def recounted(old: str, new: str) -> bytes:
    """The enrollment changed, with the count of its segments made good."""
    body = changed(old, new)
    segments = body[body.index(b"ST*") : body.index(b"SE*")].count(b"~") + 1
    return body.replace(b"SE*37*", f"SE*{segments}*".encode())


# --- both ways --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_read_without_a_finding_and_fits_its_schema(name):
    decoded, file, records = read(name, BODIES[name])
    assert (len(decoded) > 0, file, records) == (True, [], [])
    for one in decoded:
        assert CANONICAL.validate(CANONICAL.write(one.content), 1) == ()
        assert CANONICAL.facts(one.content).sender in ("39", "KS-MEDICAID")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again(name):
    made = contents(name)
    encoded = FORMATS[name].encode(made, COVER)
    assert encoded.findings == ()
    decoded, file, records = read(name, encoded.body)
    assert ([one.content for one in decoded], file, records) == (made, [], [])


@pytest.mark.parametrize("name", NAMES)
def test_a_format_travels_to_a_worker_process_and_writes_the_same_bytes(name):
    engine = pickle.loads(pickle.dumps(FORMATS[name]))  # noqa: S301 - our own bytes
    assert engine.encode(contents(name), COVER) == FORMATS[name].encode(contents(name), COVER)


@settings(calm, max_examples=25)
@given(st.sampled_from(NAMES), st.integers(1, 900), st.integers(1, 900))
def test_pieces_of_any_size_give_the_same_records(name, first, second):
    assert read(name, BODIES[name], first, second) == read(name, BODIES[name])


TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.,'/", min_size=1, max_size=20).filter(
    lambda one: one == one.strip()
)
DAYS = st.dates().filter(lambda day: day.year > 1900).map(lambda day: day.isoformat())


@settings(calm, max_examples=30)
@given(TEXT, TEXT, DAYS, st.lists(st.tuples(TEXT, DAYS), min_size=1, max_size=4))
def test_any_member_comes_back_as_it_was_sent(surname, policy, born, benefits):
    content = contents("x12-834")[0]
    fields = {path: value for path, value in content.fields.items() if not path.startswith("HealthInsurance")}
    fields |= {
        "CoveredPerson[1]/PersonName/PersonSurName": surname,
        "CoveredPerson[1]/PersonBirthDate": born,
        "GroupPolicyID": policy,
    }
    for number, (plan, begins) in enumerate(benefits, 1):
        fields[f"HealthInsurance[{number}]/MaintenanceTypeCode"] = "021"
        fields[f"HealthInsurance[{number}]/InsuranceLineCode"] = "HLT"
        fields[f"HealthInsurance[{number}]/PlanDescriptionText"] = plan
        fields[f"HealthInsurance[{number}]/InsuranceEffectiveDate"] = begins
    encoded = FORMATS["x12-834"].encode([Content(content.kind, fields)], COVER)
    decoded, file, records = read("x12-834", encoded.body)
    assert (encoded.findings, file, records) == ((), [], [])
    assert dict(decoded[0].content.fields) == fields


def test_a_place_says_what_a_segment_is():
    fields = contents("x12-834")[0].fields
    assert fields["CoveredPerson[1]/ResidentialAddress/AddressLine1Text"] == "1 TEST ST"
    assert fields["Employer[1]/EmployerAddress/AddressLine1Text"] == "9 FACTORY RD"
    assert fields["HealthInsurance[1]/InsurancePolicyIdentification"] == "POL-55501"
    assert fields["GroupPolicyID"] == "GRP-100"
    assert fields["HealthInsurance[1]/OtherInsurance[1]/InsuranceCarrierName"] == "OTHER INSURER"
    assert fields["HealthInsurance[2]/InsuranceCancellationDate"] == "2026-12-31"


def test_the_zip_code_of_nine_digits_has_two_parts():
    fields = contents("x12-834")[0].fields
    address = "CoveredPerson[1]/ResidentialAddress"
    assert (fields[f"{address}/AddressPostalCode"], fields[f"{address}/AddressPostalExtensionCode"]) == (
        "43215",
        "0001",
    )


def test_the_record_of_a_dependent_knows_the_subscriber_but_not_what_was_asked_about_others():
    first, second = (one.fields for one in contents("x12-270"))
    assert first["PolicyHolder/MemberID"] == "MEM0001"
    assert "CoveredPerson[1]/PersonName/PersonGivenName" not in first
    assert second["PolicyHolder/MemberID"] == "MEM0002"
    assert second["CoveredPerson[1]/PersonName/PersonGivenName"] == "BO"
    assert [second[f"HealthInsurance[{n}]/ServiceTypeCode"] for n in (1, 2)] == ["30", "35"]


def test_a_subscriber_that_is_asked_about_beside_its_dependents_is_a_record_of_its_own():
    body = changed("NM1*IL*1*SPECIMEN*CY****MI*MEM0002~", "NM1*IL*1*SPECIMEN*CY****MI*MEM0002~\nEQ*88~", "x12-270")
    decoded, file, records = read("x12-270", body.replace(b"SE*23", b"SE*24"))
    services = [one.content.get("HealthInsurance[1]/ServiceTypeCode") for one in decoded]
    people = [one.content.get("CoveredPerson[1]/PersonName/PersonGivenName") for one in decoded]
    assert (services, people, records) == (["30", "88", "30"], [None, None, "BO"], [])
    assert file == []


def test_an_answer_that_refuses_the_whole_question_is_a_record():
    head = BODIES["x12-271"].partition(b"HL*1**20*1~")[0]
    tail = b"HL*1**20*0~AAA*Y**42*R~NM1*PR*2*KS MEDICAID*****PI*KSMCD~SE*6*0001~GE*1*2002~IEA*1*000002002~"
    decoded, file, records = read("x12-271", head + tail)
    assert (len(decoded), file, records) == (1, [], [])
    assert decoded[0].content.get("SourceRejection[1]/RejectReasonCode") == "42"
    again = FORMATS["x12-271"].encode([decoded[0].content], COVER)
    assert read("x12-271", again.body)[0] == decoded


def test_subscribers_of_one_source_share_its_levels():
    body = FORMATS["x12-270"].encode(contents("x12-270"), COVER).body
    assert (body.count(b"**20*1~"), body.count(b"*21*1~"), body.count(b"*22*"), body.count(b"*23*0~")) == (1, 1, 2, 1)


def test_records_with_another_header_go_into_another_set():
    one, two = contents("x12-834")
    other = Content(two.kind, {**two.fields, "TransactionReferenceID": "ENROLL-0002"})
    body = FORMATS["x12-834"].encode([one, other], COVER).body
    assert (body.count(b"~ST*834*"), body.count(b"GE*2*1~")) == (2, 1)
    assert [each.content for each in read("x12-834", body)[0]] == [one, other]


def test_other_delimiters_and_any_line_end_are_read():
    swapped = ENROLLMENT.translate(bytes.maketrans(b"*~:^", b"|!>;"))
    wanted = contents("x12-834")
    for body in (
        swapped,
        swapped.replace(b"\n", b""),
        swapped.replace(b"\n", b"\r\n"),
        ENROLLMENT.replace(b"~\n", b"\n"),
    ):
        decoded, file, records = read("x12-834", body)
        assert ([one.content for one in decoded], file, records) == (wanted, [], [])


def test_several_interchanges_in_one_file_are_read_one_after_another():
    decoded, file, _ = read("x12-834", ENROLLMENT + b"\r\n" + ENROLLMENT)
    assert ([one.content for one in decoded], file) == (contents("x12-834") * 2, [])


def test_a_test_file_says_so():
    decoded, file, _ = read("x12-834", changed("*1*P*:~", "*1*T*:~"))
    assert (told(file), file[0].severity) == (["X12-TEST ISA15"], Severity.NOTICE)
    assert decoded[0].content.get("UsageCode") == "T"


# --- envelopes --------------------------------------------------------------------------------------------------------


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


# --- segments and elements --------------------------------------------------------------------------------------------


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


# --- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        ("CoveredPerson[1]/PersonName/PersonSurName", "N" * 61, "X12-LENGTH NM103"),
        ("CoveredPerson[1]/PersonName/PersonSurName", "A*B", "X12-CHARACTER NM103"),
        ("CoveredPerson[1]/PersonName/PersonSurName", "A~SE", "X12-CHARACTER NM103"),
        ("CoveredPerson[1]/PersonName/PersonSurName", "\xc9mile", "X12-CHARACTER NM103"),
        ("CoveredPerson[1]/PersonName/PersonSurName", "SAMPLE ", "X12-LENGTH NM103"),
        ("CoveredPerson[1]/PersonBirthDate", "2026-02-29", "X12-VALUE DMG02"),
        ("CoveredPerson[1]/ResidentialAddress/AddressPostalCode", "1234", "X12-VALUE N403"),
        ("MaintenanceTypeCode", "999", "X12-CODE INS03"),
        ("CoveredPerson[1]/NameCorrectionCode", "Z9", "X12-CODE NM101"),
        ("MaintenanceTypeCode", None, "X12-REQUIRED INS03"),
        ("Sponsor/OrganizationID", None, "X12-REQUIRED N104"),
        ("TransactionTime", "25:00:00", "X12-VALUE BGN04"),
    ],
)
def test_what_an_element_cannot_hold_is_a_finding_and_never_cut(path, value, wanted):
    content = contents("x12-834")[0]
    fields = {**content.fields, path: value} if value else {p: v for p, v in content.fields.items() if p != path}
    encoded = FORMATS["x12-834"].encode([Content(content.kind, fields)], COVER)
    blocking = [one for one in encoded.findings if one.severity.blocks]
    assert wanted in told(blocking)
    assert value is None or value.encode("utf-8") not in encoded.body


def test_the_mark_of_family_violence_is_never_lost_on_the_way():
    content = contents("x12-834")[0]
    for path in ("CoveredPerson[1]", "CustodialParty", "PolicyHolder", "NoncustodialParent"):
        marked = Content(content.kind, {**content.fields, f"{path}/FamilyViolenceIndicator": "Y"})
        assert "FIX-MARK-LOST" in {
            one.rule for one in FORMATS["x12-834"].encode([marked], COVER).findings if one.severity.blocks
        }
        assert CANONICAL.facts(marked).family_violence


def test_a_restricted_member_is_known_as_one():
    decoded, _, _ = read("x12-834", changed("A***FT~", "A***FT*****R~"))
    facts = [CANONICAL.facts(one.content) for one in decoded]
    assert [(one.nondisclosure, one.family_violence) for one in facts] == [(True, False), (False, False)]


def test_what_a_set_cannot_carry_is_listed():
    content = contents("x12-834")[0]
    more = {"NoncustodialParent/PersonName/PersonSurName": "SAMPLE", "CoveredPerson[2]/PersonName/PersonSurName": "BO"}
    encoded = FORMATS["x12-834"].encode([Content(content.kind, {**content.fields, **more})], COVER)
    assert {(one.rule, one.path, one.severity) for one in encoded.findings} == {
        ("FIX-NOT-CARRIED", path.replace("[2]", "[*]"), Severity.NOTICE) for path in more
    }


def test_records_of_two_senders_do_not_share_an_interchange():
    one, two = contents("x12-834")
    other = Content(two.kind, {**two.fields, "SenderID": "26"})
    assert "X12-SENDER-CONFLICT" in {each.rule for each in FORMATS["x12-834"].encode([one, other], COVER).findings}


def test_without_a_named_sender_the_delivery_names_it():
    fields = {p: v for p, v in contents("x12-834")[0].fields.items() if p not in ("SenderID", "RecipientID")}
    cover = replace(COVER, sender=replace(COVER.sender, locators=frozenset({"39049", "39"})), number=77)
    body = FORMATS["x12-834"].encode([Content(Kind("medical-support"), fields)], cover).body
    assert body.startswith(
        b"ISA*00*          *00*          *ZZ*39             *ZZ*39             *260131*0000*^*00501*000000077*"
    )
    assert b"~GS*BE*39*39*20260131*0000*77*X*005010X220A1~" in body


# --- hostile bytes ----------------------------------------------------------------------------------------------------


@settings(calm, max_examples=60)
@given(st.data())
def test_damaged_examples_never_raise(data):
    name = data.draw(st.sampled_from(NAMES))
    body = bytearray(BODIES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 4))] = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from([b"~", b"*", b"*~", b"~ISA*", b"~SE*", b"HL*1*1*22*0~"]))
        )
    decoded, _, _ = read(name, bytes(body))
    for one in decoded:
        assert one.content is not None or any(f.severity.blocks for f in one.findings)
        if one.content is not None:
            CANONICAL.validate(CANONICAL.write(one.content), 1)


@settings(calm, max_examples=40)
@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_any_frame_is_decoded_without_an_exception(name, body):
    for text in (body, ENROLLMENT[:106] + body, ENROLLMENT[:106] + b"GS*BE~ST*834~" + body):
        decoded = FORMATS[name].decode(Frame(1, text, 1), Heading())
        assert decoded.content is not None or any(one.severity.blocks for one in decoded.findings)


# --- tables -----------------------------------------------------------------------------------------------------------

TABLE = """
name = "x"
title = "x"
kind = "medical-support"
code = "834"
group = "BE"
release = "r"
interchange = "00501"
source = "s"
confidence = "c"
[[section]]
name = "header"
level = 0
record = true
[[segment]]
tag = "BGN"
title = "t"
section = "header"
loop = "H"
required = "R"
elements = [{ name = "BGN01", title = "t", size = "2", required = "R", path = "ActionCode" }]
"""


def test_a_small_table_loads():
    assert transaction_set(parse("x12/x.toml", TABLE.encode())).segments[0].elements[0].most == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "header"', 'name = "head"', "the first section is the header"),
        ("record = true", "record = false", "no section is a record"),
        ('section = "header"', 'section = "tail"', "stands in no section"),
        ('"BGN01"', '"BGN02"', "not one after another"),
        ('"BGN01"', '"BGX01"', "the name is not BGN"),
        ('size = "2"', 'size = "3-2"', "size is wrong"),
        ('path = "ActionCode"', 'fill = "guess"', "fill guess is unknown"),
        ('path = "ActionCode"', 'form = "guess"', "form guess is unknown"),
        ('path = "ActionCode"', 'choices = { "34" = "ActionCode" }', "no qualifier stands before it"),
        ('required = "R", path', 'required = "X", path', "what is not used says nothing"),
        ('title = "t"\nsection', 'titel = "t"\nsection', "title is missing"),
    ],
)
def test_a_faulty_table_refuses_to_load(old, new, said):
    assert old in TABLE
    with pytest.raises(Misconfigured, match=r"schemas/x12/x\.toml") as caught:
        transaction_set(parse("x12/x.toml", TABLE.replace(old, new, 1).encode()))
    assert said in caught.value.detail
