"""A record goes in in its sender's format and arrives in each partner's own."""

from __future__ import annotations

import csv
import io

import pytest

from gateway.core.size_class import SIZE_CLASS
from tests.journeys import samples
from tests.journeys.meaning import contents
from tests.journeys.partner_files import QUICK_RETRY, everybody, https, partner
from tests.journeys.site import until, whole

BATCHED = '\n[partner.batching.new-hire]\nmode = "count"\ncount = 500\nage = "300ms"\n' + QUICK_RETRY
DATA_RECORD = 801
FEDERAL = """
[[partner]]
key = "fpls"
name = "Synthetic locator service"
role = "directory"
program = "FPLS"
locators = ["FPLS"]
endpoint = { adapter = "mailbox" }

[[agreement]]
key = "locator-to-ohio"
senders = ["fpls"]
recipient = "ohio"
kinds = ["locate-answer"]
legal_basis = "42 USC 653(c)"
valid_from = 2025-01-01
plain = true

[[agreement]]
key = "locator-to-texas"
senders = ["fpls"]
recipient = "texas"
kinds = ["locate-answer"]
legal_basis = "42 USC 653(c)"
valid_from = 2025-01-01
plain = true
"""
BANK = """
[[partner]]
key = "bank"
name = "Synthetic bank"
role = "agency"
program = "bank"
locators = ["ACH"]
endpoint = { adapter = "mailbox" }

[[agreement]]
key = "payments-to-ohio"
senders = ["bank"]
recipient = "ohio"
kinds = ["withholding-payment"]
legal_basis = "42 USC 654b"
valid_from = 2025-01-01
plain = true

[[agreement]]
key = "payments-to-michigan"
senders = ["bank"]
recipient = "michigan"
kinds = ["withholding-payment"]
legal_basis = "42 USC 654b"
valid_from = 2025-01-01
plain = true
"""


@pytest.fixture
async def site(sqlite_url, tmp_path):
    def changed(port):
        return {
            "ohio": partner("ohio", https(port, "ohio"), BATCHED).replace(
                "[partner.formats]", '[partner.formats]\nwithholding-payment = "ach-ded"'
            ),
            "ndnh": partner("ndnh", https(port, "ndnh"), BATCHED),
            "fpls": FEDERAL,
            "bank": BANK,
            "ohio_vital_records": partner("ohio-vital-records", 'adapter = "mailbox"'),
        }

    async with whole(tmp_path, sqlite_url, changed=changed) as site:
        yield site


async def first(site, who):
    arrivals = await until(lambda: site.partners.to(who), f"{who} has a delivery")
    return arrivals[0].body


async def test_csenet_goes_on_as_csenet_with_local_and_other_swapped(site):
    sent = samples.csenet(1, samples.ENFORCEMENT)
    await site.api.accepted("ohio", "csenet", sent)
    got = await first(site, "michigan")
    assert (got[:7], got[7:14]) == (sent[7:14], sent[:7]), "Michigan is Local now, Ohio is Other"
    assert got[14:29] == sent[14:29]
    assert got[33:37] == sent[33:37]
    header = 127
    assert sent[header:].rstrip(b"\r") in got, "the blocks after the header are the same bytes"


async def test_csenet_goes_on_as_xml_and_as_json_and_says_the_same(site):
    texan, californian = (
        samples.csenet(number, samples.ENFORCEMENT, to) for number, to in ((2, "texas"), (3, "california"))
    )
    await site.api.accepted("ohio", "csenet", texan)
    await site.api.accepted("ohio", "csenet", californian)
    assert contents("xml", await first(site, "texas")) == contents("csenet", texan)
    assert contents("json", await first(site, "california")) == contents("csenet", californian)


async def test_xml_goes_on_as_csenet_unless_it_would_lose_the_mark_of_a_protected_person(site):
    receipt = await site.api.accepted("michigan", "xml", samples.XML.encode())
    assert receipt["counts"]["accepted"] == 3
    await until(lambda: len(site.partners.deliveries("ohio")) == 2, "Ohio has the two that can be written")
    assert {one.body[samples.SERIAL] for one in site.partners.to("ohio")} == {b"000000260001", b"000000260003"}

    async def dead():
        return [one for one in [await site.api.delivery(receipt, 2)] if one["state"] == "dead"]

    (letter,) = await until(dead, "the protected one needs a person")
    assert (letter["cause"], letter["fault"]) == ("FIX-MARK-LOST", "record")


async def test_what_did_not_fit_a_partners_format_goes_in_the_one_that_its_file_names_when_it_is_retried(
    sqlite_url, tmp_path
):
    async with whole(tmp_path, sqlite_url) as site:
        receipt = await site.api.accepted("michigan", "xml", samples.XML.encode())

        async def in_state(state):
            found = await site.api.delivery(receipt, 2)
            return found if found["state"] == state else None

        letter = await until(lambda: in_state("dead"), "the protected one needs a person")
        port = site.partners.port
        await site.installed.apply(everybody(port, ohio=partner("ohio", https(port, "ohio"), cases="xml")))
        await site.api.operate(f"/v1/deliveries/{letter['id']}/retry", reason="Ohio takes XML now")
        delivered = await until(lambda: in_state("delivered"), "it arrives")
        assert (letter["format"], delivered["format"]) == ("csenet", "xml")
        (got,) = [one for one in site.partners.to("ohio") if one.delivery == letter["id"]]
        assert b"<FamilyViolenceIndicator>Y</FamilyViolenceIndicator>" in got.body


