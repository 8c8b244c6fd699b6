"""A federal locate answer leaves as the CSENet answer to the question of the state that asked, or is seen to wait."""

import json
from pathlib import Path

import pytest

from gateway.core.errors import Transient
from gateway.core.model import FormatName, Kind, Page, PartnerKey, RecordState, Submission
from gateway.core.ports.records import RecordQuery
from gateway.work.reroute import Rerouter
from tests.unit.guarding import APPROVED
from tests.unit.work_site import MICHIGAN, OHIO, agreement, open_site, partner

EXAMPLES = Path(__file__).parents[2] / "examples"
FPLS = PartnerKey("fpls")
ANSWER, LOCATE = Kind("locate-answer"), Kind("locate")
CASE = "OH40000001"
SSN = b"900010001"
CSENET = FormatName("csenet")


def know(site, **formats):
    site.know(
        partner(FPLS, "FPLS", program="FPLS"),
        partner(
            OHIO,
            "39",
            formats={LOCATE: CSENET, **{Kind(k): FormatName(v) for k, v in formats.items()}},
            tax_approval=APPROVED,
        ),
        agreements=(
            agreement(OHIO, MICHIGAN, kinds=frozenset({LOCATE})),
            agreement(FPLS, OHIO, kinds=frozenset({ANSWER})),
        ),
    )


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        know(opened)
        yield opened


async def post(site, sender, format_, body):
    upload = site.desk().begin(site.directory.partners[sender], site.mint(), format_, "request")
    await upload.feed(body)
    submission = await upload.finish()
    assert isinstance(submission, Submission)
    assert submission.counts.refused == 0, await site.stores.submissions.findings(submission.id, None, Page())
    return submission


def request(case=CASE, ssn=SSN, action="R"):
    """Ohio asks Michigan where somebody is."""
    document = json.loads((EXAMPLES / "tribe-locate-request.json").read_text())
    header = document["Header"]
    header["SenderLocator"]["LocatorStateCode"], header["RecipientLocator"]["LocatorStateCode"] = "39", "26"
    header["SenderLocator"]["LocatorCountyCode"] = "049"
    header["SenderCaseID"], header["Action"] = case, action
    document["NoncustodialParent"]["PersonSSNIdentification"] = ssn.decode()
    return json.dumps(document).encode()


def answer(agency=b"H99", **texts):
    """The example's answer of an agency, with other bytes at 1-based positions (``at_338=b"..."``)."""
    lines = (EXAMPLES / "fixed" / "fpls-answers.txt").read_bytes().splitlines(keepends=True)
    line = next(line for line in lines if line[60:63] == agency)
    for place, text in {"at_338": CASE.ljust(15).encode(), "at_314": SSN, **texts}.items():
        start = int(place.removeprefix("at_")) - 1
        line = line[:start] + text + line[start + len(text) :]
    return line


async def handed_over(site):
    async with site.dispatching():
        await site.come_to_rest()
    return [parcel for parcel in site.door.taken if parcel.kind == ANSWER]


def contents(site, body):
    """What the partner reads, and what the rules say of it."""
    format_ = site.speech.formats[FormatName("csenet-out")]
    reader = format_.reader()
    frames = reader.feed(body) + reader.finish()
    found = []
    for frame in frames:
        content = format_.decode(frame, reader.heading).content
        facts = site.speech.canonical.facts(content)
        judged = site.speech.rules.judge(content, facts, FormatName("csenet-out"), frame.ordinal, site.now.date())
        assert [finding for finding in judged if finding.severity.blocks] == []
        found.append(content.fields)
    return found


async def findings_of_the_answer(site):
    (delivery,) = [one for one in site.told if one.kind == ANSWER]
    return await site.stores.desk.findings(delivery.id)


async def waiting(site):
    listing = await site.stores.records.search(RecordQuery(kind=ANSWER, state=RecordState.UNROUTABLE), Page())
    return [record.reason for record in listing.rows]


