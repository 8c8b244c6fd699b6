"""What a state tells the federal case registry goes there as a file; the answers come back to the state that asked."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.core.model import Batching, BatchMode, FormatName, Kind, PartnerKey, Submission
from gateway.work.gather import Gatherer
from tests.unit.guarding import APPROVED
from tests.unit.verification_rules import CONFIRMED
from tests.unit.work_site import MICHIGAN, OHIO, agreement, open_site, partner

FIXED = Path(__file__).parents[2] / "examples" / "fixed"
FPLS = PartnerKey("fpls")
ENTRY, LOCATE_ANSWER, REGISTRY_ANSWER = Kind("registry-entry"), Kind("locate-answer"), Kind("registry-answer")
FEDERAL = frozenset({LOCATE_ANSWER, REGISTRY_ANSWER})
IN_ONE_FILE = Batching(BatchMode.COUNT, count=5, age=timedelta(seconds=1))


def known(site, *more):
    site.know(
        partner(
            FPLS,
            "FPLS",
            program="FPLS",
            formats={ENTRY: FormatName("fcr-input")},
            batching={ENTRY: IN_ONE_FILE},
        ),
        partner(
            OHIO,
            "39",
            formats={kind: FormatName("fpls-answers") for kind in FEDERAL},
            tax_approval=APPROVED,
            locate_attested_until=date(2026, 12, 31),
        ),
        agreements=(
            agreement(OHIO, FPLS, kinds=frozenset({ENTRY})),
            agreement(FPLS, OHIO, kinds=FEDERAL),
            agreement(FPLS, MICHIGAN, kinds=FEDERAL),
            *more,
        ),
    )


@pytest.fixture
async def site(sqlite_url, tmp_path):
    async with open_site(sqlite_url, tmp_path) as opened:
        known(opened)
        yield opened


async def posted(site, sender, format_, body):
    upload = site.desk().begin(site.directory.partners[sender], site.mint(), format_, "request")
    await upload.feed(body)
    found = await upload.finish()
    assert isinstance(found, Submission)
    return found


def answer(agency, position=0, text=b""):
    """The example's answer of an agency, with other bytes at a 0-based position."""
    lines = (FIXED / "fpls-answers.txt").read_bytes().splitlines(keepends=True)
    line = next(line for line in lines if line[60:63] == agency)
    return line[:position] + text + line[position + len(text) :]


async def test_a_registry_file_of_a_state_leaves_as_one_file_with_the_same_records(site):
    sent = (FIXED / "fcr-input.txt").read_bytes()
    submission = await posted(site, OHIO, "fcr-input", sent)
    assert (submission.counts.accepted, submission.counts.unroutable, submission.counts.withheld) == (5, 0, 0)
    gatherer = Gatherer(site.deliveries, lambda: site.directory, site.scribe, site.clock, site.mint)
    await gatherer.step()
    async with site.dispatching():
        await site.come_to_rest()
    (parcel,) = site.door.taken
    lines = parcel.body.splitlines()
    assert lines[1:-1] == sent.splitlines()[1:-1], "cases, persons and queries to the byte"
    assert (lines[0][:9], lines[-1][:10]) == (sent[:9], b"FZ00000007")


async def test_a_locate_answer_comes_to_the_state_that_it_names_as_it_was_sent(site):
    sent = answer(b"H99")
    submission = await posted(site, FPLS, "fpls-answers", sent)
    assert submission.counts.accepted == 1
    async with site.dispatching():
        await site.come_to_rest()
    (parcel,) = site.door.taken
    (delivery,) = site.told
    assert (delivery.partner, parcel.body) == (OHIO, sent)


async def test_a_locate_answer_under_family_violence_goes_to_nobody(site):
    submission = await posted(site, FPLS, "fpls-answers", answer(b"E05", 912, b"26"))
    assert submission.counts.withheld == 1
    assert site.told == []


async def test_an_answer_that_nothing_may_be_disclosed_reaches_the_state_that_asked(site):
    submission = await posted(site, FPLS, "fpls-answers", answer(b"E10", 374, b"39"))
    assert (submission.counts.accepted, submission.counts.withheld) == (1, 0)
    assert [delivery.partner for delivery in site.told] == [OHIO]


async def test_a_tax_answer_waits_until_an_agreement_names_federal_tax_data(site):
    taxed = answer(b"A01", 60, b"C01")
    taxed = taxed[:700] + b" " * 100 + taxed[800:]
    assert (await posted(site, FPLS, "fpls-answers", taxed)).counts.unroutable == 1
    known(
        site,
        agreement(FPLS, OHIO, key="registry-tax", kinds=FEDERAL, filters={"federal_tax": frozenset({"Y"})}),
    )
    assert (await posted(site, FPLS, "fpls-answers", taxed)).counts.unroutable == 0
    assert [delivery.agreement for delivery in site.told] == ["registry-tax"]


async def test_acknowledgements_that_name_no_state_come_to_the_one_that_sent_the_case(site):
    await posted(site, OHIO, "fcr-input", (FIXED / "fcr-input.txt").read_bytes())
    submission = await posted(site, FPLS, "fcr-output", (FIXED / "fcr-output.txt").read_bytes())
    assert (submission.counts.accepted, submission.counts.unroutable) == (3, 0)
    assert [delivery.partner for delivery in site.told] == [OHIO] * 2
    assert submission.counts.withheld == 1, "the match is about a person on whom Ohio's own file placed a notice"


async def test_an_acknowledgement_of_a_case_that_two_states_have_waits(site):
    sent = (FIXED / "fcr-input.txt").read_bytes()
    known(site, agreement(MICHIGAN, FPLS, kinds=frozenset({ENTRY})))
    await posted(site, OHIO, "fcr-input", sent)
    await posted(site, MICHIGAN, "fcr-input", sent.replace(b"FA39", b"FA26", 1))
    submission = await posted(site, FPLS, "fcr-output", (FIXED / "fcr-output.txt").read_bytes())
    assert submission.counts.unroutable == 2, "the case and the person; the match names its state"


MEDICAID, WAGE = PartnerKey("medicaid"), Kind("wage")


@pytest.mark.parametrize(
    ("changes", "ends"),
    [({}, (1, 0, 0)), ({"SecondSourceCode": "NDNH"}, (0, 0, 1)), ({"SenderLocatorID": "26"}, (0, 0, 1))],
    ids=["confirmed", "by a federal service", "in another's name"],
)
async def test_a_wage_of_the_directory_goes_to_medicaid_once_its_state_has_confirmed_it(site, changes, ends):
    known(site, agreement(OHIO, MEDICAID, kinds=frozenset({WAGE})))
    others = site.directory.partners.values()
    site.know(*others, partner(MEDICAID, "XIX-OH", program="XIX"), agreements=site.directory.agreements)
    fields = CONFIRMED.fields | {f"IndependentVerification/{name}": value for name, value in changes.items()}
    body = site.speech.canonical.write(replace(CONFIRMED, fields=fields))
    counts = (await posted(site, OHIO, "xml", body)).counts
    assert (counts.accepted, counts.withheld, counts.refused) == ends
    assert [delivery.partner for delivery in site.told] == [MEDICAID] * ends[0]
    if ends[0]:
        async with site.dispatching():
            await site.come_to_rest()
        assert len(site.door.taken) == 1, "the bearing that lies in the store says it as well"
