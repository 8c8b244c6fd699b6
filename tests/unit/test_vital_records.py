"""Birth and death records of the registrars: what they mean as ``parentage`` and ``death-notice``, what is refused."""

import re
from dataclasses import replace
from datetime import date

import pytest

from gateway.core.catalog import Picture
from gateway.core.errors import Misconfigured, Unprocessable
from gateway.core.known_days import surely_before
from gateway.core.model import Content, FormatName, Severity
from gateway.core.rules import BusinessRules, told
from gateway.tools import speech
from schemas.checks import check
from tests.unit.fixed_width_samples import COVER
from tests.unit.vital_rules import ACKNOWLEDGEMENT
from tests.unit.vital_samples import CATALOG, EXAMPLES, birth
from transforms.partial_days import parsed
from transforms.schema_tree import merged, tree

FORMATS = speech().formats
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
TODAY = date(2026, 11, 20)
NATALITY, MORTALITY = FormatName("ije-natality"), FormatName("ije-mortality")


def judged(name, body):
    """(content, findings) of every record of a file, as the gateway judges them."""
    engine = FORMATS[FormatName(name)]
    reader = engine.reader()
    frames = [*reader.feed(body), *reader.finish()]
    assert reader.findings == ()
    for frame in frames:
        decoded = engine.decode(frame, reader.heading)
        assert decoded.content is not None
        yield decoded.content, findings_of(decoded.content, name, decoded.findings)


def findings_of(content, name, read=()):
    schema = CANONICAL.validate(CANONICAL.write(content), 1)
    return told(read, schema, RULES.judge(content, CANONICAL.facts(content), FormatName(name), 1, TODAY))


# --- the examples ----------------------------------------------------------------------------------------------------


def test_the_births_of_ohio_tell_who_the_parents_are_and_which_of_the_four_values_the_acknowledgement_has():
    births = [content for content, _ in judged(NATALITY, (EXAMPLES / "ohio-births.ije").read_bytes())]
    assert [one.get("Paternity/AcknowledgementCode") for one in births] == ["Y", "X", "N", "U"]
    assert [one.get("Paternity/MotherMarriedCode") for one in births] == ["N", "Y", "N", "U"]
    assert [one.get("Father/PersonName/PersonSurName") for one in births] == ["SPECIMEN", "EXAMPLE", None, "NOBODY"]
    assert [one.get("Father/PersonBirthDate") for one in births] == ["1997-11-30", "1992-02-29", None, "XXXX-06-12"]
    assert [one.get("Mother/PersonBirthDate") for one in births] == [
        "1999-07-04",
        "1994-01-31",
        "2004-05-XX",
        "2001-08-15",
    ]
    assert [one.get("Mother/PersonSSNIdentification") for one in births][2] == "XXXXXXXXX"
    assert births[0].get("Mother/ResidenceAddress/AddressFullText") == "12 SYNTHETIC WAY"
    assert births[0].get("Child/BirthPlace/FacilityName") == "SYNTHETIC GENERAL HOSPITAL"


def test_the_good_examples_block_nothing_and_say_what_was_left_out():
    for name, file in ((NATALITY, "ohio-births.ije"), (MORTALITY, "ohio-deaths.ije")):
        for _, findings in judged(name, (EXAMPLES / file).read_bytes()):
            assert all(finding.severity is Severity.NOTICE for finding in findings)
            assert [finding.rule for finding in findings].count("FILE-NOT-KEPT") == 1


def test_no_medical_or_statistical_field_of_a_birth_reaches_the_content():
    (content, _), *_ = judged(NATALITY, (EXAMPLES / "ohio-births.ije").read_bytes())
    text = CANONICAL.write(content).decode()
    assert "3210" not in text, "the weight at birth"
    assert {path.partition("/")[0] for path in content.fields} == {
        "JurisdictionCode",
        "Certificate",
        "Child",
        "Mother",
        "Father",
        "Paternity",
    }


