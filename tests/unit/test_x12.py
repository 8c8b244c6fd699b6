"""X12 sets as tables: examples both ways, what cannot be written, hostile bytes, tables that do not hold."""

import pickle
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured
from gateway.core.model import Content, Kind, Severity
from gateway.core.ports.formats import Frame, Heading
from schemas.document import parse
from schemas.x12_sets import transaction_set
from tests.unit.contents import COVER, calm
from tests.unit.x12_samples import BODIES, CANONICAL, ENROLLMENT, FORMATS, NAMES, changed, contents, read, told


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


TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.,'/", min_size=1, max_size=20).map(str.strip).filter(bool)
DAYS = st.dates(min_value=date(1901, 1, 1)).map(date.isoformat)


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


@pytest.mark.parametrize(
    ("old", "new", "segments", "wanted"),
    [
        ("HL*5*4*23*0", "HL*5*3*23*0", 23, ["X12-LEVEL HL02"]),
        ("HL*3*2*22*0", "HL*3*1*22*0", 23, ["X12-LEVEL HL02"]),
        ("HL*4*2*22*1~\nNM1*IL*1*SPECIMEN*CY****MI*MEM0002~\n", "", 21, ["X12-LEVEL HL02"]),
        ("HL*1**20*1~\nNM1*PR*2*KS MEDICAID*****PI*KSMCD~\n", "", 21, ["X12-SEGMENT-REQUIRED HL"] * 2),
        (
            "HL*2*1*21*1~\nNM1*2B*2*OHIO CHILD SUPPORT*****FI*990000039~\n",
            "",
            21,
            ["X12-SEGMENT-REQUIRED HL"] * 2,
        ),
        ("BO~", "BO~", 23, []),
    ],
    ids=["another person's child", "another level", "parent left out", "no source", "no receiver", "as it should be"],
)
def test_a_level_that_stands_below_another_than_it_belongs_to_is_never_taken(old, new, segments, wanted):
    body = changed(old, new, "x12-270").replace(b"SE*23", f"SE*{segments}".encode())
    _, file, records = read("x12-270", body)
    assert (file, told(records)) == ([], wanted)
    assert all(one.severity.blocks for one in records)


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
