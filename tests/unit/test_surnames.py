"""Surnames are compared without case, accents, hyphens and apostrophes, whole or as a part; which elements hold them is
a table that every schema is compared with."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from gateway.core.model import Content, Kind
from gateway.core.own_name import PERSONS, folded, is_surname, meets, open_surname, own_name, seal_surname
from gateway.core.reading_review import OwnName
from tests.contract.console_site import SEALER
from transforms.canonical import Canonical

NOT_A_PERSONS = {
    *("AccidentCityName", "AccidentCountyName", "AddressCityName", "AddressCountryName", "AddressCountyName"),
    *("AddressStateName", "AdministratorName", "BatchErrorFieldName", "CompanyName", "ContactName", "CourtCityName"),
    *("CourtCountyName", "DepartmentName", "DestinationName", "EmployerName", "FacilityContactName", "FacilityName"),
    *("FileErrorFieldName", "FinancialInstitutionName", "FirmName", "FirstContactName", "FirstErrorFieldName"),
    *("IncomeWithholdingEmployerName", "InstitutionName", "InstitutionName2", "InsuranceCarrierName", "InsurerName"),
    *("IssuingJurisdictionName", "IssuingStateName", "IssuingTribunalName", "LocationCityName", "LocationCountryName"),
    *("LocationCountyName", "LocationStateName", "MedicalSupportEmployerName", "OfficeName", "OfficialName"),
    *("OrganizationKnownAsName", "OrganizationName", "OriginName", "PayeeName", "ReceivingCompanyName"),
    *("ReporterName", "ReportingAgentName", "SecondContactName", "SecondErrorFieldName", "StreetName", "UnionName"),
    "WithholdingStateName",
}
"""Names of places, offices, firms and those who act for them."""
NO_SURNAME = {
    *("FederalOffsetFirstName", "PersonGivenName", "PersonMiddleName", "PersonNameSuffixText"),
    *("ChildSponsorSurNameSuffix", "InstitutionNameControl", "NameControl", "PayeeLastNameControl"),
    *("MatchNameFlag", "NameChangeOfferedIndicator", "NameCorrectionCode", "NameMatchedCode", "NameReturnedCode"),
    "SecondNameReturnedIndicator",
}
"""Other parts of a person's name, its first four letters, and marks."""


def leaves(element):
    for child in element.children.values():
        yield from [child.name] if child.leaf else leaves(child)


def test_every_element_that_is_called_a_name_is_a_persons_or_is_not():
    catalog = schemas.load()
    form = Canonical(catalog).form
    names = {name for kind in catalog.kinds for name in leaves(form(kind).tree.root) if "Name" in name}
    assert names == PERSONS | NOT_A_PERSONS | NO_SURNAME
    assert not PERSONS & (NOT_A_PERSONS | NO_SURNAME)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("Zzyzxova", "ZZYZXOVA"),
        ("Zzýzxová", "zzyzxova"),
        ("Zzyz-Xova", "ZZYZ XOVA"),
        ("Zzyz-Xova", "ZZYZXOVA"),
        ("O'Zzyzx", "OZZYZX"),
        ("O\u2019Zzyzx", "O ZZYZX"),
        ("Zzyzx", "ZZYZX-OTHER"),
        ("Zzyzx-Other", "Other"),
        ("Mc Zzyzx", "JOHN Q MCZZYZX"),
        ("Zzyzx", "ZZYZX,JOHN"),
        ("Zzyzx", "ZZYZX JR"),
        ("Straße", "STRASSE"),
        ("Øzzyzx", "OZZYZX"),
    ],
)
def test_names_that_are_one_meet(own, other):
    assert meets(folded(own), folded(other))
    assert meets(folded(other), folded(own))


@pytest.mark.parametrize("other", ["Zzyzxova", "Zzyz", "Zzyzy", "", "-", "1234", "Other-Name"])
def test_names_that_are_not_do_not(other):
    assert not meets(folded("Zzyzx"), folded(other))


@given(st.text(st.characters(categories=["Lu", "Ll"]), min_size=1, max_size=20), st.sampled_from(["NFC", "NFD"]))
def test_a_name_meets_itself_however_it_is_written(name, form):
    for written in (name.casefold(), unicodedata.normalize(form, name), f"A {name} B"):
        assert not folded(name) or meets(folded(name), folded(written))


def test_an_account_without_a_surname_is_not_compared_and_one_with_it_only_with_names_of_persons():
    said = Content(
        Kind("new-hire"), {"Employer/EmployerName": "Zzyzxova Ltd", "Employee/PersonName/PersonSurName": "Xyz"}
    )
    family = Content(Kind("new-hire"), {"Participant[12]/PersonName[2]/PersonSurName": "ZZYZXOVA"})
    assert own_name([said, family], None) is OwnName.UNKNOWN
    assert own_name([said], "Zzyzxova") is OwnName.NO
    assert own_name([said, family], "Zzyzxova") is OwnName.YES


@pytest.mark.parametrize("text", ["", " ", "123", "x" * 81, "a\nb"])
def test_what_is_no_surname_is_none(text):
    assert not is_surname(text)


def test_a_surname_is_kept_sealed_for_its_account_alone():
    sealed = seal_surname(SEALER, "pat", "Zzyzxova")
    assert b"Zzyzxova" not in sealed
    assert open_surname(SEALER, "pat", sealed) == "Zzyzxova"
    assert open_surname(SEALER, "pat", None) is None