async def test_it_leaves_as_lo1_p_to_the_state_that_asked(site):
    know(site, locate="csenet-out")
    await post(site, OHIO, "json", request())
    await post(site, FPLS, "fpls-answers", answer(at_703=b"1"))
    (parcel,) = await handed_over(site)
    (fields,) = contents(site, parcel.body)
    header = {path.removeprefix("Header/"): value for path, value in fields.items() if path.startswith("Header/")}
    assert header == {
        "SenderLocator/LocatorStateCode": "26",
        "SenderLocator/LocatorCountyCode": "000",
        "SenderLocator/LocatorOfficeCode": "00",
        "RecipientLocator/LocatorStateCode": "39",
        "RecipientLocator/LocatorCountyCode": "049",
        "RecipientLocator/LocatorOfficeCode": "00",
        "TransactionSerialNumber": "900000100001",
        "Action": "P",
        "Function": "LO1",
        "Reason": "LICEM",
        "TransactionDate": "2026-03-05",
        "RecipientCaseID": CASE,
        "AttachmentsIndicator": "N",
    }
    employer = "LocateInformation/Employer/"
    found = {path.removeprefix(employer): value for path, value in fields.items() if path.startswith(employer)}
    assert found == {
        "EmployerFEINID": "990000001",
        "EmployerName": "ACME TOOLS",
        "EmployerAddress/AddressLine1Text": "7 LAKE STREET",
        "EmployerAddress/AddressCityName": "TOLEDO",
        "EmployerAddress/AddressStateCode": "OH",
        "EmployerAddress/AddressPostalCode": "43604",
        "EffectiveDate": "2025-02-11",
        "ConfirmedCode": "N",
    }
    assert fields["NoncustodialParent/PersonName/PersonSurName"] == "NOBODY", "the person as Ohio named it"


async def test_what_the_answer_says_and_csenet_cannot_is_a_notice_on_the_delivery(site):
    await post(site, OHIO, "json", request())
    await post(site, FPLS, "fpls-answers", answer(at_703=b"1"))
    await handed_over(site)
    assert [(one.rule, one.path) for one in await findings_of_the_answer(site)] == [
        ("BRIDGE-NOT-CARRIED", "AgencyCode")
    ]


async def test_the_address_of_the_person_is_told_as_found_and_not_confirmed(site):
    know(site, locate="csenet-out")
    await post(site, OHIO, "json", request())
    await post(site, FPLS, "fpls-answers", answer(at_703=b"2", at_367=b"20250115"))
    (parcel,) = await handed_over(site)
    (fields,) = contents(site, parcel.body)
    mailing = "LocateInformation/MailingAddress/"
    assert (fields["Header/Reason"], fields[f"{mailing}ConfirmedCode"]) == ("LICAD", "N")
    assert fields[f"{mailing}EffectiveDate"] == "2025-01-15"
    assert fields[f"{mailing}Address/AddressLine1Text"] == "7 LAKE STREET"


async def test_an_address_of_the_older_answers_leaves_in_its_parts_and_the_rest_is_a_notice(site):
    know(site, locate="csenet-out")
    await post(site, OHIO, "json", request())
    home = b"F" + b"9 RIVER RD\\DAYTON OH 454021234\\".ljust(234)
    await post(
        site, FPLS, "fpls-answers", answer(b"A01", at_367=b"20250115", at_375=b"  ", at_387=b" " * 45, at_432=home)
    )
    (parcel,) = await handed_over(site)
    (fields,) = contents(site, parcel.body)
    mailing = "LocateInformation/MailingAddress/"
    assert {path.removeprefix(mailing): value for path, value in fields.items() if path.startswith(mailing)} == {
        "Address/AddressLine1Text": "9 RIVER RD",
        "Address/AddressCityName": "DAYTON",
        "Address/AddressStateCode": "OH",
        "Address/AddressPostalCode": "45402",
        "Address/AddressPostalExtensionCode": "1234",
        "EffectiveDate": "2025-01-15",
        "ConfirmedCode": "N",
    }
    told = {one.path for one in await findings_of_the_answer(site)}
    assert "AgencyCode" in told
    assert "ReturnedAddressText" not in told