async def test_an_employers_csv_arrives_at_its_state_as_w4(site):
    await site.api.accepted("acme", "newhire-csv-nc", samples.CSV)
    got = await first(site, "ohio")
    rows = list(csv.DictReader(io.StringIO(samples.CSV.decode())))
    hires = contents("w4", got)
    assert [one["Employee/PersonSSNIdentification"] for one in hires] == [row["SSN"] for row in rows]
    assert all(len(line) == DATA_RECORD for line in got.rstrip(b"\r\n").splitlines())


async def test_a_multistate_employers_hires_all_go_to_the_one_state_of_its_agreement(site):
    """Wherever they work: the hires of the file live and work in Ohio, and Texas was chosen."""
    hires = samples.CSV.replace(b"990000001", b"990000002")
    receipt = await site.api.accepted("globex", "newhire-csv-nc", hires)
    await until(lambda: len(site.partners.to("texas")) == receipt["counts"]["records"], "Texas has each of them")
    (got,) = contents("w4", await first(site, "texas"))
    assert got["Employer/EmployerAddress/AddressStateCode"] == "OH"
    assert not site.partners.to("ohio")


async def test_a_states_w4_arrives_at_the_national_directory_as_w4(site):
    receipt = await site.api.accepted("ohio", "w4", samples.W4)
    got = await first(site, "ndnh")
    assert got[:2] == b"H4"
    sent = samples.W4.splitlines()
    assert got.splitlines()[1 : 1 + receipt["counts"]["records"]] == sent[1 : 1 + receipt["counts"]["records"]]


async def test_a_federal_locate_answer_arrives_at_the_state_that_asked_as_csenet(site):
    (request,) = contents("csenet", samples.csenet(1, samples.LOCATE))
    await site.api.accepted("ohio", "csenet", samples.csenet(1, samples.LOCATE))
    lines = (samples.EXAMPLES / "fixed" / "fpls-answers.txt").read_bytes().splitlines(keepends=True)
    line = next(line for line in lines if line[60:63] == b"H99")
    ssn = request["NoncustodialParent/PersonSSNIdentification"].encode()
    case = request["Header/SenderCaseID"].ljust(15).encode()
    receipt = await site.api.accepted("fpls", "fpls-answers", line[:313] + ssn + line[322:337] + case + line[352:])
    got = await first(site, "ohio")
    assert (got[:7], got[33:37], got[75:80]) == (b"3904900", b"PLO1", b"LICEM")
    assert got[60:75] == b" " * 15
    assert got[45:60] == case, "Ohio's case is Local"

    async def lost():
        found = await site.api.delivery(receipt)
        return (await site.api.get("fpls", f"/v1/deliveries/{found['id']}"))["findings"]

    assert "AgencyCode" in [one["path"] for one in await until(lost, "what CSENet cannot say is told")]


async def test_a_federal_answer_about_somebody_in_danger_arrives_as_prohibited(site):
    lines = (samples.EXAMPLES / "fixed" / "fpls-answers.txt").read_bytes().splitlines(keepends=True)
    line = next(line for line in lines if line[60:63] == b"E05")
    marked = line[:18] + b"48" + line[20:912] + b"26" + line[914:]
    receipt = await site.api.accepted("fpls", "fpls-answers", marked)
    assert receipt["counts"]["withheld"] == 1
    got = await first(site, "texas")
    (said,) = contents("xml", got)
    assert (said["AgencyCode"], said["ResponseCode"]) == ("E05", "39")
    assert not [path for path in said if path.startswith(("TitleIIAnswer", "FamilyViolenceState"))]
    assert len(got) == SIZE_CLASS


async def test_payments_of_a_bank_file_go_to_the_state_that_each_addenda_record_names(site):
    """Ohio takes them as addenda records, Michigan as our own documents; one that names no state waits."""
    sent = samples.PAYMENTS.replace(b"*3904900*", b"*2604900*")
    receipt = await site.api.accepted("bank", "ach-ded", sent)
    assert [receipt["counts"][name] for name in ("accepted", "unroutable")] == [3, 1]
    michigan, ohio = contents("xml", await first(site, "michigan")), contents("ach-ded", await first(site, "ohio"))
    paid = {one["Payment/RemittanceID"]: one for one in contents("ach-ded", sent)}
    assert michigan == [paid["SYN000000101"]]
    assert ohio == [paid["SYN000000102"]]


async def test_a_registrars_births_arrive_as_parentage_at_the_states_program(site):
    births = (samples.EXAMPLES / "vital" / "ohio-births.ije").read_bytes()
    await site.api.accepted("ohio-vital-records", "ije-natality", births)
    arrived = await until(lambda: len(site.partners.to("ohio")) == 4 and site.partners.to("ohio"), "all births")
    got = [content for one in arrived for content in contents("xml", one.body)]
    key = "Certificate/CertificateNumber"
    sent = {one[key]: one for one in contents("ije-natality", births)}
    assert {one[key]: one for one in got} == sent


async def test_every_record_of_every_example_that_is_accepted_has_a_way(site):
    for name, sender, form in (
        ("ohio-to-michigan.csenet", "ohio", "csenet"),
        ("ohio-to-neighbours.csenet", "ohio", "csenet"),
        ("michigan-case-transfer.xml", "michigan", "xml"),
        ("tribe-locate-request.json", "tribe-90830", "json"),
    ):
        body = (samples.EXAMPLES / name).read_bytes()
        receipt = await site.api.accepted(sender, form, body)
        counts = receipt["counts"]
        assert counts["unroutable"] == counts["withheld"] == 0, name
