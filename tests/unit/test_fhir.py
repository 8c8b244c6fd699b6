"""FHIR birth messages: the facts of parentage in, out, and nothing taken that the message does not say."""

import json
import pickle
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import Misconfigured, Unprocessable
from gateway.core.model import Content, FormatName, Kind, Severity
from gateway.core.ports.formats import Decoded, Frame, Heading
from gateway.core.resource_table import Form
from gateway.offline.recognise import Recogniser
from gateway.tools import speech
from schemas.document import parse
from schemas.messages import message as table_of
from tests.unit.contents import calm, cut_at_once, decode_all, texts
from tests.unit.fixed_width_samples import COVER
from tests.unit.vital_rules import BIRTH
from tests.unit.vital_samples import CATALOG, EXAMPLES

FORMATS = speech().formats
CANONICAL = speech().canonical
NAME = FormatName("bfdr-birth")
FHIR, IJE = FORMATS[NAME], FORMATS[FormatName("ije-natality")]
TABLE = CATALOG.messages[NAME]
CHILD, MOTHER, FATHER = (one.profile.rpartition("/")[2] for one in TABLE.resources)
UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def written(content=BIRTH):
    encoded = FHIR.encode([content], COVER)
    assert [one for one in encoded.findings if one.severity.blocks] == []
    return json.loads(encoded.body)


def read(message) -> Decoded:
    return FHIR.decode(Frame(1, json.dumps(message).encode(), 1), Heading())


def resources(message):
    return [entry["resource"] for entry in message["entry"][2]["resource"]["entry"]]


def of(message, profile):
    return next(one for one in resources(message) if one["meta"]["profile"][0].endswith(profile))


def observed(message, code):
    return next(one for one in resources(message) if one.get("code", {}).get("coding", [{}])[0].get("code") == code)


# --- both ways -------------------------------------------------------------------------------------------------------


def values(form, digits, codes):
    known = st.text("0123456789", min_size=digits, max_size=digits).filter(lambda text: text.strip("9") != "")
    return {
        Form.TEXT: texts,
        Form.CODE: st.sampled_from(sorted(codes)) if codes else st.nothing(),
        Form.NUMBER: known | st.just("X" * digits),
        Form.DIGITS: known | st.just("X" * digits),
        Form.DAY: st.builds(
            "{}-{}-{}".format,
            st.sampled_from(["1999", "XXXX"]),
            st.sampled_from(["02", "XX"]),
            st.sampled_from(["28", "XX"]),
        ),
    }[form]


@st.composite
def writable(draw):
    """A content of any of the facts that a message carries; a middle name stands only behind a first one."""
    members = [*TABLE.parameters, *(m for one in TABLE.resources for m in one.members if m.path)]
    chosen = draw(st.lists(st.sampled_from(members), max_size=12, unique_by=lambda member: member.path))
    fields = {m.path: draw(values(m.form, m.digits, m.values)) for m in chosen}
    fields |= {one.path: draw(st.sampled_from(sorted(one.values))) for one in TABLE.observations if draw(st.booleans())}
    for path in [path for path in fields if path.endswith("PersonMiddleName")]:
        fields.setdefault(path.replace("Middle", "Given"), "A")
    return Content(Kind("parentage"), fields)


@settings(calm, max_examples=40)
@given(st.lists(writable(), min_size=1, max_size=3))
def test_what_is_written_is_read_again(contents):
    encoded = FHIR.encode(contents, COVER)
    assert [one for one in encoded.findings if one.severity.blocks] == []
    decoded = decode_all(FHIR, encoded.body)
    assert [dict(one.content.fields) for one in decoded] == [dict(one.fields) for one in contents]
    assert all(not one.findings for one in decoded)


def births():
    frames, _ = cut_at_once(IJE, (EXAMPLES / "ohio-births.ije").read_bytes())
    return [IJE.decode(frame, Heading()).content for frame in frames]


