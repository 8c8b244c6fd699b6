"""The kind medical-support: its rules, and the elements that the page of the kind promises."""

import re
from datetime import date
from pathlib import Path

import pytest

import schemas
from gateway.core.disclosure import Withheld
from gateway.core.model import (
    AdapterName,
    Agreement,
    AgreementKey,
    AgreementMode,
    Content,
    Endpoint,
    FormatName,
    Kind,
    Partner,
    PartnerKey,
    Role,
)
from gateway.core.routing import Directory
from gateway.core.rules import BusinessRules
from gateway.tools import speech
from tests.unit.fixed_width_samples import COVER
from tests.unit.guarding import decide
from tests.unit.medical_rules import INFORMATION
from tests.unit.x12_samples import BODIES, contents, read
from transforms.schema_tree import merged, tree

CATALOG = schemas.load()
FORMATS = speech().formats
CANONICAL = speech().canonical
RULES = BusinessRules(CATALOG)
KIND = Kind("medical-support")
PAGE = (Path(__file__).parents[2] / "docs" / "medical-support.md").read_text(encoding="utf-8")


def judged(**changes: str | None) -> list[str]:
    """The rules that a record breaks; a change of None leaves the path out. ``__`` stands for a slash."""
    fields = {**INFORMATION.fields, **{path.replace("__", "/"): value for path, value in changes.items()}}
    content = Content(KIND, {path: value for path, value in fields.items() if value is not None})
    assert CANONICAL.validate(CANONICAL.write(content), 1) == ()
    found = RULES.judge(content, CANONICAL.facts(content), FormatName("xml"), 1, date(2026, 11, 1))
    return [one.rule for one in found]


def test_a_record_that_says_what_the_law_asks_for_breaks_no_rule():
    assert judged() == []


def test_a_referral_needs_a_custodial_party_or_a_child_only():
    nobody = dict.fromkeys(("AssistanceCaseID", "NoncustodialParent__PersonName__PersonSurName"))
    assert judged(TransactionTypeCode="REF", **nobody) == []


def test_every_element_that_the_page_names_exists():
    shape = tree(merged("medical-support.xsd", CATALOG.xsds), "MedicalSupport")
    table = PAGE[PAGE.index("## Elements") : PAGE.index("## Left out")]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    named = [path for line in rows for path in re.findall(r"`([A-Z][\w\[\]/]+)`", line)]
    assert len(named) > 20
    assert [path for path in named if not shape.knows(path)] == []


@pytest.mark.parametrize("target", ["xml", "json"])
def test_an_enrollment_goes_through_the_canonical_formats_and_back(target):
    made = contents("x12-834")
    body = FORMATS[FormatName(target)].encode(made, COVER).body
    reader = FORMATS[FormatName(target)].reader()
    frames = [*reader.feed(body), *reader.finish()]
    again = [FORMATS[FormatName(target)].decode(frame, reader.heading).content for frame in frames]
    assert again == made
    assert FORMATS[FormatName("x12-834")].encode(again, COVER).findings == ()


def agency(key: str, program: str, locator: str) -> Partner:
    return Partner(PartnerKey(key), key, Role.AGENCY, program, frozenset({locator}), Endpoint(AdapterName.MAILBOX))


def withheld(program: str, body: bytes) -> list[str | None]:
    """What the guard says of each member of an enrollment that Ohio sends to the agency that GS03 names."""
    ohio, other = agency("ohio", "IV-D", "39"), agency("other", program, "KS-MEDICAID")
    basis = "42 USC 1396a(a)(25)"
    agreement = Agreement(
        AgreementKey("a"),
        AgreementMode.DIRECT,
        frozenset({ohio.key}),
        other.key,
        frozenset({KIND}),
        basis,
        date(2026, 1, 1),
    )
    directory = Directory((ohio, other), (agreement,))
    facts = [CANONICAL.facts(one.content) for one in read("x12-834", body)[0]]
    routes = [directory.route(one, ohio.key, date(2026, 11, 1)).routes for one in facts]
    return [decide(one, route) for one, (route,) in zip(facts, routes, strict=True)]


def test_an_enrollment_reaches_the_medicaid_agency_and_no_other_program():
    assert withheld("XIX", BODIES["x12-834"]) == [None, None]
    for program in ("IV-A", "NDNH", "employer"):
        assert withheld(program, BODIES["x12-834"]) == [Withheld.PROGRAM] * 2


def test_a_member_to_whom_access_is_restricted_goes_to_child_support_agencies_only():
    body = BODIES["x12-834"].replace(b"A***FT~", b"A***FT*****R~")
    assert withheld("XIX", body) == [Withheld.NONDISCLOSURE, None]
    assert withheld("IV-D", body) == [None, None]


def test_an_ended_policy_becomes_nothing_that_it_is_not():
    ended = Content(KIND, {"TransactionTypeCode": "TP", "CoveredPerson[1]/ClientID": "1"})
    assert {one.rule for one in FORMATS[FormatName("mmis-ks-coverage")].encode([ended], COVER).findings} >= {
        "FILE-RECORD-UNKNOWN"
    }
