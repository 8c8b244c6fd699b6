"""Bridges between kinds: tables that are checked, and nothing that is lost without a word."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from gateway.core.bridge import Bridge, BridgeCase, BridgeField, Bridging, Crossing, Stamp, gathered
from gateway.core.errors import Misconfigured
from gateway.core.model import (
    AdapterName,
    Content,
    Endpoint,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    Role,
    Severity,
)
from schemas.checks import check
from transforms.paths import check_paths
from transforms.schema_tree import merged, tree

CATALOG = schemas.load()
ANSWER, LOCATE = Kind("locate-answer"), Kind("locate")
BRIDGE = CATALOG.bridges[ANSWER]
CROSSING = Crossing(date(2026, 3, 5), 12, 3)
QUESTION = Content(LOCATE, {"Header/SenderCaseID": "OH1", "Header/SenderLocator/LocatorStateCode": "39"})


def tree_of(kind):
    info = CATALOG.kinds[kind]
    return tree(merged(info.xsd, CATALOG.xsds), info.root)


TARGET = tree_of(LOCATE)
LEAVES = sorted(tree_of(ANSWER).leaves())
VALUES = st.text("ABC123", min_size=1, max_size=8) | st.sampled_from(["Y", "1", "2", "20250115", "2025-Q3"])


def cross(fields, question=QUESTION, bridge=BRIDGE, **codes):
    bridging = replace(CATALOG.bridging, codes=codes) if codes else CATALOG.bridging
    return bridging.cross(bridge, Content(ANSWER, fields), question, CROSSING)


@given(st.dictionaries(st.sampled_from(LEAVES), VALUES, max_size=12))
def test_every_element_is_carried_dropped_on_purpose_or_told_and_nothing_is_invented(fields):
    content, findings = cross(fields)
    if any(finding.severity.blocks for finding in findings):
        assert content.fields == {}
        return
    told = {finding.path for finding in findings}
    case = BRIDGE.case_of(Content(ANSWER, fields))
    rows = [row for row in (*BRIDGE.fields, *case.fields) if row.source in fields]
    carried = {row.source for row in rows if row.to in content.fields}
    assert told | carried | BRIDGE.drops >= fields.keys()
    assert not told & (carried | BRIDGE.drops)
    constants = {row.constant for row in BRIDGE.rows if row.constant}
    said = " ".join((*fields.values(), *QUESTION.fields.values())).replace("-", "")
    for path, value in content.fields.items():
        assert TARGET.knows(path)
        assert value in (*constants, "2026-03-05", "900001200003") or value.replace("-", "") in said


def test_a_record_that_no_case_is_about_is_not_sent():
    content, findings = cross({"AgencyCode": "E07"})
    assert content.fields == {}
    assert [(one.rule, one.severity) for one in findings] == [("BRIDGE-NO-CASE", Severity.ERROR)]


EMPLOYER = {"EmployerName": "ACME", "NewHireAnswer/HireDate": "2025-02-11"}


def test_a_mark_that_protects_somebody_is_never_left_out():
    _, findings = cross({**EMPLOYER, "FamilyViolenceIndicator": "Y"})
    assert ("BRIDGE-MARK-LOST", Severity.ERROR) in [(one.rule, one.severity) for one in findings]


@pytest.mark.parametrize("text", ["2025011", "20251301", "2025-1-1", "MMYY"])
def test_an_address_whose_day_is_none_has_no_words_and_a_day_that_is_none_is_never_carried(text):
    fields = {"AgencyCode": "H97", "Address/AddressLine1Text": "1 TEST RD", "AddressDateText": text}
    assert [one.rule for one in cross(fields)[1]] == ["BRIDGE-NO-CASE"]
    row = BridgeField("LocateInformation/MailingAddress/EffectiveDate", source="AddressDateText", day=True)
    bridge = Bridge(ANSWER, LOCATE, "here", (), (BridgeCase("all", ("AgencyCode",), (), (row,)),))
    content, findings = cross(fields, bridge=bridge)
    assert row.to not in content.fields
    assert "AddressDateText" in [one.path for one in findings]


HOME = "1 TEST ST\\TOLEDO OH 43604\\"
MAILING, AT_WORK = "LocateInformation/MailingAddress/", "LocateInformation/Employer/"


def older(agency, **more):
    return {
        "AgencyCode": agency,
        "AddressFormatIndicator": "F",
        "ReturnedAddressText": HOME,
        "AddressDateText": "20250115",
        **{path.replace("__", "/"): value for path, value in more.items()},
    }


@pytest.mark.parametrize(
    ("fields", "reason", "at"),
    [
        (older("F01"), "LICAD", MAILING + "Address/"),
        (older("A01"), "LICAD", MAILING + "Address/"),
        (older("E01", EmployerName="ACME"), "LICEM", AT_WORK + "EmployerAddress/"),
        (
            older("B26", EmployerName="ACME", StateWageAgencyAnswer__WageClaimIndicator="1"),
            "LICEM",
            AT_WORK + "EmployerAddress/",
        ),
        (older("B01", FederalEmployeeAnswer__AddressTypeCode="2"), "LICAD", MAILING + "Address/"),
        (
            older(
                "B01",
                EmployerName="USPS",
                FederalEmployeeAnswer__AddressTypeCode="1",
                FederalEmployeeAnswer__HireDate="2020-01-02",
            ),
            "LICEM",
            AT_WORK + "EmployerAddress/",
        ),
        (
            older("A02", EmployerName="FBI", FBIAnswer__AddressTypeCode="2", FBIAnswer__HireDate="2020-01-02"),
            "LICEM",
            MAILING + "Address/",
        ),
    ],
)
def test_an_address_that_is_one_text_is_carried_in_its_parts(fields, reason, at):
    content, findings = cross(fields)
    assert content.get("Header/Reason") == reason
    assert {path.removeprefix(at): value for path, value in content.fields.items() if path.startswith(at)} == {
        "AddressLine1Text": "1 TEST ST",
        "AddressCityName": "TOLEDO",
        "AddressStateCode": "OH",
        "AddressPostalCode": "43604",
    }
    assert not {"ReturnedAddressText", "AddressFormatIndicator"} & {finding.path for finding in findings}


def test_an_address_that_cannot_be_taken_apart_is_told_and_not_carried():
    fields = older("E01", EmployerName="ACME") | {"ReturnedAddressText": "SOMEWHERE IN OHIO"}
    content, findings = cross(fields)
    assert content.get("Header/Reason") == "LICEM"
    assert not any("Address" in path for path in content.fields if path.startswith(AT_WORK))
    assert {f.path for f in findings if f.severity is Severity.NOTICE} >= {
        "ReturnedAddressText",
        "AddressFormatIndicator",
    }


def test_what_is_left_of_an_address_is_told():
    lines = "".join(f"{n} TEST ST\\" for n in range(1, 5))
    content, findings = cross(older("F01") | {"ReturnedAddressText": f"{lines}TOLEDO OH 43604\\"})
    assert content.get(MAILING + "Address/AddressLine3Text") == "3 TEST ST"
    assert ("BRIDGE-NOT-CARRIED", "ReturnedAddressText") in [(one.rule, one.path) for one in findings]


@pytest.mark.parametrize(
    "fields",
    [
        older("F01") | {"AddressDateText": "0125"},
        older("F01") | {"ReturnedAddressText": "SOMEWHERE"},
        older("F01", EmployerName="ACME"),
        older("B01", FederalEmployeeAnswer__AddressTypeCode="1"),
    ],
)
def test_an_address_without_its_day_or_whose_owner_is_not_known_has_no_words(fields):
    assert [one.rule for one in cross(fields)[1]] == ["BRIDGE-NO-CASE"]


@pytest.mark.parametrize(
    "block", ["SSABenefitAnswer", "VeteransAnswer", "FBIAnswer", "NSAAnswer", "FederalEmployeeAnswer"]
)
def test_a_death_that_any_agency_knows_is_told(block):
    content, _ = cross(older("F01") | {f"{block}/PersonDeathDate": "2024-05-06"})
    assert content.get("Header/Reason") == "LUAPD"
    assert not any(path.startswith("LocateInformation") for path in content.fields)


def test_a_code_list_translates_and_tells_what_it_does_not_know():
    row = BridgeField("Header/Reason", source="ResponseCode", codes="reasons")
    bridge = Bridge(ANSWER, LOCATE, "here", (), (BridgeCase("all", (), ("ResponseCode",), (row,)),))
    content, findings = cross({"ResponseCode": "30"}, bridge=bridge, reasons={"30": "LUALL"})
    assert (content.fields, findings) == ({"Header/Reason": "LUALL"}, ())
    content, findings = cross({"ResponseCode": "31"}, bridge=bridge, reasons={"30": "LUALL"})
    assert content.fields == {}
    assert [one.path for one in findings] == ["ResponseCode"]


def test_serials_of_one_recipient_are_twelve_digits_and_never_the_same():
    serials = {Crossing(date(2026, 3, 5), n, place).value(Stamp.SERIAL) for n in range(1, 40) for place in range(1, 40)}
    assert len(serials) == 39 * 39
    assert all(re.fullmatch("9[0-9]{11}", serial) for serial in serials)


def test_findings_of_many_records_are_one_for_each_element():
    _, first = cross({**EMPLOYER, "AgencyCode": "H99"})
    found = gathered([*first, *first])
    assert [(one.path, one.note, one.record) for one in found] == [("AgencyCode", "2 times", None)]


def test_a_partner_gets_its_own_format_for_a_kind_before_a_bridge_and_xml_when_it_has_neither():
    def taking(**formats):
        named = {Kind(kind.replace("_", "-")): FormatName(name) for kind, name in formats.items()}
        folder = Endpoint(AdapterName.FOLDER)
        return Partner(PartnerKey("x"), "X", Role.STATE, "IV-D", frozenset({"39"}), folder, formats=named)

    bridging = CATALOG.bridging
    assert bridging.format_of(taking(locate="csenet", locate_answer="fpls-answers"), ANSWER) == "fpls-answers"
    assert bridging.format_of(taking(locate="csenet"), ANSWER) == "csenet"
    assert bridging.format_of(taking(), ANSWER) == "xml"
    assert bridging.between(ANSWER, FormatName("csenet")) is BRIDGE
    assert bridging.between(ANSWER, FormatName("xml")) is None
    assert bridging.between(LOCATE, FormatName("csenet")) is None
    assert Bridging().between(ANSWER, FormatName("csenet")) is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fields": (BridgeField("Header/Nonsense", constant="X"),)}, "kind locate has no element Header/Nonsense"),
        ({"fields": (BridgeField("Header/Reason", source="Nonsense"),)}, "kind locate-answer has no element Nonsense"),
        ({"fields": (BridgeField("Header/Reason", question="Nonsense"),)}, "kind locate has no element Nonsense"),
        ({"drops": frozenset({"Nonsense"})}, "kind locate-answer has no element Nonsense"),
        ({"cases": (BridgeCase("odd", ("Nonsense=1",), (), ()),)}, "kind locate-answer has no element Nonsense"),
    ],
)
def test_a_bridge_that_names_an_unknown_element_does_not_load(change, fault):
    with pytest.raises(Misconfigured, match=fault):
        check_paths(replace(CATALOG, bridges={ANSWER: replace(BRIDGE, **change)}))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"to": Kind("nonsense")}, "there is no kind nonsense"),
        ({"needs": ("nonsense",)}, "there is no tag nonsense"),
        ({"kind": Kind("wage")}, "kind wage names no question"),
        ({"fields": (BridgeField("Header/Reason", source="AgencyCode", codes="nonsense"),)}, "no code list nonsense"),
    ],
)
def test_a_bridge_that_names_what_is_not_there_does_not_load(change, fault):
    with pytest.raises(Misconfigured, match=fault):
        check(replace(CATALOG, bridges={ANSWER: replace(BRIDGE, **change)}))