def test_a_birth_record_keeps_its_facts_through_a_message_and_what_is_lost_is_named():
    sent = births()
    encoded = FHIR.encode(sent, COVER)
    got = [one.content for one in decode_all(FHIR, encoded.body)]
    lost = {one.path for one in encoded.findings if one.rule == "FIX-NOT-CARRIED"}
    implied = set(TABLE.implied)
    for before, after in zip(sent, got, strict=True):
        assert dict(after.fields).items() <= dict(before.fields).items()
        assert before.fields.keys() - after.fields.keys() <= lost | implied
        for path in ("Paternity/AcknowledgementCode", "Mother/PersonSSNIdentification", "Father/PersonBirthDate"):
            assert after.get(path) == before.get(path)
    assert not lost & {path for content in got for path in content.fields}


def test_the_example_messages_say_what_the_birth_records_say_and_tell_what_was_left_out():
    decoded = decode_all(FHIR, (EXAMPLES / "ohio-birth-messages.json").read_bytes())
    assert [one.content.get("Paternity/AcknowledgementCode") for one in decoded] == ["Y", "U"]
    assert [one.content.get("Father/PersonBirthDate") for one in decoded] == ["1997-11-30", "XXXX-06-12"]
    for one in decoded:
        assert [(f.rule, f.severity, f.note) for f in one.findings] == [
            ("FHIR-NOT-KEPT", Severity.NOTICE, "1 resources and 2 members of others")
        ]
        assert CANONICAL.validate(CANONICAL.write(one.content), 1) == ()
        assert CANONICAL.facts(one.content).sender == "VITAL-OH"


@pytest.mark.parametrize(
    ("code", "system", "value"),
    [("Y", "v2-0136", "Y"), ("N", "v2-0136", "N"), ("U", "v3-NullFlavor", "UNK"), ("X", "v3-NullFlavor", "NA")],
)
def test_the_four_values_of_an_acknowledgement_have_a_code_each(code, system, value):
    message = written(Content(BIRTH.kind, {**BIRTH.fields, "Paternity/AcknowledgementCode": code}))
    found = observed(message, "87302-6")
    assert found["valueCodeableConcept"]["coding"] == [
        {"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": value}
    ]
    father = next(e for e in message["entry"][2]["resource"]["entry"] if e["resource"] == of(message, FATHER))
    assert found["focus"] == [{"reference": father["fullUrl"]}]
    assert read(message).content.get("Paternity/AcknowledgementCode") == code


@pytest.mark.parametrize(
    ("text", "date", "beside"),
    [
        ("2025-02-28", "2025-02-28", None),
        ("2025-02-XX", "2025-02", None),
        ("2025-XX-XX", "2025", None),
        ("XXXX-XX-XX", None, UNKNOWN),
        ("2025-XX-28", "2025", {"year": 2025, "day": 28}),
        ("XXXX-02-28", None, {"month": 2, "day": 28}),
        ("XXXX-02-XX", None, {"month": 2}),
        ("XXXX-XX-28", None, {"day": 28}),
    ],
)
def test_a_day_is_written_as_far_as_it_is_known(text, date, beside):
    mother = of(written(Content(BIRTH.kind, {**BIRTH.fields, "Mother/PersonBirthDate": text})), MOTHER)
    assert mother.get("birthDate") == date
    found = mother.get("_birthDate")
    if beside not in (None, UNKNOWN):
        (partial,) = found["extension"]
        assert partial["url"].endswith("/Extension-partial-date-vr")
        found = {one["url"]: one["valueUnsignedInt"] for one in partial["extension"]}
    assert found == beside


@pytest.mark.parametrize("name", ["Extension-partial-date-vr", "Extension-partial-date-time-vr"])
def test_a_part_that_is_marked_as_absent_is_read_like_one_that_is_left_out(name):
    absent = {"extension": [{"url": UNKNOWN["extension"][0]["url"], "valueCode": "asked-unknown"}]}
    parts = [{"url": "year", "valueUnsignedInt": 1986}, {"url": "month", "_valueUnsignedInt": absent}]
    parts.append({"url": "day", "valueUnsignedInt": 7})
    url = f"http://hl7.org/fhir/us/vr-common-library/StructureDefinition/{name}"
    message = written()
    of(message, MOTHER).update(birthDate="1986", _birthDate={"extension": [{"url": url, "extension": parts}]})
    assert read(message).content.get("Mother/PersonBirthDate") == "1986-XX-07"
    parts[0]["valueUnsignedInt"] = 1987
    assert [one.rule for one in read(message).findings] == ["FHIR-VALUE"]