def test_the_deaths_of_ohio_tell_who_died_when_and_where():
    deaths = [content for content, _ in judged(MORTALITY, (EXAMPLES / "ohio-deaths.ije").read_bytes())]
    assert [one.get("DeathDate") for one in deaths] == ["2026-02-14", "2026-02-XX"]
    assert [one.get("Decedent/PersonSSNIdentification") for one in deaths] == ["900020001", "XXXXXXXXX"]
    assert [one.get("Decedent/PersonBirthDate") for one in deaths] == ["1961-12-24", "XXXX-XX-XX"]
    assert deaths[0].get("DeathPlace/LocationCityName") == "COLUMBUS"
    assert CANONICAL.facts(deaths[0]).sender == "VITAL-OH"


def test_a_birth_is_sent_by_the_registrar_of_its_jurisdiction_and_tells_agreements_what_was_acknowledged():
    ((content, _),) = judged(NATALITY, birth())
    facts = CANONICAL.facts(content)
    assert (facts.sender, facts.recipient) == ("VITAL-OH", None)
    assert facts.tags == {"acknowledgement": "Y", "married": "N", "jurisdiction": "OH"}
    assert not facts.family_violence
    protected = Content(content.kind, {**content.fields, "Mother/FamilyViolenceIndicator": "Y"})
    assert CANONICAL.facts(protected).family_violence
    other = Content(content.kind, {**content.fields, "ReportingPartyID": "HOSPITAL-7"})
    assert CANONICAL.facts(other).sender == "HOSPITAL-7"


# --- days and marks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", ["2026", "9999"])
@pytest.mark.parametrize("month", ["02", "99"])
@pytest.mark.parametrize("day", ["28", "99"])
def test_every_part_of_a_day_may_be_unknown_and_stays_apart_from_blank(year, month, day):
    ((content, findings),) = judged(NATALITY, birth(MDOB_YR=year, MDOB_MO=month, MDOB_DY=day, FDOB_YR="    "))
    wanted = "-".join("X" * len(part) if set(part) == {"9"} else part for part in (year, month, day))
    assert content.get("Mother/PersonBirthDate") == wanted
    assert "Father/PersonBirthDate" not in content.fields
    assert not any(
        finding.path == "Mother/PersonBirthDate" and finding.rule != "VR-PARENT-YOUNGER" for finding in findings
    )


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"IDOB_DY": "29"}, "FIX-DAY-PARTS", "IDOB_DY"),
        ({"IDOB_MO": "13"}, "FIX-DAY-PARTS", "IDOB_DY"),
        ({"IDOB_DY": "00"}, "FIX-DAY-PARTS", "IDOB_DY"),
        ({"IDOB_YR": "0000"}, "FIX-DAY-PARTS", "IDOB_DY"),
        ({"IDOB_MO": "  "}, "FIX-REQUIRED", "IDOB_MO"),
        ({"IDOB_MO": "+2"}, "FIX-DIGITS", "IDOB_MO"),
        ({"FDOB_YR": "1990"}, "FIX-DAY-PARTS", "FDOB_MO"),
        ({"FDOB_YR": "9999", "FDOB_MO": "02", "FDOB_DY": "30"}, "FIX-DAY-PARTS", "FDOB_DY"),
        ({"MOM_SSN": "90001000"}, "FIX-DIGITS", "MOM_SSN"),
        ({"BSTATE": "  "}, "FIX-REQUIRED", "BSTATE"),
        ({"KIDFNAME": "CA\tRA"}, "FIX-CHARACTER", "KIDFNAME"),
        ({"ACKN": "P"}, "VR-CODE", "ACKN"),
        ({"ACKN": "y"}, "VR-CODE", "ACKN"),
        ({"SSN_REQ": "U"}, "VR-CODE", "SSN_REQ"),
    ],
)
def test_what_is_wrong_in_a_record_is_found_in_its_field(changes, rule, field):
    found = [one for one in next(iter(judged(NATALITY, birth(**changes))))[1] if one.severity.blocks]
    assert [(one.rule, one.field) for one in found] == [(rule, field)]
    place = next(one for one in CATALOG.layouts["ije-natality"].fields if one.name == field)
    assert (found[0].start, found[0].length) == (place.start, place.length)
    assert "#" not in (found[0].path or "")


@pytest.mark.parametrize("code", ["Y", "N", "U", "X", " "])
def test_the_values_of_an_acknowledgement_are_never_merged(code):
    ((content, _),) = judged(NATALITY, birth(ACKN=code))
    assert content.get("Paternity/AcknowledgementCode") == (code.strip() or None)


