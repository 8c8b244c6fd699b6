"""The files of one state's agencies: places, what every record says without a place for it, routes, loss."""

from datetime import date
from functools import cache

import pytest

from gateway.core.disclosure import Withheld
from gateway.core.model import Content, FormatName, PartnerKey
from gateway.core.routing import Directory
from gateway.partner_files import read as read_partners
from gateway.partner_store import known
from gateway.tools import speech
from gateway.work.examine import owns
from tests.unit.agency_rules import records
from tests.unit.fixed_width_samples import COVER, EXAMPLES
from tests.unit.guarding import decide, to
from tests.unit.test_files_whole import CANONICAL, CATALOG, FORMATS, contents, read

KANSAS = sorted(name for name in CATALOG.files if name.startswith("ks-"))
WRITTEN = sorted(name for name in KANSAS if CATALOG.formats[name].writes)
PROFILE = EXAMPLES / "profiles" / "kansas.toml"
TODAY = date(2025, 4, 1)
SPOKEN = speech()


@cache
def profile() -> Directory:
    applied = read_partners({PROFILE.name: PROFILE.read_text("utf-8")}, Directory((), ()), known(SPOKEN))
    return Directory(applied.partners, applied.agreements)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_read_again_and_fits_its_schema(name):
    made = contents(name)
    encoded = FORMATS[name].encode(made, COVER)
    assert encoded.findings == ()
    decoded, told, _ = read(name, encoded.body)
    assert told == []
    given = CATALOG.files[name].given
    assert [dict(one.content.fields) for one in decoded] == [{**given, **content.fields} for content in made]
    for one in decoded:
        assert CANONICAL.validate(CANONICAL.write(one.content), 1) == ()


@pytest.mark.parametrize("name", KANSAS)
def test_every_format_of_one_state_says_that_it_is_its_practice_and_no_standard(name):
    info = CATALOG.formats[name]
    assert (info.confidence, info.state) == ("state production", "partial")
    assert info.missing.startswith("One state's practice, not a standard")


@pytest.mark.parametrize(
    ("name", "path", "start", "written"),
    [
        ("ks-newhire-query", "Case[10]/OfficeCode", 166, "0021"),
        ("ks-newhire-match", "Employer/EmployerFEINID", 358, "990000051"),
        ("ks-wage-answer", "Employment/ReportingQuarter", 37, "42024"),
        ("ks-wage-answer", "Employment/WageOrBenefitAmount", 50, "0812050"),
        ("ks-ui-intercept", "Intercept/MaximumPercent", 91, "050"),
        ("ks-offset-cases", "Offset/DebtAmount", 143, "0000000125000"),
        ("ks-offset-collections", "Collection/CollectionAmount", 16, "000014250"),
        ("ks-ui-withholding", "Collection/CollectionAmount", 81, "00004150"),
        ("ks-ui-claimants", "PersonSSNIdentification", 2, "900004711"),
        ("ks-vehicles", "Vehicle/Owner[5]/VestmentTypeText", 2726, "LIENHOLDER" + " " * 20),
        ("ks-licence-nonmatch", "StatusCode", 66, "X01"),
        ("ks-licence-locate", "Licence/ExpirationDate", 71, "2027-05-06"),
        ("ks-dividend-answer", "Claimant/BirthStateCode", 243, "KS"),
        ("ks-tanf-benefits", "Assistance/GrantAmount", 25, "0000310}"),
        ("ks-court-payments", "Collection/CollectionDate", 38, "20250227"),
        ("ks-court-payments", "Obligor/PersonName/PersonGivenName", 57, "OSCAR       "),
        ("ks-court-payments", "Adjustment/AdjustmentReasonCode", 43, "X1"),
        ("ks-payment-notices", "Distribution/AmountSignCode", 47, "-"),
        ("ks-return-totals", "ReturnTotals/ReturnAmount", 10, "00000042150"),
        ("ks-coverage-pairs", "CoveredPerson[1]/PersonBirthDate", 123, "20180601"),
        ("mmis-ks-alerts", "Alert/AlertDate", 22, "03042025"),
    ],
)
def test_a_field_stands_where_the_state_has_it(name, path, start, written):
    (found,) = [
        field
        for record in CATALOG.files[name].records
        for field in CATALOG.layouts[record.layout].fields
        if field.path == path
    ]
    assert (found.start, found.length) == (start, len(written))
    texts = (EXAMPLES / "fixed" / f"{name}.txt").read_text("ascii").splitlines()
    assert path.startswith("Case[10]") or written in {text[start - 1 : start - 1 + len(written)] for text in texts}


def test_money_that_was_taken_back_is_negative_and_counts_against_the_total():
    body = (EXAMPLES / "fixed" / "ks-tanf-benefits.txt").read_bytes()
    decoded, told, _ = read("ks-tanf-benefits", body)
    assert told == []
    assert [one.content.get("Assistance/GrantAmount") for one in decoded] == ["512.00", "-31.00"]
    assert decoded[0].content.get("Assistance/BenefitMonth") == "2025-02"
    assert read("ks-tanf-benefits", body.replace(b"0000310}", b"0000310{"))[1] == ["file:FILE-AMOUNT"]
    assert read("ks-tanf-benefits", body.replace(b"00000002", b"00000004"))[1] == ["file:FILE-COUNT"]


