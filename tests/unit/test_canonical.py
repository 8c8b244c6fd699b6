"""The canonical form: written in schema order, read back exactly, validated with precise findings."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given

from gateway.core.errors import Misconfigured, Tampered
from gateway.core.model import Content, Kind
from gateway.tools import speech
from tests.unit.contents import CATALOG, LEAVES, calm, contents, valid_new_hire
from transforms import canonical

CANONICAL = speech().canonical

NOTES = {
    "the value does not have the form that its type asks for",
    "the value is not one of those that its type allows",
    "the value is shorter or longer than its type allows",
    "the value is not of its type (a date, a time, a number)",
    "the element does not keep to the schema",
    "a required element is missing",
    "an element stands where it may not, or too often",
}


def findings(content):
    return [(f.rule, f.path) for f in CANONICAL.validate(CANONICAL.write(content), 7)]


@calm
@given(contents())
def test_what_is_written_is_read_back_exactly(content):
    assert CANONICAL.read(CANONICAL.write(content)) == content


@calm
@given(contents())
def test_the_order_of_the_fields_does_not_change_the_document(content):
    backwards = Content(content.kind, dict(reversed(content.fields.items())))
    assert CANONICAL.write(backwards) == CANONICAL.write(content)


@calm
@given(contents())
def test_validation_never_raises_and_never_shows_a_value(content):
    for finding in CANONICAL.validate(CANONICAL.write(content), 1):
        assert finding.rule.startswith("XSD-")
        assert finding.note in NOTES


@pytest.mark.parametrize("kind", sorted(CATALOG.kinds))
def test_reading_gives_the_fields_in_document_order(kind):
    content = Content(kind, dict.fromkeys(reversed(LEAVES[kind]), "x"))
    assert tuple(CANONICAL.read(CANONICAL.write(content)).fields) == LEAVES[kind]


def test_a_valid_record_has_no_findings():
    assert findings(valid_new_hire()) == []


def test_repeated_groups_are_sorted_by_number_not_by_text():
    fields = {f"Participant[{n}]/PersonName/PersonSurName": str(n) for n in (9, 10, 2, 1)}
    document = CANONICAL.write(Content(Kind("locate"), fields)).decode()
    assert [part[0] for part in document.split("<PersonSurName>")[1:]] == ["1", "2", "9", "1"]


@pytest.mark.parametrize(
    ("kind", "numbers"), [("registry-entry", (2,)), ("registry-entry", (1, 3)), ("registry-entry", (2, 3, 9))]
)
def test_a_block_that_is_skipped_keeps_its_place_and_the_document_is_valid(kind, numbers):
    fields = {f"AdditionalName[{n}]/PersonSurName": f"N{n}" for n in numbers}
    fields |= {f"LocateSource[{n}]/LocateSourceCode": "ALL" for n in numbers}
    content = Content(Kind(kind), fields)
    assert CANONICAL.read(CANONICAL.write(content)) == content
    assert not {path for _, path in findings(content) if path and path.startswith(("Additional", "LocateSource"))}


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("Employee/PersonSSNIdentification", "90000000X", "XSD-PATTERN"),
        ("HireDate", "2026-02-30", "XSD-TYPE"),
        ("Employee/FamilyViolenceIndicator", "Q", "XSD-VALUE"),
        ("Employer/EmployerName", "n" * 500, "XSD-LENGTH"),
    ],
)
def test_a_bad_value_is_found_at_its_path(path, value, rule):
    good = valid_new_hire()
    content = Content(good.kind, {**good.fields, path: value})
    assert findings(content) == [(rule, path)]


def test_a_missing_element_is_named_by_the_path_where_it_should_be():
    content = valid_new_hire(Employer_EmployerFEINID=None, Employer_EmployerName=None)
    assert findings(content) == [("XSD-MISSING", "Employer")]


def locate(**changes):
    header = {
        **{f"SenderLocator/{part}": value for part, value in LOCATOR.items()},
        **{f"RecipientLocator/{part}": value for part, value in LOCATOR.items()},
        "TransactionSerialNumber": "000000000001",
        "Action": "R",
        "Function": "LO1",
        "TransactionDate": "2026-01-31",
        "AttachmentsIndicator": "N",
        **changes,
    }
    return {f"Header/{path}": value for path, value in header.items() if value is not None}


LOCATOR = {"LocatorStateCode": "26", "LocatorCountyCode": "000", "LocatorOfficeCode": "00"}


def test_one_repetition_too_many_is_found_where_it_stands():
    fields = {f"Participant[{n}]/PersonName/PersonSurName": "x" for n in range(1, 11)}
    assert findings(Content(Kind("locate"), locate() | fields)) == [("XSD-UNEXPECTED", "Participant[10]")]


@pytest.mark.parametrize("name", ["TransactionSerialNumber", "Action", "Function", "AttachmentsIndicator"])
def test_a_missing_element_between_others_is_named(name):
    assert findings(Content(Kind("locate"), locate(**{name: None}))) == [("XSD-MISSING", f"Header/{name}")]


def test_a_fault_in_a_repeated_group_carries_its_index():
    fields = {f"Participant[{n}]/PersonBirthDate": "2020-01-01" for n in (1, 2, 3)}
    fields["Participant[2]/PersonBirthDate"] = "yesterday"
    assert findings(Content(Kind("locate"), locate() | fields)) == [("XSD-TYPE", "Participant[2]/PersonBirthDate")]


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_carry_is_a_finding(character):
    assert findings(valid_new_hire(Employer_EmployerName=f"a{character}b")) == [("XML-CHARACTER", None)]


def test_a_path_that_the_schema_does_not_know_is_our_fault():
    with pytest.raises(Misconfigured, match="no element Employee/ShoeSize"):
        CANONICAL.write(valid_new_hire(Employee_ShoeSize="44"))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<NewHire",
        b"<NewHire/>",
        b'<NewHire xmlns="urn:child-support-gateway:new-hire:1"><Other/></NewHire>',
    ],
)
def test_a_document_that_we_did_not_write_is_tampered(document):
    with pytest.raises(Tampered):
        CANONICAL.read(document)


def test_the_canonical_form_travels_to_worker_processes():
    copy = pickle.loads(pickle.dumps(CANONICAL))  # noqa: S301 - our own bytes
    content = valid_new_hire()
    assert copy.write(content) == CANONICAL.write(content)


def test_facts_come_from_where_the_catalog_says():
    fields = {
        "Header/SenderLocator/LocatorStateCode": "26",
        "Header/RecipientLocator/LocatorStateCode": "39",
        "Header/RecipientLocator/LocatorCountyCode": "049",
        "Header/Function": "ENF",
        "Header/Action": "R",
        "Header/SenderCaseID": "MI1",
        "Participant[2]/FamilyViolenceIndicator": "Y",
        "Order[1]/MedicalOrderedIndicator": "Y",
    }
    facts = CANONICAL.facts(Content(Kind("case-transfer"), fields))
    assert (facts.sender, facts.recipient, facts.transaction) == ("26", "39049", "ENF R")
    assert (facts.case_id, facts.serial, facts.family_violence, facts.nondisclosure) == ("MI1", None, True, False)
    assert facts.tags == {"function": "ENF", "action": "R", "medical": "Y"}


def test_a_record_without_a_sender_has_an_empty_one():
    assert CANONICAL.facts(Content(Kind("new-hire"), {})).sender == ""


def test_a_flag_asks_for_its_value():
    fields = {"Participant[2]/FamilyViolenceIndicator": "N"}
    assert not CANONICAL.facts(Content(Kind("case-transfer"), fields)).family_violence


def test_what_explains_failures_is_made_for_the_first_document_that_fails_and_for_its_kind_alone():
    form = canonical(replace(CATALOG))
    form.warm()
    opening = form.write(Content(Kind("locate"), {}))
    assert "explainer" not in vars(form.form("locate"))
    assert form.validate(opening, 1)
    assert [kind for kind in CATALOG.kinds if "explainer" in vars(form.form(kind))] == ["locate"]


def test_a_process_that_serves_does_not_start_with_a_wrong_schema():
    with pytest.raises(Misconfigured, match="not a valid XSD"):
        canonical(broken()).warm()


def test_a_command_meets_a_wrong_schema_with_the_first_record_of_its_kind():
    form = canonical(broken())
    form.write(Content(Kind("locate"), {}))
    with pytest.raises(Misconfigured, match="not a valid XSD"):
        form.write(Content(Kind("lien"), {}))


def broken():
    """The shape of a lien is as it was; one of its types is nonsense."""
    name = CATALOG.kinds[Kind("lien")].xsd
    nonsense = b'<xs:simpleType name="X"><xs:restriction base="No"/></xs:simpleType></xs:schema>'
    return replace(CATALOG, xsds={**CATALOG.xsds, name: CATALOG.xsds[name].replace(b"</xs:schema>", nonsense)})


def test_a_schema_of_another_namespace_than_the_catalog_says_is_refused():
    kind = Kind("lien")
    other = replace(CATALOG, kinds={**CATALOG.kinds, kind: replace(CATALOG.kinds[kind], namespace="urn:other")})
    with pytest.raises(Misconfigured, match="urn:other"):
        canonical(other).warm()