def test_a_number_that_is_not_known_is_told_apart_from_none():
    unknown = Content(BIRTH.kind, {**BIRTH.fields, "Mother/PersonSSNIdentification": "XXXXXXXXX"})
    (identifier,) = of(written(unknown), MOTHER)["identifier"]
    assert (identifier["system"], identifier["_value"]) == ("http://hl7.org/fhir/sid/us-ssn", UNKNOWN)
    assert "value" not in identifier
    assert "identifier" not in of(written(), MOTHER)
    assert read(written(unknown)).content.get("Mother/PersonSSNIdentification") == "XXXXXXXXX"


@pytest.mark.parametrize(("code", "truth"), [("Y", True), ("N", False)])
def test_whether_a_number_was_asked_for_is_a_truth_in_a_message(code, truth):
    message = written(Content(BIRTH.kind, {**BIRTH.fields, "Child/SSNRequestedIndicator": code}))
    assert observed(message, "87295-2")["valueBoolean"] is truth
    assert read(message).content.get("Child/SSNRequestedIndicator") == code


def test_nines_in_a_message_are_read_as_the_registrars_mark():
    message = written(Content(BIRTH.kind, {**BIRTH.fields, "Mother/PersonSSNIdentification": "900010001"}))
    of(message, MOTHER)["identifier"][0]["value"] = "999999999"
    assert read(message).content.get("Mother/PersonSSNIdentification") == "XXXXXXXXX"


def test_every_reference_of_a_message_leads_to_an_entry_of_it():
    message = written()
    entries = [*message["entry"], *message["entry"][2]["resource"]["entry"]]
    known = {entry["fullUrl"] for entry in entries}
    referred = set()

    def walk(value):
        if isinstance(value, dict):
            referred.update([value["reference"]] if "reference" in value else [])
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                walk(one)

    walk(message)
    assert referred <= known
    assert len(known) == len(entries)


def test_a_document_is_named_by_year_jurisdiction_and_number_and_tells_the_numbers_apart():
    content = Content(BIRTH.kind, {**BIRTH.fields, "Certificate/AuxiliaryNumber": "OH-7"})
    identifier = written(content)["entry"][2]["resource"]["identifier"]
    assert (identifier["system"], identifier["value"]) == ("http://nchs.cdc.gov/bfdr_id", "2025OH000123")
    assert [one["valueString"] for one in identifier["extension"]] == ["000123", "OH-7"]


def test_each_attempt_writes_the_same_bytes_and_each_record_has_ids_of_its_own():
    first, again = (FHIR.encode(births(), COVER).body for _ in range(2))
    assert first == again
    ids = [json.loads(line)["id"] for line in first.splitlines()]
    assert len(set(ids)) == len(ids) == 4


def test_the_format_survives_the_way_to_a_worker_process():
    again = pickle.loads(pickle.dumps(FHIR))  # noqa: S301 - our own bytes
    assert again.encode([BIRTH], COVER) == FHIR.encode([BIRTH], COVER)


# --- what is not written ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Certificate/VoidCode", "1"),
        ("Certificate/ReplacementCode", "1"),
        ("Certificate/CertificateNumber", "12-34"),
        ("Certificate/CertificateNumber", "1234567"),
        ("Child/PersonSexCode", "Q"),
        ("Child/PersonBirthDate", "2025-02-29"),
        ("Child/PersonName/PersonMiddleName", "B"),
        ("Mother/PersonSSNIdentification", "999999999"),
        ("Paternity/AcknowledgementCode", "P"),
    ],
)
def test_a_value_that_a_message_cannot_say_stops_it(path, value):
    found = FHIR.encode([Content(BIRTH.kind, {**BIRTH.fields, path: value})], COVER).findings
    assert [(one.rule, one.severity, one.path, one.record) for one in found if one.severity.blocks] == [
        ("FHIR-UNWRITABLE", Severity.ERROR, path, 1)
    ]
    assert value not in repr(found) or len(value) == 1