def test_amounts_to_intercept_are_added_up_in_the_trailer():
    body = (EXAMPLES / "fixed" / "ks-ui-intercept.txt").read_bytes()
    assert read("ks-ui-intercept", body)[1] == []
    assert read("ks-ui-intercept", body.replace(b"00031240", b"00031241"))[1] == ["file:FILE-AMOUNT"]
    assert read("ks-ui-intercept", body[body.index(b"\n") + 1 :])[1] == ["file:FILE-HEADER-MISSING"]


def test_the_adjustments_of_a_court_are_counted_in_its_totals():
    body = (EXAMPLES / "fixed" / "ks-court-payments.txt").read_bytes()
    decoded, told, _ = read("ks-court-payments", body)
    assert told == []
    assert [one.content.get("RecordTypeCode") for one in decoded] == ["1", "2", "A"]
    assert decoded[0].content.get("CourtSystemID") == decoded[1].content.get("CourtSystemID")
    lines = body.splitlines(keepends=True)
    assert read("ks-court-payments", b"".join([*lines[:3], lines[4]]))[1] == ["file:FILE-COUNT"]


def test_a_record_that_says_otherwise_than_all_of_the_format_is_not_written_in_it():
    (content,) = records("ks-licence-query")
    for path, value in (("RequestType", "Intercept"), ("RecipientLocatorID", "KS-LABOR")):
        other = Content(content.kind, {**content.fields, path: value})
        found = FORMATS[FormatName("ks-licence-query")].encode([other], COVER).findings
        assert [one.rule for one in found] == ["FILE-RECORD-UNKNOWN"]


def test_a_mark_of_family_violence_is_never_lost_in_a_file_without_a_place_for_it():
    (content,) = records("ks-wage-query")
    marked = Content(content.kind, {**content.fields, "FamilyViolenceIndicator": "Y"})
    found = FORMATS[FormatName("ks-wage-query")].encode([marked], COVER).findings
    assert [one.rule for one in found] == ["FIX-MARK-LOST"]
    assert decide(CANONICAL.facts(marked), to("labor")) is Withheld.FAMILY_VIOLENCE


def test_answers_about_a_person_go_to_the_child_support_agency_alone():
    facts = CANONICAL.facts(records("ks-licence-locate")[0])
    assert decide(facts, to("IV-D")) is None
    assert decide(facts, to("motor-vehicles")) is Withheld.PROGRAM


@pytest.mark.parametrize(
    ("example", "sender", "recipient"),
    [
        ("ks-newhire-query", "kansas", "kansas-labor-new-hire"),
        ("ks-wage-query", "kansas", "kansas-labor"),
        ("ks-ui-intercept", "kansas", "kansas-labor-benefits"),
        ("ks-licence-query", "kansas", "kansas-motor-vehicles"),
        ("ks-licence-action", "kansas", "kansas-licence-actions"),
        ("ks-newhire-match", "kansas-labor-new-hire", "kansas"),
        ("ks-wage-answer", "kansas-labor", "kansas"),
        ("ks-licence-locate", "kansas-motor-vehicles", "kansas"),
        ("ks-vehicles", "kansas-motor-vehicles", "kansas"),
        ("ks-offset-cases", "kansas", "kansas-setoff"),
        ("ks-offset-collections", "kansas-setoff", "kansas"),
        ("ks-ui-withholding", "kansas-labor-benefits", "kansas"),
        ("ks-ui-claimants", "kansas-labor-benefits", "kansas"),
        ("ks-licence-nonmatch", "kansas-motor-vehicles", "kansas"),
        ("ks-tanf-benefits", "kansas-assistance", "kansas"),
        ("ks-court-payments", "kansas-courts", "kansas"),
        ("ks-payment-notices", "kansas", "kansas-payment-centre"),
        ("ks-return-totals", "kansas-treasury", "kansas"),
        ("ks-coverage-pairs", "kansas", "kansas-coverage-match"),
        ("mmis-ks-orders", "kansas", "kansas-medicaid"),
        ("mmis-ks-availability", "kansas", "kansas-medicaid-availability"),
        ("mmis-ks-alerts", "kansas-medicaid", "kansas"),
        ("mmis-ks-carriers", "kansas-medicaid", "kansas"),
        ("mmis-ks-ended", "kansas-medicaid", "kansas"),
        ("mmis-ks-coverage", "kansas", "kansas-medicaid-coverage"),
    ],
)
def test_the_profile_takes_each_file_from_its_agency_to_the_one_that_it_is_for(example, sender, recipient):
    directory = profile()
    facts = CANONICAL.facts(records(example)[0])
    assert owns(directory.partners[PartnerKey(sender)], facts.sender)
    (route,) = directory.route(facts, PartnerKey(sender), TODAY).routes
    assert route.partner.key == recipient
    assert decide(facts, route) is None
    if sender == "kansas":
        assert route.partner.formats[facts.kind] == example


def test_what_an_agency_sends_in_json_leaves_as_the_file_of_the_other():
    (content,) = records("ks-ui-intercept")[:1]
    document = CANONICAL.write(content)
    body = FORMATS["ks-ui-intercept"].encode([CANONICAL.read(document)], COVER).body.decode()
    assert body.split("\n")[1] == (EXAMPLES / "fixed" / "ks-ui-intercept.txt").read_text().split("\n")[1]