async def test_an_answer_whose_question_is_not_here_waits_and_leaves_when_it_has_come(site):
    await post(site, FPLS, "fpls-answers", answer())
    assert await waiting(site) == ["question-unknown"]
    await post(site, OHIO, "json", request())
    rerouter = Rerouter(
        site.stores.records,
        site.router,
        site.sealer,
        site.speech.canonical,
        lambda: site.directory,
        site.told.extend,
        site.questions,
    )
    await rerouter.step()
    assert await waiting(site) == []
    (parcel,) = await handed_over(site)
    assert CASE.encode() in parcel.body


async def test_it_is_never_the_answer_to_a_question_about_another_person_or_case_or_to_no_request(site):
    asked = (request(ssn=b"900019999"), request(case="OH49999999"), request(action="U"))
    for serial, one in enumerate(asked, 1):
        await post(site, OHIO, "json", one.replace(b"000000000001", f"{serial:012}".encode()))
    await post(site, FPLS, "fpls-answers", answer())
    assert await waiting(site) == ["question-unknown"]


async def test_a_state_that_takes_federal_answers_gets_them_as_they_are(site):
    know(site, **{"locate-answer": "fpls-answers"})
    await post(site, OHIO, "json", request())
    sent = answer()
    await post(site, FPLS, "fpls-answers", sent)
    (parcel,) = await handed_over(site)
    assert parcel.body == sent
    assert site.rows("SELECT * FROM answers") == []


async def test_family_violence_keeps_an_answer_back_whoever_asked(site):
    await post(site, OHIO, "json", request())
    submission = await post(site, FPLS, "fpls-answers", answer(b"E05", at_913=b"26"))
    assert submission.counts.withheld == 1
    assert await waiting(site) == []


async def test_answers_that_tell_nothing_or_for_which_lo1_p_has_no_words_wait(site):
    await post(site, OHIO, "json", request())
    for agency in (b"A01", b"E05", b"E06", b"E10"):
        place = {"at_323": b" " * 15} if agency.startswith(b"E") else {}
        await post(site, FPLS, "fpls-answers", answer(agency, **place))
    assert await waiting(site) == ["bridge-nothing-to-tell"] * 4


async def test_tax_data_do_not_cross_even_under_an_agreement_that_names_them(site):
    tax = {"federal_tax": frozenset({"Y"})}
    site.know(
        *site.directory.partners.values(), agreements=(agreement(FPLS, OHIO, kinds=frozenset({ANSWER}), filters=tax),)
    )
    await post(site, FPLS, "fpls-answers", answer(b"A01", at_61=b"C01", at_701=b" " * 100))
    assert await waiting(site) == ["bridge-nothing-to-tell"]


async def test_a_retry_has_the_same_bytes_though_another_answer_came_meanwhile(site):
    await post(site, OHIO, "json", request())
    await post(site, FPLS, "fpls-answers", answer())
    site.door.failure = lambda: Transient("The partner is away.", code="http-503", answer="503")
    async with site.dispatching():
        await site.come_to_rest()
        await post(site, FPLS, "fpls-answers", answer(at_712=b"20250301"))
        site.door.failure = None
        site.wait(seconds=30)
        await site.come_to_rest()
    sent = [parcel for parcel in site.door.begun if parcel.kind == ANSWER]
    assert len(sent) == 3
    by_delivery = {}
    for parcel in sent:
        by_delivery.setdefault(parcel.delivery, set()).add(parcel.body)
    assert sorted(map(len, by_delivery.values())) == [1, 1]
    assert len({body[17:29] for bodies in by_delivery.values() for body in bodies}) == 2, "each with its own serial"