def test_the_mark_of_a_protected_person_is_never_lost_and_what_else_is_lost_is_named():
    content = Content(
        BIRTH.kind, {**BIRTH.fields, "Mother/FamilyViolenceIndicator": "Y", "Father/EmployerName": "EXAMPLE MILL"}
    )
    found = {(one.rule, one.path) for one in FHIR.encode([content], COVER).findings}
    assert ("FIX-MARK-LOST", "Mother/FamilyViolenceIndicator") in found
    assert ("FIX-NOT-CARRIED", "Father/EmployerName") in found


def test_another_kind_is_not_written():
    with pytest.raises(Unprocessable):
        FHIR.encode([Content(Kind("wage"), {})], COVER)


# --- what is not read ------------------------------------------------------------------------------------------------


def changed(change):
    message = deepcopy(written())
    change(message)
    return message


def header(message):
    return message["entry"][0]["resource"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda m: m.update(type="batch"), "FHIR-MESSAGE"),
        (lambda m: m.update(resourceType="Patient"), "FHIR-MESSAGE"),
        (lambda m: m.update(entry={}), "FHIR-EVENT"),
        (lambda m: m["entry"].reverse(), "FHIR-EVENT"),
        (lambda m: header(m).update(eventUri="http://nchs.cdc.gov/birth_submission_void"), "FHIR-EVENT"),
        (lambda m: header(m).update(eventUri="http://nchs.cdc.gov/birth_submission_update"), "FHIR-EVENT"),
        (lambda m: m["entry"].pop(), "FHIR-MESSAGE"),
        (lambda m: m["entry"].append(m["entry"][2]), "FHIR-MESSAGE"),
        (lambda m: m["entry"].pop(1), "FHIR-MESSAGE"),
    ],
)
def test_what_is_no_submission_is_refused_as_a_whole(change, rule):
    decoded = read(changed(change))
    assert decoded.content is None
    assert [one.rule for one in decoded.findings] == [rule]


def twice(profile):
    return lambda m: m["entry"][2]["resource"]["entry"].append({"resource": of(m, profile)})


