"""Agencies get copies of what they subscribed to, and nothing about a protected person ever reaches one of them."""

from __future__ import annotations

import re

import pytest

from tests.journeys import samples
from tests.journeys.partner_files import https, partner
from tests.journeys.site import until, whole

AGENCIES = ("ohio-tanf", "ohio-medicaid", "ohio-vital-records")
HIDDEN, SEEN = "77 CANARY HIDEAWAY", "12 PLAIN STREET"
FIRST_CASE = samples.XML.split("</CaseTransfer>")[0].split("<CaseTransfer", 1)[1]


def case(number, *, function="ENF", reason="ERALL", case_type="A", street=SEEN, more=""):
    """A case transfer of Michigan to Ohio as one XML document."""
    text = "<CaseTransfer" + FIRST_CASE + "</CaseTransfer>"
    text = re.sub(r"(<TransactionSerialNumber>)\d+", rf"\g<1>{samples.serial(number).decode()}", text)
    text = text.replace("<Function>ENF</Function>", f"<Function>{function}</Function>")
    text = text.replace("<Reason>ERALL</Reason>", f"<Reason>{reason}</Reason>" if reason else "")
    text = text.replace("<CaseTypeCode>A</CaseTypeCode>", f"<CaseTypeCode>{case_type}</CaseTypeCode>")
    text = text.replace("12 Invented Street", street)
    return re.sub(r"(<ParticipantStatusCode>O</ParticipantStatusCode>)", rf"\g<1>{more}", text, count=1).encode()


@pytest.fixture
async def site(sqlite_url, tmp_path):
    """Ohio takes XML here: CSENet has no place for the mark that a participant is protected."""

    def changed(port):
        return {"ohio": partner("ohio", https(port, "ohio"), cases="xml")}

    async with whole(tmp_path, sqlite_url, changed=changed) as site:
        yield site


async def copies(site, number, body):
    """Which agencies get a copy of the record, once its addressee has it."""
    receipt = await site.api.accepted("michigan", "xml", body)
    record = receipt["records"][0]["id"]
    deliveries = (await site.api.get("operator", f"/v1/records/{record}"))["deliveries"]
    assert "ohio" in {one["partner"] for one in deliveries}
    wanted = {one["id"] for one in deliveries}
    await until(lambda: wanted <= {one.delivery for one in site.partners.arrivals}, "everybody has the record")
    serial = samples.serial(number)
    return {agency for agency in AGENCIES if serial in site.partners.bodies(agency)}


async def test_subscribers_get_the_cases_of_their_filter_only(site):
    plain = {"case_type": "T"}
    no_medical = b"<MedicalOrderedIndicator>N"
    tanf = case(1).replace(b"<MedicalOrderedIndicator>Y", no_medical)
    medical = case(2, **plain)
    paternity = case(3, function="PAT", reason="", **plain).replace(b"<MedicalOrderedIndicator>Y", no_medical)
    neither = case(4, **plain).replace(b"<MedicalOrderedIndicator>Y", no_medical)
    carrier = b"<InsuranceCarrierName>INVENTED HEALTH PLAN</InsuranceCarrierName></LocateInformation>"
    insured = case(8, **plain).replace(b"<MedicalOrderedIndicator>Y", no_medical)
    insured = insured.replace(b"</LocateInformation>", carrier)
    assert await copies(site, 1, tanf) == {"ohio-tanf"}
    assert await copies(site, 2, medical) == {"ohio-medicaid"}
    assert await copies(site, 3, paternity) == {"ohio-vital-records"}
    assert await copies(site, 4, neither) == set()
    assert await copies(site, 8, insured) == {"ohio-medicaid"}


PROTECTED = "<FamilyViolenceIndicator>Y</FamilyViolenceIndicator>"


async def test_a_protected_persons_record_reaches_the_state_and_no_agency(site):
    assert await copies(site, 5, case(5, street=HIDDEN, more=PROTECTED)) == set()
    assert HIDDEN.encode() in site.partners.bodies("ohio").upper()
    for agency in set(site.installed.tokens) - {"ohio", "operator", "michigan"}:
        assert HIDDEN.encode() not in site.partners.bodies(agency).upper(), agency


async def test_control_the_same_record_without_the_indicator_reaches_the_agencies(site):
    assert await copies(site, 6, case(6, street=HIDDEN)) == {"ohio-tanf", "ohio-medicaid"}
    assert HIDDEN.encode() in site.partners.bodies("ohio-tanf").upper(), "the search would have found it"


async def test_the_sender_is_told_that_a_subscriber_was_left_out(site):
    receipt = await site.api.accepted("michigan", "xml", case(7, more=PROTECTED))
    assert "DISCLOSURE-SUBSCRIBER" in [finding["code"] for finding in receipt["findings"]]
    assert receipt["counts"]["withheld"] == 0