@pytest.mark.parametrize(
    ("day", "other", "before"),
    [
        ("2026-01-31", "2026-02-01", True),
        ("2026-02-01", "2026-02-01", False),
        ("2026-02-02", "2026-02-01", False),
        ("2025-XX-XX", "2026-02-01", True),
        ("2026-XX-01", "2026-02-02", False),
        ("2026-01-XX", "2026-02-01", True),
        ("XXXX-01-01", "2026-02-01", False),
        ("2026-03-01", "2026-XX-02", False),
    ],
)
def test_a_day_is_before_another_only_when_that_is_sure(day, other, before):
    assert surely_before(day, other) is before


@pytest.mark.parametrize(
    "text",
    ["2026-02-29", "2026-2-28", "20260228", "2026-XX", "202X-01-01", "9999-01-01", "XXXX-04-31", "\uff12026-02-28"],
)
def test_no_other_text_is_a_day(text):
    assert parsed(text) is None


def test_the_small_birth_record_has_no_finding():
    ((_, findings),) = judged(NATALITY, birth())
    assert findings == ()


# --- the canonical form ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["xml", "json"])
def test_an_acknowledgement_has_no_layout_of_its_own_and_goes_through_the_canonical_formats_whole(name):
    engine = FORMATS[FormatName(name)]
    body = engine.encode([ACKNOWLEDGEMENT], COVER).body
    ((content, findings),) = judged(name, body)
    assert (content, findings) == (ACKNOWLEDGEMENT, ())


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("Paternity/AcknowledgementCode", "Z", "VR-CODE"),
        ("Child/PersonBirthDate", "2025-02-29", "XSD-PATTERN"),
        ("Child/PersonBirthDate", "XXXX-02-30", "XSD-TYPE"),
        ("Child/PersonBirthDate", "20250228", "XSD-TYPE"),
        ("Mother/PersonSSNIdentification", "XXXXX1234", "XSD-PATTERN"),
        ("Mother/FamilyViolenceIndicator", "U", "XSD-VALUE"),
    ],
)
def test_a_value_of_another_form_is_refused(path, value, rule):
    content = Content(ACKNOWLEDGEMENT.kind, {**ACKNOWLEDGEMENT.fields, path: value})
    assert [one.rule for one in findings_of(content, "xml") if one.severity.blocks] == [rule]


def test_the_example_of_a_hospital_has_every_element_of_the_federal_minimum():
    ((content, findings),) = judged("json", (EXAMPLES / "hospital-acknowledgement.json").read_bytes())
    assert (content, findings) == (ACKNOWLEDGEMENT, ())
    assert CANONICAL.facts(content).sender == "HOSPITAL-7"


def test_every_place_that_the_page_names_is_in_the_schema():
    text = (EXAMPLES.parents[1] / "docs" / "vital-records.md").read_text()
    named = set(re.findall(r"`((?:Child|Mother|Father|Paternity)/[A-Za-z/]+)`", text))
    assert len(named) > 30
    schema = tree(merged("parentage.xsd", CATALOG.xsds), "Parentage")
    assert [path for path in named if not schema.knows(path)] == []


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("IDOB_MO", {"picture": Picture.DAY_DAY}, "expected year, month and day"),
        ("IDOB_MO", {"path": None}, "expected year, month and day"),
        ("IDOB_YR", {"picture": Picture.DAY_MONTH}, "does not fit picture"),
        ("TB", {"path": "Child/PersonBirthTime"}, "picture unkept has no path"),
        ("ISEX", {"path": "JurisdictionCode"}, "the path is there 2 times"),
    ],
)
def test_a_layout_whose_days_or_paths_cannot_be_right_is_refused_at_the_start(name, change, what):
    layout = CATALOG.layouts["ije-natality"]
    fields = tuple(replace(one, **change) if one.name == name else one for one in layout.fields)
    with pytest.raises(Misconfigured, match=what):
        check(replace(CATALOG, layouts={**CATALOG.layouts, layout.name: replace(layout, fields=fields)}))


def test_a_registrars_file_is_never_written():
    for name in (NATALITY, MORTALITY):
        with pytest.raises(Unprocessable):
            FORMATS[name].encode([ACKNOWLEDGEMENT], COVER)