@pytest.mark.parametrize(
    ("change", "rule", "place"),
    [
        (lambda m: of(m, CHILD).update(meta={}), "FHIR-RESOURCE", "child"),
        (twice(CHILD), "FHIR-RESOURCE", "child"),
        (twice(MOTHER), "FHIR-RESOURCE", "mother"),
        (lambda m: of(m, MOTHER).update(modifierExtension=[{}]), "FHIR-MODIFIER", "mother"),
        (lambda m: of(m, FATHER).update(implicitRules="urn:x"), "FHIR-MODIFIER", "father"),
        (lambda m: observed(m, "87302-6").update(status="entered-in-error"), "FHIR-STATUS", "acknowledgement"),
        (lambda m: observed(m, "87302-6").update(valueCodeableConcept=True), "FHIR-VALUE", "acknowledgement"),
        (lambda m: observed(m, "87302-6").pop("valueCodeableConcept"), "FHIR-VALUE", "acknowledgement"),
        (lambda m: observed(m, "87302-6")["valueCodeableConcept"]["coding"].clear(), "FHIR-VALUE", "acknowledgement"),
        (lambda m: of(m, CHILD).update(birthDate="2025-02-30"), "FHIR-VALUE", "child.birthDate"),
        (lambda m: of(m, CHILD).update(birthDate="20250228"), "FHIR-VALUE", "child.birthDate"),
        (lambda m: of(m, CHILD).update(birthDate=20250228), "FHIR-VALUE", "child.birthDate"),
        (lambda m: of(m, CHILD).update(birthDate="2025-02-28T10:00:00Z"), "FHIR-VALUE", "child.birthDate"),
        (lambda m: of(m, CHILD).update(name={"family": "X"}), "FHIR-VALUE", "child.name.family"),
        (lambda m: of(m, CHILD)["name"].append({"use": "official"}), "FHIR-VALUE", "child.name.family"),
        (lambda m: of(m, CHILD)["name"][0].update(given=["A", 7]), "FHIR-VALUE", "child.name.given"),
        (lambda m: of(m, CHILD)["name"][0].update(family="A\u0001"), "JSON-CHARACTER", "child.name.family"),
        (lambda m: of(m, CHILD).update(gender="FEMALE"), "FHIR-VALUE", "child.gender"),
        (lambda m: of(m, CHILD).update(multipleBirthInteger=1.5), "FHIR-VALUE", "child.multipleBirthInteger"),
        (lambda m: of(m, CHILD).update(multipleBirthInteger=100), "FHIR-VALUE", "child.multipleBirthInteger"),
        (lambda m: m["entry"][1]["resource"]["parameter"].append({"name": "cert_no"}), "FHIR-RESOURCE", "cert_no"),
        (lambda m: m["entry"][1]["resource"]["parameter"][-1].update(valueUnsignedInt=2024), "FHIR-YEAR", "event_year"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_at_its_word_is_a_finding_at_its_place(change, rule, place):
    found = [one for one in read(changed(change)).findings if one.severity.blocks]
    assert (rule, place) in [(one.rule, one.field) for one in found]
    assert {one.rule for one in found} == {rule}
    assert all(CATALOG.rule(one.rule) for one in found)
    assert "SPECIMEN" not in repr(found)


def test_a_member_that_comes_twice_is_refused_wherever_it_stands():
    body = json.dumps(written())
    doubled = body.replace('"birthDate": ', '"birthDate": "1900-01-01", "birthDate": ', 1)
    decoded = FHIR.decode(Frame(1, doubled.encode(), 1), Heading())
    assert [one.rule for one in decoded.findings] == ["JSON-DUPLICATE"]


def test_a_profile_is_known_in_any_version_and_under_its_page():
    def renamed(message):
        of(message, MOTHER)["meta"]["profile"] = [f"http://build.example/ig/StructureDefinition-{MOTHER}|2.0.0"]

    assert read(changed(renamed)) == read(written())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["url", "extension", "coding", "use", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
ANYTHING = json.dumps(written(births()[0]))


@settings(calm, max_examples=100)
@given(st.integers(0, 10_000), JSON)
def test_a_message_with_anything_in_any_place_is_read_without_an_exception(place, value):
    message = json.loads(ANYTHING)
    spots = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            spots.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(message)
    node, key = spots[place % len(spots)]
    node[key] = value
    decoded = read(message)
    assert decoded.content is not None or any(one.severity.blocks for one in decoded.findings)
    assert all(CATALOG.rule(one.rule) for one in decoded.findings)


def test_the_file_is_known_for_what_it_is():
    head = (EXAMPLES / "ohio-birth-messages.json").read_bytes()
    names = ("json", NAME, "ije-natality", "ije-mortality", "medical-match", "fcr-input", "newhire-wa", "newhire-nv")
    recogniser = Recogniser(CATALOG, {name: FORMATS[FormatName(name)] for name in names})
    assert recogniser.fits(head) == (NAME,)
    assert recogniser.fits((EXAMPLES / "ohio-births.ije").read_bytes()) == ("ije-natality",)
    assert recogniser.fits((EXAMPLES / "ohio-deaths.ije").read_bytes()) == ("ije-mortality",)
    assert recogniser.fits(FORMATS[FormatName("json")].encode([BIRTH], COVER).body) == ("json",)


def test_nesting_without_end_is_read_without_an_exception():
    deep = "[" * 600 + "]" * 600
    body = json.dumps(written()).replace('"system": "http://loinc.org"', f'"system": {deep}')
    assert FHIR.decode(Frame(1, body.encode(), 1), Heading()).content is not None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"name[use=official]"', '"name[use=]"', "step"),
        ('subject = "child"', 'subject = "nobody"', "nobody"),
        ('path = "Child/PersonSexCode"', 'path = "Child/PersonBirthDate"', "more than once"),
        ('"http://loinc.org|87302-6"', '"87302-6"', "system"),
        ('form = "day" }', 'form = "moon" }', "moon"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_at_the_start(old, new, what):
    text = (EXAMPLES.parents[1] / "schemas" / "fhir" / "bfdr-birth.toml").read_text()
    with pytest.raises(Misconfigured, match=what):
        table_of(parse("fhir/bfdr-birth.toml", text.replace(old, new, 1).encode()))
